"""The places that are held and booked, for matching: everything first, then what changes."""

import asyncio
from collections.abc import AsyncIterator, Mapping
from typing import Any, Final

from services.referrals.model import PlaceKey
from services.referrals.servicer.desk import Desk
from services.referrals.store import places
from services.referrals.wire import responses
from services.runtime import feed

BATCH: Final = 500
Taken = Mapping[PlaceKey, tuple[int, int]]


class PlaceMethods:
    """The method that tells what is taken."""

    def __init__(self, desk: Desk) -> None:
        self._desk = desk

    async def WatchTakenPlaces(self, request: Any, context: Any) -> AsyncIterator[Any]:
        told: Taken = {}
        is_first = True
        while True:
            ticket = self._desk.waker.ticket()
            async with self._desk.read() as connection:
                taken = await places.taken(connection)
            changed = _changes(told, taken)
            if changed or is_first:
                for message in _messages(changed, is_first=is_first):
                    yield message
            told, is_first = taken, False
            await _wait(ticket)


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


async def _wait(ticket: asyncio.Event) -> None:
    try:
        async with asyncio.timeout(feed.POLL_S):
            await ticket.wait()
    except TimeoutError:
        return
