"""Hear what becomes of a sender's referrals, whatever happens to the connection."""

import asyncio
from collections.abc import AsyncGenerator
from contextlib import aclosing
from typing import Any

from ihala.referral import Cursor, Event
from ihala.referral_wire import event_from_wire
from ihala.referrals.v1 import referrals_service_pb2 as pb
from services.errors import FailedPrecondition, Reason, Unavailable

SILENCE_S = 45.0  #: a stream that brings no heartbeat for so long is dead; the server beats every 15 s
RECONNECT_DELAYS_S = (0.1, 0.5, 1.0, 2.0, 5.0)


async def watch(stub: Any, cursor: Cursor) -> AsyncGenerator[Event]:
    """
    Yield every event after a cursor, in order and none skipped; never ends by itself.

    Args:
        stub: The referrals service.

        cursor: That of the last event that was applied; `Cursor()` is the start.
    """
    failures = 0
    while True:
        try:
            async with aclosing(_responses(stub, cursor)) as responses:
                async for response in responses:
                    failures = 0
                    for event in response.events:
                        yield event_from_wire(event, response.epoch)
                    cursor = Cursor(response.epoch, response.revision)
        except FailedPrecondition as error:
            if error.reason is not Reason.EPOCH_CHANGED:
                raise
            cursor = Cursor()
        except (Unavailable, TimeoutError):
            pass
        # a stream that ends by itself was a server's that stops
        await asyncio.sleep(RECONNECT_DELAYS_S[min(failures, len(RECONNECT_DELAYS_S) - 1)])
        failures += 1


async def _responses(stub: Any, cursor: Cursor) -> AsyncGenerator[Any]:
    """Yield what one stream brings until it ends or falls silent."""
    request = pb.WatchReferralsRequest(epoch=cursor.epoch, after_revision=cursor.revision)
    async with aclosing(stub.WatchReferrals(request)) as stream:
        while True:
            async with asyncio.timeout(SILENCE_S):
                response = await anext(stream, None)
            if response is None:
                return
            yield response
