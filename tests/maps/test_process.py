"""The process itself: starts before its peers are there, says what it needs, ends in order."""

import asyncio
import json
import os
import signal
import sys
from pathlib import Path

import httpx

from services.runtime.auth import Role
from tests.serving import an_identity


def an_environment(folder: Path) -> dict[str, str]:
    token_file = folder / "maps.token"
    token_file.write_text(an_identity(folder).token(Role.COORDINATOR))
    (folder / "codes").touch(mode=0o600)
    return {
        **{name: value for name, value in os.environ.items() if not name.startswith("IHALA_")},
        "IHALA_MAPS_LISTEN_ADDRESS": "127.0.0.1:0",
        "IHALA_MAPS_TOKEN_FILE": str(token_file),
        "IHALA_MAPS_LOGIN_FILE": str(folder / "codes"),
        "IHALA_MAPS_DIRECTORY_ADDRESS": "127.0.0.1:1",
        "IHALA_MAPS_REFERRALS_ADDRESS": "127.0.0.1:1",
    }


async def start(environment: dict[str, str], *arguments: str) -> asyncio.subprocess.Process:
    pipe = asyncio.subprocess.PIPE
    return await asyncio.create_subprocess_exec(
        sys.executable, "-m", "services.maps", *arguments, env=environment, stdout=pipe, stderr=pipe
    )


async def test_it_serves_without_its_peers_and_ends_in_order(tmp_path: Path) -> None:
    environment = an_environment(tmp_path)
    process = await start(environment)
    assert process.stderr is not None
    async with asyncio.timeout(60):
        first_line = await process.stderr.readline()
        port = json.loads(first_line)["port"]
        code = (await (await start(environment, "code", "amina")).communicate())[0].decode().strip()
        async with httpx.AsyncClient(base_url=f"http://127.0.0.1:{port}", trust_env=False, timeout=30) as browser:
            health = await browser.get("/health")
            signed_in = await browser.post("/sign-in", data={"code": code})
            page = await browser.get("/?service=HEA")
        process.send_signal(signal.SIGTERM)
        stdout, stderr = await process.communicate()
    events = [json.loads(line) for line in (first_line, *stderr.splitlines())]

    assert (health.text, signed_in.status_code, page.status_code) == ("SERVING", 303, 503)
    assert (process.returncode, stdout) == (0, b"")
    assert [events[0]["event"], events[-1]["event"]] == ["service.started", "service.stopped"]
    assert not [each for each in events if "HEA" in str(each) or "amina" in str(each) or code in str(each)]


async def test_it_names_every_setting_that_is_missing(tmp_path: Path) -> None:
    environment = an_environment(tmp_path)
    for name in ("TOKEN_FILE", "LOGIN_FILE"):
        del environment[f"IHALA_MAPS_{name}"]
    environment["IHALA_MAPS_PUBLIC_URL"] = "maps.example"
    process = await start(environment)
    async with asyncio.timeout(60):
        _, stderr = await process.communicate()

    assert process.returncode == 78
    assert sorted(stderr.decode().splitlines()) == [
        "IHALA_MAPS_LOGIN_FILE must be set",
        "IHALA_MAPS_PUBLIC_URL must begin with http:// or https://",
        "IHALA_MAPS_TOKEN_FILE must be set",
    ]
