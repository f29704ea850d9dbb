"""What docs/http.md tells a system without gRPC to type, typed as it stands there."""

import json
import os
import re
import shutil
import subprocess

import pytest

from tests.house import ROOT, House

PAGE = ROOT / "docs" / "http.md"


def blocks(language: str) -> list[str]:
    return re.findall(rf"^```{language}\n(.*?)^```", PAGE.read_text(encoding="utf-8"), re.MULTILINE | re.DOTALL)


@pytest.fixture(autouse=True)
def _programs() -> None:
    missing = [name for name in ("curl", "jq") if shutil.which(name) is None]
    if missing:
        pytest.skip(f"needs {', '.join(missing)}")


def typed(house: House, script: str) -> "subprocess.CompletedProcess[str]":
    """Run commands where `make run` was started."""
    environment = {**os.environ, "IHALA_HTTP": f"http://{house.parts.address('gateway')}", "NO_PROXY": "*"}
    folder = house.folder.parent
    shell = ["sh", "-eu", "-c", script]
    return subprocess.run(shell, cwd=folder, env=environment, capture_output=True, text=True, timeout=60, check=False)


def test_a_case_goes_through_by_curl_as_the_page_tells(house: House) -> None:
    done = typed(house, "\n".join(blocks("sh")))
    created, replayed, rest = done.stdout.partition("\ntrue\n")

    assert (done.returncode, re.findall(r"curl: \((\d+)\)", done.stderr)) == (0, ["28", "22"]), done.stderr
    assert replayed, done.stdout
    assert json.loads(created)["offers"][0]["offer_id"]
    assert '["referral_created","http-case-1"]\n' in rest
    assert '["offer_requested","http-case-1"]\n' in rest
    assert len(house.json("referrals", "list", "--case-ref", "http-case-1")) == 1
    refusal = rest[rest.index('{"code') : rest.rindex("}") + 1]
    assert json.loads(refusal) == json.loads(blocks("json")[0])
    assert rest.endswith("curl ended with 22\n")
