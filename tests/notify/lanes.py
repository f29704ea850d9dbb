"""Endpoints as tests need them, and senders that do what a test says."""

import asyncio
from collections import Counter
from collections.abc import Callable
from datetime import datetime
from typing import Any

from services.notify.channels import SendFailed
from services.notify.endpoint import QuietHours
from services.notify.model import Attempt, Channel
from tests.notify.stores import NOON, Stores


async def an_endpoint(
    stores: Stores,
    endpoint_id: str,
    *,
    channel: Channel = Channel.WEBHOOK,
    receiver_id: str | None = "house-1",
    client_id: str | None = None,
    order_no: int = 0,
    quiet: QuietHours | None = None,
    state: str = "active",
) -> None:
    """Write an endpoint whose address nobody opens."""
    row: dict[str, Any] = {
        "endpoint_id": endpoint_id,
        "receiver_id": None if client_id else receiver_id,
        "client_id": client_id,
        "channel": channel,
        "state": state,
        "order_no": order_no,
        "quiet_start": quiet and quiet.start,
        "quiet_end": quiet and quiet.end,
        "quiet_time_zone": quiet and quiet.time_zone,
        "language": "en",
        "time_zone": "UTC",
        "sealed_address": b"sealed",
        "address_digest": endpoint_id.encode(),
        "needs_approval": False,
        "create_time": NOON,
        "create_client_id": "operator-1",
        "create_actor": "",
    }
    async with stores.pool.connection() as connection:
        await connection.execute(
            f"INSERT INTO endpoint ({', '.join(row)}) VALUES ({', '.join(f'%({name})s' for name in row)})".encode(),  # noqa: S608
            row,
        )


class Sent:
    """A channel that notes what goes out, as slowly or badly as it is told."""

    def __init__(self, now: Callable[[], datetime] = lambda: NOON) -> None:
        self._now = now
        self.attempts: list[Attempt] = []
        self.in_hand: Counter[str] = Counter()
        self.most_in_hand: Counter[str] = Counter()  #: at once, by endpoint
        self.holds: dict[str, asyncio.Event] = {}  #: endpoints that answer only then
        self.fails: dict[str, Exception] = {}
        self.confirms = True

    async def send(self, attempt: Attempt) -> bool:
        endpoint = attempt.endpoint_id
        self.in_hand[endpoint] += 1
        self.most_in_hand[endpoint] = max(self.most_in_hand[endpoint], self.in_hand[endpoint])
        try:
            self.attempts.append(attempt)
            if hold := self.holds.get(endpoint):
                await hold.wait()
            else:
                await asyncio.sleep(0)
            if fault := self.fails.get(endpoint):
                raise fault
        finally:
            self.in_hand[endpoint] -= 1
        return self.confirms


__all__ = ["SendFailed", "Sent", "an_endpoint"]
