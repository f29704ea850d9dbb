"""How a process that serves pages listens, serves and stops."""

import asyncio
from typing import Any

import httpx
import pytest

from services.errors import FailedPrecondition
from services.runtime import web


async def test_a_request_in_hand_is_finished_before_the_stop() -> None:
    begun, go_on, stop = asyncio.Event(), asyncio.Event(), asyncio.Event()

    async def app(scope: Any, receive: Any, send: Any) -> None:
        begun.set()
        await go_on.wait()
        await send({"type": "http.response.start", "status": 200, "headers": []})
        await send({"type": "http.response.body", "body": b"done"})

    listener = web.listen("127.0.0.1:0")
    url = f"http://127.0.0.1:{listener.getsockname()[1]}"
    async with asyncio.timeout(20), httpx.AsyncClient(trust_env=False) as client:
        serving = asyncio.create_task(web.serve(app, listener, stop, grace_s=10))
        answer = asyncio.create_task(client.get(url))
        await begun.wait()
        stop.set()
        go_on.set()

        assert (await answer).text == "done"
        await serving
        with pytest.raises(httpx.ConnectError):
            await client.get(url)


def test_an_address_that_is_taken_is_said() -> None:
    with web.listen("localhost:0") as listener, pytest.raises(FailedPrecondition):
        web.listen(f"localhost:{listener.getsockname()[1]}")
