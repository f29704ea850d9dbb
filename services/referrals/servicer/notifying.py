"""What notify asks of referrals: whom to tell of a sender's events, and a person's task where nothing is heard."""

from collections.abc import AsyncIterator
from datetime import datetime
from typing import Any, Final

from services.errors import InvalidInput, NotFound
from services.referrals.clocks import LEAST_RUNG
from services.referrals.model import UNANSWERED, Cause, DueKind, Offer, Task, TaskKind, checked_id
from services.referrals.scene.scene import where_of
from services.referrals.scene.tasks import open_task
from services.referrals.servicer.desk import Desk, act_of
from services.referrals.store import events, offers, rosters, scenes, tasks
from services.referrals.wire import responses
from services.referrals.wire.tasks import urgency_from_wire
from services.runtime import feed
from services.runtime.auth import current_principal
from services.runtime.postgres import Connection

PAGE: Final = 100


class NotifyingMethods:
    """The methods of our own notify service."""

    def __init__(self, desk: Desk) -> None:
        self._desk = desk

    async def OpenDeadLetter(self, request: Any, context: Any) -> Any:
        now = self._desk.now()
        task_id = self._desk.house.new_id()
        if request.offer_id:
            async with self._desk.read() as connection:
                offer = await offers.find(connection, checked_id(request.offer_id, "offer_id"))
            if offer is None:
                raise NotFound("there is no such object")
            done = await self._desk.once(
                "task.open", request, offer.offer_id, lambda connection: self._of_offer(connection, offer, now)
            )
            async with self._desk.read() as connection:
                return responses.OpenDeadLetter(
                    task_id=await tasks.undelivered(connection, offer.offer_id), replayed=done is not None
                )
        task = Task(
            task_id=task_id,
            kind=TaskKind.DEAD_LETTER,
            cause=Cause.UNDELIVERED,
            client_id=checked_id(request.client_id, "client_id") if request.client_id else "",
            urgency=urgency_from_wire(request),
            due_time=now + LEAST_RUNG,
            owner=self._desk.house.duty_roster,
            create_time=now,
        )

        async def run(connection: Connection) -> None:
            for each in await rosters.assign(connection, self._desk.house, [task], now):
                await tasks.put(connection, each)

        done = await self._desk.once("task.open", request, task_id, run)
        return responses.OpenDeadLetter(task_id=done.subject_id if done else task_id, replayed=done is not None)

    async def _of_offer(self, connection: Connection, known: Offer, now: datetime) -> None:
        locked = await scenes.lock(connection, self._desk.house, [known.referral_id])
        offer = locked.scene.offers[known.offer_id]
        if offer.state in UNANSWERED:
            due_time = self._desk.house.clocks.due_time(
                DueKind.READ, offer.urgency, offer.create_time, now, where_of(offer)
            )
            open_task(
                locked.scene,
                TaskKind.DEAD_LETTER,
                Cause.UNDELIVERED,
                offer,
                max(due_time, now + LEAST_RUNG),
                act_of(current_principal(), now),
            )
        await locked.save(connection, now)

    async def WatchSenderEvents(self, request: Any, context: Any) -> AsyncIterator[Any]:
        client_id = checked_id(request.client_id, "client_id")
        if request.from_end and (request.epoch or request.after_revision):
            raise InvalidInput("from_end must not be given with epoch or after_revision")
        epoch, revision = request.epoch, request.after_revision
        is_first = True
        while True:
            ticket = self._desk.waker.ticket()
            async with self._desk.read(snapshot=True) as connection:
                at = await feed.state(connection, events.feed_of(client_id))
                if is_first and request.from_end:
                    epoch, revision = at.epoch, at.revision
                feed.check_cursor(at, epoch, revision)
                page = await events.after(connection, client_id, revision, PAGE)
            epoch, revision = at.epoch, page[-1].revision if page else revision
            if page or is_first:
                yield responses.WatchSenderEvents(
                    epoch=epoch,
                    events=[responses.SenderEvent(event_id=each.event_id, revision=each.revision) for each in page],
                    revision=revision,
                    caught_up=len(page) < PAGE,
                )
            is_first = False
            if len(page) < PAGE:
                await feed.news(ticket)
