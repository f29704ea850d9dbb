"""The places that are held and booked, and who has been silent, for matching: everything first, then what changes."""

from collections.abc import AsyncIterator, Mapping, Sequence
from datetime import datetime, timedelta
from typing import Any, Final

from services.referrals.model import PlaceKey
from services.referrals.model.silence import Silent
from services.referrals.servicer.desk import Desk
from services.referrals.store import places, silence
from services.referrals.wire import responses
from services.referrals.wire.silence import silence_to_wire
from services.runtime import feed

BATCH: Final = 500
GATHER_S: Final = 0.1  #: a match that knows of a place a little later is put right by the hold
SILENCE_EVERY: Final = timedelta(seconds=30)  #: it is about days
Taken = Mapping[PlaceKey, tuple[int, int]]


class PlaceMethods:
    """The method that tells what is taken."""

    def __init__(self, desk: Desk) -> None:
        self._desk = desk

    async def WatchTakenPlaces(self, request: Any, context: Any) -> AsyncIterator[Any]:
        told: Taken = {}
        silent: Sequence[Silent] | None = None
        looked_time: datetime | None = None
        is_first = True
        while True:
            ticket = self._desk.waker.ticket()
            now = self._desk.now()
            async with self._desk.read() as connection:
                taken = await places.taken(connection)
                is_due = looked_time is None or now - looked_time >= SILENCE_EVERY
                found = await silence.recent(connection, now) if is_due else silent
            changed = _changes(told, taken)
            messages = _messages(changed, is_first=is_first) if changed or is_first or found != silent else []
            if found is not None and found != silent:
                messages[-1].silent.CopyFrom(silence_to_wire(found))
            for message in messages:
                yield message
            told, is_first, silent = taken, False, found
            looked_time = now if is_due else looked_time
            await feed.news(ticket, GATHER_S)


def _changes(told: Taken, taken: Taken) -> list[tuple[PlaceKey, tuple[int, int]]]:
    return [
        (key, taken.get(key, (0, 0)))
        for key in sorted(told.keys() | taken.keys())
        if told.get(key, (0, 0)) != taken.get(key, (0, 0))
    ]


def _messages(changed: list[tuple[PlaceKey, tuple[int, int]]], *, is_first: bool) -> list[Any]:
    batches = [changed[start : start + BATCH] for start in range(0, len(changed), BATCH)] or [[]]
    return [
        responses.WatchTakenPlaces(
            places=[
                responses.TakenPlace(
                    pool_id=key.pool_id, population=key.population, held_count=held, booked_count=booked
                )
                for key, (held, booked) in batch
            ],
            caught_up=not is_first or number == len(batches),
        )
        for number, batch in enumerate(batches, start=1)
    ]
