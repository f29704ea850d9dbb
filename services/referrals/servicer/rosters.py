"""Rosters: who is on duty when, who rests, and how often they were woken (R61)."""

from collections.abc import Awaitable, Callable
from dataclasses import replace
from datetime import timedelta
from typing import Any, Final

from services.errors import InvalidInput
from services.referrals.model import Roster, checked_id
from services.referrals.servicer.desk import Desk, require_version
from services.referrals.store import rosters, tasks
from services.referrals.wire import responses
from services.referrals.wire.basics import time_from_wire
from services.referrals.wire.rosters import roster_to_wire, shifts_from_wire
from services.runtime.auth import absent
from services.runtime.postgres import Connection

LONGEST_PAUSE: Final = timedelta(days=30)


class RosterMethods:
    """The methods on rosters."""

    def __init__(self, desk: Desk) -> None:
        self._desk = desk

    async def ListRosters(self, request: Any, context: Any) -> Any:
        now = self._desk.now()
        async with self._desk.read() as connection:
            known = {roster.roster_id: roster for roster in await rosters.every(connection)}
            nights = await rosters.nights(connection, now)
        for roster_id in self._always_there:
            known.setdefault(roster_id, Roster(roster_id=roster_id))
        return responses.ListRosters(
            rosters=[roster_to_wire(known[each], nights.get(each, 0), now) for each in sorted(known)]
        )

    async def UpdateRoster(self, request: Any, context: Any) -> Any:
        described = Roster(
            roster_id=request.roster.roster_id,
            shifts=shifts_from_wire(request.roster),
            stand_in=checked_id(request.roster.stand_in, "roster.stand_in") if request.roster.stand_in else "",
        )

        async def change(connection: Connection, known: Roster) -> Roster:
            require_version(known.version, request.expected_version)
            stand_in = described.stand_in
            if stand_in and stand_in not in self._always_there and not await rosters.find(connection, stand_in):
                raise InvalidInput("roster.stand_in must be a roster that is there")
            return replace(known, shifts=described.shifts, stand_in=described.stand_in)

        return await self._change(request, "update", described.roster_id, change, responses.UpdateRoster)

    async def PauseRoster(self, request: Any, context: Any) -> Any:
        roster_id = checked_id(request.roster_id, "roster_id")
        until, now = time_from_wire(request, "until_time"), self._desk.now()
        if until is not None and not now < until <= now + LONGEST_PAUSE:
            raise InvalidInput(f"until_time must be in the future, at most {LONGEST_PAUSE.days} days")

        async def change(connection: Connection, known: Roster) -> Roster:
            if known.version == 0 and roster_id not in self._always_there:
                raise absent()  # a name that was mistyped would rest, and its roster be woken
            return replace(known, paused_until_time=until)

        return await self._change(request, "pause", roster_id, change, responses.PauseRoster)

    @property
    def _always_there(self) -> frozenset[str]:
        """The two that own tasks are there from the start."""
        return frozenset({self._desk.house.duty_roster, self._desk.house.manager_roster})

    async def _change(
        self,
        request: Any,
        verb: str,
        roster_id: str,
        change: Callable[[Connection, Roster], Awaitable[Roster]],
        response: Callable[..., Any],
    ) -> Any:
        now, house = self._desk.now(), self._desk.house

        async def run(connection: Connection) -> None:
            found = await rosters.find(connection, roster_id, lock="FOR UPDATE")
            known = found or Roster(roster_id=roster_id, version=0)
            changed = await change(connection, known)
            await rosters.put(connection, replace(changed, version=known.version + 1))
            owner = await rosters.awake(connection, house, roster_id, now)
            if owner != roster_id:
                await tasks.hand_over(connection, roster_id, owner)

        done = await self._desk.once(f"roster.{verb}", request, roster_id, run)
        async with self._desk.read() as connection:
            present = await rosters.find(connection, roster_id) or Roster(roster_id=roster_id)
            nights = await rosters.nights(connection, now)
        return response(roster=roster_to_wire(present, nights.get(roster_id, 0), now), replayed=done is not None)
