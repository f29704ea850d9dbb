"""Whoever does not come to the point is let go, and keeps nobody else out (F23)."""

import asyncio
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from dataclasses import dataclass
from typing import Any

import pytest

from services.runtime import web
from services.runtime.connections import impatient

WITHIN_S = 10.0
HEAD = b"POST / HTTP/1.1\r\nHost: a\r\nContent-Length: 4\r\n\r\n"


@dataclass
class Connected:
    reader: asyncio.StreamReader
    writer: asyncio.StreamWriter

    async def say(self, words: bytes) -> None:
        self.writer.write(words)
        await self.writer.drain()

    async def answer(self) -> bytes:
        """Read the body of the next answer."""
        async with asyncio.timeout(WITHIN_S):
            await self.reader.readuntil(b"\r\n\r\n")
            return await self.reader.readexactly(4)

    async def is_let_go(self) -> bool:
        """Wait until the server has ended it without a word."""
        async with asyncio.timeout(WITHIN_S):
            try:
                return await self.reader.read(1) == b""
            except ConnectionResetError:
                return True


@dataclass
class Door:
    port: int
    open: list[Connected]

    async def connect(self, words: bytes = b"") -> Connected:
        connected = Connected(*await asyncio.open_connection("127.0.0.1", self.port))
        self.open.append(connected)
        await connected.say(words)
        return connected


async def echo(scope: Any, receive: Any, send: Any) -> None:
    """Answer with the body, of four bytes."""
    body, more = b"", True
    while more:
        message = await receive()
        if message["type"] == "http.disconnect":
            return
        body, more = body + message.get("body", b""), message.get("more_body", False)
    headers = [(b"content-length", b"4")]
    await send({"type": "http.response.start", "status": 200, "headers": headers})
    await send({"type": "http.response.body", "body": body})


@asynccontextmanager
async def a_door(app: Any = None, **patience: Any) -> AsyncIterator[Door]:
    stop, listener = asyncio.Event(), web.listen("127.0.0.1:0")
    door = Door(listener.getsockname()[1], [])
    serving = asyncio.create_task(web.serve(app or echo, listener, stop, grace_s=1, connections=impatient(**patience)))
    try:
        yield door
    finally:
        for each in door.open:
            each.writer.close()
        stop.set()
        await serving


async def test_who_says_nothing_or_half_a_head_is_let_go() -> None:
    async with a_door(head_s=0.1) as door:
        silent, slow = await door.connect(), await door.connect(b"POST / HT")

        assert await silent.is_let_go()
        assert await slow.is_let_go()


async def test_who_says_half_a_body_is_let_go() -> None:
    async with a_door(body_s=0.1) as door:
        slow = await door.connect(HEAD + b"ab")

        assert await slow.is_let_go()


async def test_who_stays_for_another_request_has_the_time_anew() -> None:
    async with a_door(head_s=0.4) as door:
        patient = await door.connect()
        for _ in range(3):
            await asyncio.sleep(0.2)  # the slowness itself
            await patient.say(HEAD + b"abcd")

            assert await patient.answer() == b"abcd"

        assert await patient.is_let_go()


async def test_of_too_many_that_wait_the_newest_are_kept_and_are_answered() -> None:
    async with a_door(most=3) as door:
        waiting = [await door.connect() for _ in range(5)]

        assert [await each.is_let_go() for each in waiting[:2]] == [True, True]
        for each in waiting[2:]:
            await each.say(HEAD + b"abcd")
            assert await each.answer() == b"abcd"


@pytest.mark.parametrize("is_at_once", [False, True])
async def test_what_turns_out_to_be_no_http_is_refused_and_is_no_failure_of_ours(
    is_at_once: bool,  # noqa: FBT001 -- pytest's
    caplog: pytest.LogCaptureFixture,
) -> None:
    """By itself uvicorn lets the application answer once more, or answers twice, and fails over it."""
    ended = asyncio.Event()

    async def app(scope: Any, receive: Any, send: Any) -> None:
        await send({"type": "http.response.start", "status": 200, "headers": [(b"content-length", b"4")]})
        await send({"type": "http.response.body", "body": b"done"})
        while (await receive())["type"] != "http.disconnect":
            pass
        ended.set()

    head, no_number = b"POST / HTTP/1.1\r\nHost: a\r\nTransfer-Encoding: chunked\r\n\r\n", b"no number\r\n"
    async with asyncio.timeout(WITHIN_S), a_door(app) as door:
        sender = await door.connect(head + no_number if is_at_once else head)
        if not is_at_once:
            assert await sender.answer() == b"done"
            await sender.say(no_number)
        said = await sender.reader.read()
        await ended.wait()

    assert said.startswith(b"HTTP/1.1 400 " if is_at_once else b"")
    assert [each for each in caplog.records if each.levelname == "ERROR"] == []


async def test_a_request_that_is_whole_waits_no_more_however_long_its_answer_takes() -> None:
    go_on = asyncio.Event()

    async def slow(scope: Any, receive: Any, send: Any) -> None:
        await go_on.wait()
        await echo(scope, receive, send)

    async with a_door(slow, most=1, head_s=0.1) as door:
        asked = await door.connect(HEAD + b"abcd")
        silent = [await door.connect() for _ in range(3)]
        assert all([await each.is_let_go() for each in silent])

        go_on.set()

        assert await asked.answer() == b"abcd"
