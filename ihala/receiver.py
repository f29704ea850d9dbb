"""
What a provider's own system imports: hear every alert once, read what it is about, and answer.

    async with Receiver.from_profile("house.toml") as receiver:
        async for alert in receiver:
            offer = await alert.read(by="night desk")
            await offer.accept(places=1) if fits(offer.need) else await offer.decline(NO_CAPACITY, population=GIRLS)

An alert says that there is something, and no more. It counts as delivered once
notify has kept the receipt; reading it is a person's act, and stops the clock. It
comes over NATS, or over a gRPC stream where the profile says `channel = "stream"`.
"""

import asyncio
import re
from collections.abc import AsyncGenerator, Sequence
from contextlib import AsyncExitStack, suppress
from dataclasses import dataclass, field
from datetime import datetime
from pathlib import Path
from types import TracebackType
from typing import Any, Final, Self

from ihala.alert_feed import AlertFeed
from ihala.desk_client import Desk
from ihala.journal import Journal
from ihala.open_offer import OpenOffer, RequestedNeed
from ihala.person import Urgency
from ihala.profile import Profile, ReceiverProfile, read_profile
from ihala.stream_client import StreamFeed
from services.errors import FailedPrecondition, InvalidInput, NotFound, Reason

__all__ = [
    "BOYS",
    "FAMILIES",
    "GIRLS",
    "MEN",
    "NO_CAPACITY",
    "STAFF_UNAVAILABLE",
    "WOMEN",
    "Alert",
    "OpenOffer",
    "Receiver",
    "RequestedNeed",
]

# codes that a desk needs every day; `ihala vocabulary decline_reason` and `population` list all
NO_CAPACITY: Final = "no_capacity"
STAFF_UNAVAILABLE: Final = "staff_unavailable"
WOMEN: Final = "women"
MEN: Final = "men"
GIRLS: Final = "girls"
BOYS: Final = "boys"
FAMILIES: Final = "families"

_NOT_OPAQUE: Final = re.compile(r"[^A-Za-z0-9_.@-]+")
_ACTOR_LENGTH: Final = 64
SETTLE_S: Final = 2.0  #: for receipts of alerts that were handed over, at the end
CANCEL_AGAIN_S: Final = 0.5


@dataclass(frozen=True, slots=True, kw_only=True)
class Alert:
    """There is something for the desk."""

    alert_id: str
    offer_id: str
    offer_version: int
    urgency: Urgency
    due_time: datetime | None  #: by when somebody must have read it
    offer_ids: tuple[str, ...] = ()  #: of a plan that asks the house for several services: all of them
    _receiver: "Receiver" = field(repr=False, compare=False)

    async def read(self, *, by: str) -> OpenOffer:
        """
        Read the offer: somebody pressed the button. Tells the sender, and stops the clock.

        Args:
            by: Who reads, in any words; it stands in the audit log.

        Raises:
            NotFound: The offer is gone, as after a restore of the server. No later start hands the alert over again.
        """
        [offer] = await self._read([self.offer_id], by)
        return offer

    async def read_all(self, *, by: str) -> list[OpenOffer]:
        """Read every offer that the alert tells of, as `read` does: one, but for a plan's part of several services."""
        return await self._read(self.offer_ids or (self.offer_id,), by)

    def finish(self) -> None:
        """
        Say that the alert needs no further care here, so that no later start hands it over again.

        Reading it does so, and so does asking for the next one.
        """
        self._receiver.finish(self.alert_id)

    async def _read(self, offer_ids: Sequence[str], by: str) -> list[OpenOffer]:
        try:
            offers = [await self._receiver.read(each, by=by) for each in offer_ids]
        except NotFound:
            self.finish()  # else software that ends at an error would meet it at each start
            raise NotFound(
                "the offer is gone: it is not known any more; ring who sent it, should anybody come"
            ) from None
        self.finish()
        return offers


class Receiver:
    """
    A provider's receiver; an asynchronous context manager, and an iterator over alerts that never ends.

    Args:
        profile: With its table `receiver`.

    Raises:
        InvalidInput: the profile has no such table.
    """

    def __init__(self, profile: Profile) -> None:
        if profile.receiver is None:
            raise InvalidInput("receiver must be a table of the profile")
        self._profile = profile
        self._own: ReceiverProfile = profile.receiver
        self._desks: dict[str, Desk] = {}
        self._open = AsyncExitStack()
        self._alerts: asyncio.Queue[dict[str, Any]] = asyncio.Queue()

    @classmethod
    def from_profile(cls, path: str | Path) -> Self:
        """
        Make a receiver from a profile file.

        Raises:
            NotFound, InvalidInput: as `read_profile`.
        """
        return cls(read_profile(Path(path)))

    async def __aenter__(self) -> Self:
        self._journal = self._open.enter_context(Journal(self._own.journal_file))
        for alert in self._journal.unfinished():  # heard before a crash, and not dealt with
            self._alerts.put_nowait(dict(alert))
        feed = self._new_feed()
        self._settle = feed.settle
        self._feed = asyncio.create_task(feed.run(), name="alerts")
        return self

    async def __aexit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        if kind is None and not self._feed.done():
            # an alert that was handed over would come again, and go by other ways meanwhile
            with suppress(TimeoutError):
                async with asyncio.timeout(SETTLE_S):
                    await self._settle()
        while not self._feed.done():  # Python 3.11's wait_for, of which nats-py is made, may swallow a cancellation
            self._feed.cancel()
            await asyncio.wait([self._feed], timeout=CANCEL_AGAIN_S)
        await self._open.aclose()

    async def __aiter__(self) -> AsyncGenerator[Alert, None]:
        while True:
            alert = await self._next()
            yield Alert(
                alert_id=alert["alert_id"],
                offer_id=alert["offer_id"],
                offer_version=alert["offer_version"],
                urgency=Urgency(alert["urgency"]),
                due_time=datetime.fromisoformat(alert["due_time"]) if alert["due_time"] else None,
                offer_ids=tuple(alert.get("offer_ids", ())),
                _receiver=self,
            )
            # the caller came back for the next one: only now is this one surely dealt with
            self.finish(alert["alert_id"])

    async def read(self, offer_id: str, *, by: str) -> OpenOffer:
        """Read an offer as a person at the desk; see `Alert.read`."""
        desk = await self._desk(by)
        try:
            await desk.acknowledge(offer_id)
        except FailedPrecondition as error:
            if error.reason is not Reason.ILLEGAL_MOVE:
                raise
            # recalled, or answered already: it is read as it stands
        return OpenOffer(desk, await desk.read(offer_id))

    def finish(self, alert_id: str) -> None:
        """Say that an alert needs no further care here; see `Alert.finish`."""
        self._journal.finish(alert_id)

    def _new_feed(self) -> AlertFeed | StreamFeed:
        heard = self._alerts.put_nowait
        if self._own.channel == "stream":
            return StreamFeed(self._profile, self._own.receiver_id, self._journal, heard)
        return AlertFeed(self._own, self._profile.tls_dir, self._journal, heard)

    async def _next(self) -> dict[str, Any]:
        getting = asyncio.ensure_future(self._alerts.get())
        try:
            await asyncio.wait([getting, self._feed], return_when=asyncio.FIRST_COMPLETED)
            if not getting.done():
                self._feed.result()  # it never ends by itself: this raises what ended it
            return getting.result()
        finally:
            getting.cancel()

    async def _desk(self, by: str) -> Desk:
        actor = _NOT_OPAQUE.sub("-", by).strip("-")[:_ACTOR_LENGTH]
        if not actor:
            raise InvalidInput("by must have a letter or digit")
        if actor not in self._desks:
            self._desks[actor] = await self._open.enter_async_context(Desk(self._profile, actor=actor))
        return self._desks[actor]
