"""The process itself: starts before the services behind are there, says what it needs, ends in order."""

import asyncio
import json
import os
import signal
import sys
from pathlib import Path

import httpx

ENVIRONMENT = {
    "IHALA_GATEWAY_LISTEN_ADDRESS": "127.0.0.1:0",
    "IHALA_GATEWAY_DIRECTORY_ADDRESS": "127.0.0.1:1",
    "IHALA_GATEWAY_MATCHING_ADDRESS": "127.0.0.1:1",
    "IHALA_GATEWAY_REFERRALS_ADDRESS": "127.0.0.1:1",
}


async def start(**changes: str | None) -> asyncio.subprocess.Process:
    outer = {name: value for name, value in os.environ.items() if not name.startswith("IHALA_")}
    environment = {name: value for name, value in {**outer, **ENVIRONMENT, **changes}.items() if value is not None}
    pipe = asyncio.subprocess.PIPE
    return await asyncio.create_subprocess_exec(
        sys.executable, "-m", "services.gateway", env=environment, stdout=pipe, stderr=pipe
    )


async def test_it_serves_without_its_peers_and_ends_in_order_with_nothing_said_in_its_log() -> None:
    process = await start()
    assert process.stderr is not None
    async with asyncio.timeout(60):
        first_line = await process.stderr.readline()
        url = f"http://127.0.0.1:{json.loads(first_line)['port']}"
        async with httpx.AsyncClient(base_url=url, trust_env=False, timeout=30) as http:
            health = await http.get("/health")
            headers = {"Authorization": "Bearer sesame", "Connect-Timeout-Ms": "500"}
            body = {"case_ref": "amina-1"}
            away = await http.post("/ihala.referrals.v1.ReferralsService/ListReferrals", json=body, headers=headers)
            described = await http.get("/openapi.json")
        process.send_signal(signal.SIGTERM)
        stdout, stderr = await process.communicate()
    events = [json.loads(line) for line in (first_line, *stderr.splitlines())]

    assert (health.text, away.status_code, described.json()["openapi"]) == ("SERVING", 503, "3.1.0")
    assert (process.returncode, stdout) == (0, b"")
    assert [events[0]["event"], events[-1]["event"]] == ["service.started", "service.stopped"]
    assert not [each for each in events if "amina" in str(each) or "sesame" in str(each)]


async def test_it_names_every_setting_that_is_missing_and_stays_on_this_machine_without_tls(tmp_path: Path) -> None:
    process = await start(IHALA_GATEWAY_MATCHING_ADDRESS=None, IHALA_GATEWAY_DIRECTORY_ADDRESS="somewhere")
    open_door = await start(IHALA_GATEWAY_LISTEN_ADDRESS="0.0.0.0:0")
    async with asyncio.timeout(60):
        _, stderr = await process.communicate()
        _, refusal = await open_door.communicate()

    assert (process.returncode, open_door.returncode) == (78, 78)
    assert sorted(stderr.decode().splitlines()) == [
        "IHALA_GATEWAY_DIRECTORY_ADDRESS must be HOST:PORT",
        "IHALA_GATEWAY_MATCHING_ADDRESS must be set",
    ]
    assert b"TLS_DIR must be set" in refusal
