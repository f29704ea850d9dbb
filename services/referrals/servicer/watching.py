"""The sender's feed: every event of its referrals in order, none skipped."""

import asyncio
from collections.abc import AsyncIterator
from typing import Any, Final

from services.referrals.servicer.desk import Desk
from services.referrals.store import events, referrals
from services.referrals.wire import responses
from services.referrals.wire.referrals import events_to_wire
from services.runtime import feed
from services.runtime.auth import current_principal

PAGE: Final = 100
HEARTBEAT_S: Final = 15.0


class WatchMethods:
    """The methods that follow a sender's feed, as a stream or by pages."""

    def __init__(self, desk: Desk) -> None:
        self._desk = desk

    async def ListReferralEvents(self, request: Any, context: Any) -> Any:
        message, _caught_up = await self._page(
            responses.ListReferralEvents, current_principal().client_id, request.epoch, request.after_revision
        )
        return message

    async def WatchReferrals(self, request: Any, context: Any) -> AsyncIterator[Any]:
        client_id = current_principal().client_id
        epoch, revision = request.epoch, request.after_revision
        loop = asyncio.get_running_loop()
        beat_s = loop.time()  # the first message comes at once, even without an event
        while True:
            ticket = self._desk.waker.ticket()
            message, caught_up = await self._page(responses.WatchReferrals, client_id, epoch, revision)
            if message.events or loop.time() >= beat_s:
                beat_s = loop.time() + HEARTBEAT_S
                yield message
            # kept from the first page on: a feed that is renewed meanwhile must be noticed
            epoch, revision = message.epoch, message.revision
            if caught_up:
                await feed.news(ticket)

    async def _page(self, response: Any, client_id: str, epoch: str, after_revision: int) -> tuple[Any, bool]:
        async with self._desk.read(snapshot=True) as connection:
            at = await feed.state(connection, events.feed_of(client_id))
            feed.check_cursor(at, epoch, after_revision)
            page = await events.after(connection, client_id, after_revision, PAGE)
            standing = await referrals.standing(connection, {event.referral_id for event in page})
        caught_up = len(page) < PAGE
        message = response(
            epoch=at.epoch,
            events=events_to_wire(page, standing),
            revision=page[-1].revision if page else after_revision,
            caught_up=caught_up,
        )
        return message, caught_up
