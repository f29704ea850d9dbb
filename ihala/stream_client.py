"""
Hear a receiver's alerts over a gRPC stream, for as long as it takes.

The order is what makes nothing be lost: hear, keep on disk, say so. What was not said
comes again with the next stream; both sides beat, so that each notices the other's end.
"""

import asyncio
import logging
from collections.abc import AsyncIterator, Callable
from contextlib import aclosing
from datetime import UTC
from typing import Any, Final

from ihala.enum_wire import time_from_wire, word_of
from ihala.journal import Journal
from ihala.matching.v1 import matching_pb2 as match_pb
from ihala.notify.v1 import notify_pb2 as pb
from ihala.notify.v1 import notify_pb2_grpc as notify_grpc
from ihala.profile import Profile
from services.errors import IhalaError

BEAT_S: Final = 5.0  #: the server gives up who says nothing for 15 s
SILENCE_S: Final = 15.0  #: the server beats every 3 s
RECONNECT_DELAYS_S: Final = (0.1, 0.5, 1.0, 2.0, 5.0)

log = logging.getLogger(__name__)


class StreamFeed:
    """
    The stream of one receiver.

    Args:
        profile: Who it is and where notify is.

        receiver_id: For which desk it hears.

        journal: Where alerts are kept before their receipt.

        heard: Called once with each new alert's fields.
    """

    def __init__(
        self, profile: Profile, receiver_id: str, journal: Journal, heard: Callable[[dict[str, Any]], None]
    ) -> None:
        self._profile = profile
        self._receiver_id = receiver_id
        self._journal = journal
        self._heard = heard
        self._failures = 0
        self._open_receipts: set[str] = set()
        self._settled = asyncio.Event()
        self._settled.set()

    async def settle(self) -> None:
        """Wait until notify has the receipt of everything that was handed over."""
        await self._settled.wait()

    async def run(self) -> None:
        """Hear until cancelled: a server that is away, or refuses us for now, is tried again."""
        while True:
            try:
                await self._hear_while_connected()
            except (IhalaError, TimeoutError) as error:
                log.warning("alerts cannot be heard now: %s", type(error).__name__)
            await asyncio.sleep(RECONNECT_DELAYS_S[min(self._failures, len(RECONNECT_DELAYS_S) - 1)])
            self._failures += 1

    async def _hear_while_connected(self) -> None:
        receipts: asyncio.Queue[str] = asyncio.Queue()
        self._open_receipts.clear()  # what is not kept comes again
        async with self._profile.open_channel("notify") as channel:
            # what our channel gives, which is more than grpc's types know
            stream: Any = notify_grpc.NotifyServiceStub(channel).StreamAlerts(self._requests(receipts))
            await self._hear(stream, receipts)

    async def _hear(self, stream: Any, receipts: asyncio.Queue[str]) -> None:
        async with aclosing(stream) as responses:
            while True:
                async with asyncio.timeout(SILENCE_S):
                    response = await anext(responses, None)
                if response is None:  # the server stops, and says so in order
                    return
                self._failures = 0
                self._open_receipts.discard(response.kept_alert_id)
                if response.HasField("alert"):
                    alert = _fields(response.alert)
                    self._open_receipts.add(alert["alert_id"])
                    self._settled.clear()
                    if self._journal.keep(alert):
                        self._heard(alert)
                    receipts.put_nowait(alert["alert_id"])
                if not self._open_receipts:
                    self._settled.set()

    async def _requests(self, receipts: asyncio.Queue[str]) -> AsyncIterator[pb.StreamAlertsRequest]:
        yield pb.StreamAlertsRequest(receiver_id=self._receiver_id)
        while True:
            try:
                async with asyncio.timeout(BEAT_S):
                    alert_id = await receipts.get()
            except TimeoutError:
                yield pb.StreamAlertsRequest(beat=True)
            else:
                yield pb.StreamAlertsRequest(received_alert_id=alert_id)


def _fields(alert: pb.Alert) -> dict[str, Any]:
    due_time = time_from_wire(alert, "due_time")
    return {
        "alert_id": alert.alert_id,
        "offer_id": alert.offer_id,
        "offer_version": alert.offer_version,
        "offer_ids": list(alert.offer_ids),
        "urgency": word_of(match_pb.Urgency, "URGENCY", alert.urgency),
        "due_time": due_time.astimezone(UTC).isoformat() if due_time else None,
    }
