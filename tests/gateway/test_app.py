"""The gateway before real servicers: who calls travels, errors are statuses, streams are lines, limits hold."""

import asyncio
import json
from collections.abc import AsyncIterator
from pathlib import Path
from typing import Any

import pytest

from ihala.referrals.v1 import referrals_service_pb2 as ref_pb
from services.errors import (
    Conflict,
    Exhausted,
    FailedPrecondition,
    IhalaError,
    NotFound,
    Reason,
    Unavailable,
    Unimplemented,
)
from services.runtime.auth import Role
from tests.gateway.serving import FIND, REFER, WATCH, a_door, behind


def reason_of(answer: Any) -> str:
    reason: str = answer.json()["details"][0]["reason"]
    return reason


async def test_the_caller_the_worker_and_the_deadline_travel_with_the_call(tmp_path: Path) -> None:
    async with a_door(tmp_path, behind()) as door:
        answer = await door.post(FIND, '{"limit": 3}', **{"X-Ihala-Actor": "worker-118", "Connect-Timeout-Ms": "2500"})
        principal, request, remaining_s = door.behind.calls[0]

    assert (answer.status_code, answer.headers["content-type"]) == (200, "application/json")
    assert answer.json()["needs"] == []
    assert (principal.client_id, principal.actor, request.limit) == ("client-1", "worker-118", 3)
    assert remaining_s is not None
    assert 1.0 < remaining_s <= 2.6
    assert answer.headers["cache-control"] == "no-store"


async def test_the_gateway_adds_no_right_of_its_own(tmp_path: Path) -> None:
    async with a_door(tmp_path, behind()) as door:
        auditor = await door.http.post(FIND, content="{}", headers=door.headers(Role.AUDITOR))
        stranger = await door.post(FIND, Authorization="Bearer made-up")
        nobody = await door.http.post(FIND, json={})
        basic = await door.post(FIND, Authorization="Basic YTpi")
        actor = await door.post(FIND, **{"X-Ihala-Actor": "Amina of Harbour Street"})

    assert [(each.status_code, reason_of(each)) for each in (auditor, stranger, nobody, basic, actor)] == [
        (403, "ROLE_NOT_ALLOWED"),
        (401, "UNAUTHENTICATED"),
        (401, "UNAUTHENTICATED"),
        (401, "UNAUTHENTICATED"),
        (403, "ROLE_NOT_ALLOWED"),
    ]
    assert nobody.headers["www-authenticate"] == "Bearer"
    assert "Amina" not in actor.text
    assert door.behind.calls == []


@pytest.mark.parametrize(
    ("error", "status", "code"),
    [
        (
            FailedPrecondition("the match has turned", reason=Reason.MATCH_STALE, metadata={"constraint": "hours"}),
            400,
            9,
        ),
        (Conflict("the offer has moved on"), 409, 10),
        (NotFound("there is no such object"), 404, 5),
        (Exhausted("too many", retry_after_s=1.5), 429, 8),
        (Unimplemented("not yet"), 501, 12),
        (IhalaError("error 1f3e", metadata={"error_id": "1f3e"}), 500, 13),
    ],
)
async def test_an_error_is_a_status_with_its_reason(tmp_path: Path, error: IhalaError, status: int, code: int) -> None:
    async def fail(request: Any, context: Any) -> Any:
        raise error

    async with a_door(tmp_path, behind(answer=fail)) as door:
        answer = await door.post(REFER)
    said = answer.json()

    assert (answer.status_code, said["code"], reason_of(answer)) == (status, code, error.reason)
    assert said["details"][0].get("metadata", {}).get("constraint") == error.metadata.get("constraint")
    assert answer.headers.get("retry-after") == ("2" if error.retry_after_s else None)


async def test_a_command_that_could_not_be_delivered_is_repeated_only_by_its_request_id(tmp_path: Path) -> None:
    tries: list[str] = []

    async def fail_once(request: Any, context: Any) -> Any:
        tries.append(request.request_id)
        if len(tries) == 1:
            raise Unavailable("not yet")
        return ref_pb.CreateReferralResponse(referral_id="r-1")

    async with a_door(tmp_path, behind(answer=fail_once)) as door:
        answer = await door.post(REFER, '{"request_id": "a"}')
        tries.clear()
        without = await door.post(REFER, "{}")

    assert (answer.status_code, answer.json()["referral_id"]) == (200, "r-1")
    assert (without.status_code, tries) == (503, [""])


async def test_what_is_too_large_too_long_or_no_json_does_not_travel(tmp_path: Path) -> None:
    async with a_door(tmp_path, behind()) as door:
        large = await door.post(FIND, b'{"limit": ' + b" " * 1_048_576 + b"1}")
        wide = await door.post(REFER, json.dumps({"match_token": "t" * 300_000}))
        form = await door.post(FIND, "limit=1", **{"Content-Type": "application/x-www-form-urlencoded"})
        packed = await door.post(FIND, b"\x1f\x8b", **{"Content-Encoding": "gzip"})
        patient = await door.post(FIND, **{"Connect-Timeout-Ms": "30001"})
        unknown = await door.post(FIND, '{"colour": "red"}')

    assert [(each.status_code, reason_of(each)) for each in (large, wide, form, packed, patient, unknown)] == [
        (413, "TOO_LARGE"),
        (413, "TOO_LARGE"),
        (400, "MALFORMED"),
        (400, "MALFORMED"),
        (400, "DEADLINE_REQUIRED"),
        (400, "UNKNOWN_FIELD"),
    ]
    assert "red" not in unknown.text
    assert door.behind.calls == []


async def test_a_name_that_is_no_method_and_a_verb_that_is_no_post_are_told_apart(tmp_path: Path) -> None:
    async with a_door(tmp_path, behind()) as door:
        ours = await door.post("/ihala.referrals.v1.ReferralsService/WatchTakenPlaces")
        path = await door.post("/etc/passwd")
        verb = await door.http.get(FIND)
        preflight = await door.http.options(FIND, headers={"Origin": "https://elsewhere.example"})
        health = await door.http.get("/health")

    assert [each.status_code for each in (ours, path, verb, preflight, health)] == [404, 404, 405, 405, 200]
    assert reason_of(path) == "NOT_FOUND"
    assert verb.headers["allow"] == "POST"
    assert "access-control-allow-origin" not in preflight.headers


async def test_a_stream_is_a_line_for_each_message_and_ends_with_its_error(tmp_path: Path) -> None:
    async def two_then_fail() -> AsyncIterator[ref_pb.WatchReferralsResponse]:
        yield ref_pb.WatchReferralsResponse(epoch="e", revision=1)
        yield ref_pb.WatchReferralsResponse(epoch="e", revision=2, caught_up=True)
        raise FailedPrecondition("another epoch", reason=Reason.EPOCH_CHANGED)

    async with a_door(tmp_path, behind(watched=two_then_fail)) as door:
        answer = await door.post(WATCH)
    first, second, last = map(json.loads, answer.text.splitlines())

    assert (answer.status_code, answer.headers["content-type"]) == (200, "application/x-ndjson")
    assert [first["revision"], second["revision"], second["caught_up"]] == ["1", "2", True]
    assert last["error"]["details"][0]["reason"] == "EPOCH_CHANGED"


async def test_a_stream_that_is_refused_at_once_is_refused_by_its_status(tmp_path: Path) -> None:
    async def refuse() -> AsyncIterator[ref_pb.WatchReferralsResponse]:
        raise FailedPrecondition("another epoch", reason=Reason.EPOCH_CHANGED)
        yield

    async with a_door(tmp_path, behind(watched=refuse)) as door:
        answer = await door.post(WATCH)

    assert (answer.status_code, reason_of(answer)) == (400, "EPOCH_CHANGED")


async def test_a_caller_that_leaves_ends_the_stream_behind_and_gives_its_room_back(tmp_path: Path) -> None:
    ended = asyncio.Event()

    async def beats() -> AsyncIterator[ref_pb.WatchReferralsResponse]:
        try:
            while True:
                yield ref_pb.WatchReferralsResponse(caught_up=True)
                await asyncio.sleep(0.05)
        finally:
            ended.set()

    async with a_door(tmp_path, behind(watched=beats), max_concurrent_calls=1) as door, asyncio.timeout(20):
        async with door.http.stream("POST", WATCH, content="{}", headers=door.headers()) as stream:
            await anext(stream.aiter_lines())
            full = await door.post(WATCH)
        await ended.wait()
        async with door.http.stream("POST", WATCH, content="{}", headers=door.headers()) as again:
            first = await anext(again.aiter_lines())

    assert (full.status_code, full.headers["retry-after"]) == (429, "1")
    assert json.loads(first)["caught_up"]


async def test_a_stop_tells_streams_to_connect_again_and_finishes_calls(tmp_path: Path) -> None:
    async def one_then_wait() -> AsyncIterator[ref_pb.WatchReferralsResponse]:
        yield ref_pb.WatchReferralsResponse(revision=7)
        await asyncio.Event().wait()

    async with (
        asyncio.timeout(20),
        a_door(tmp_path, behind(watched=one_then_wait)) as door,
        door.http.stream("POST", WATCH, content="{}", headers=door.headers()) as stream,
    ):
        lines = stream.aiter_lines()
        await anext(lines)
        door.stop.set()
        last = json.loads(await anext(lines))

    assert last["error"]["details"][0]["reason"] == "UNREADY"


async def test_a_body_that_does_not_come_is_not_waited_for(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("services.gateway.app.TIMEOUT_S", 0.2)
    async with a_door(tmp_path, behind()) as door, asyncio.timeout(20):
        reader, writer = await asyncio.open_connection(door.http.base_url.host, door.http.base_url.port)
        lines = [f"{name}: {value}" for name, value in door.headers().items()]
        writer.write("\r\n".join([f"POST {FIND} HTTP/1.1", "Host: x", "Content-Length: 9", *lines, "", "{"]).encode())
        said = await reader.read(400)
        writer.close()

    assert b"504 Gateway Timeout" in said


async def test_what_breaks_behind_says_an_error_id_and_nothing_else(tmp_path: Path) -> None:
    async def broken(request: Any, context: Any) -> Any:
        raise RuntimeError("password=hunter2")

    async with a_door(tmp_path, behind(answer=broken)) as door:
        answer = await door.post(FIND)

    assert (answer.status_code, reason_of(answer)) == (500, "INTERNAL")
    assert answer.json()["message"] == f"error {answer.json()['details'][0]['metadata']['error_id']}"
    assert "hunter2" not in answer.text
