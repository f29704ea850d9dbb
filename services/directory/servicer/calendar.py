"""Announcements over gRPC."""

from datetime import UTC, datetime
from typing import Any

from services.directory.servicer.commands import Directory
from services.directory.store.calendar import announce, list_entries, lock_entry, save_end
from services.directory.wire.calendar_wire import (
    CREATED,
    ENDED,
    announced,
    asked_entries,
    ended,
    ending,
    entries_page,
    entry_answer,
    entry_of,
)
from services.directory.wire.requests_wire import is_record_id, page_position, page_size_of
from services.runtime.auth import absent
from services.runtime.postgres import Connection, read


class CalendarMethods:
    """The methods about what is announced for a country or an area."""

    def __init__(self, directory: Directory) -> None:
        self._directory = directory

    async def CreateCalendarEntry(self, request: Any, context: Any) -> Any:
        value = announced(request)
        entry_id = self._directory.make_id()

        async def run(connection: Connection, actor: str, now: datetime) -> Any:
            return entry_answer(CREATED, await announce(connection, entry_id, value, actor=actor, now=now))

        return await self._directory.command("calendar_entry.create", request, CREATED, entry_id, run)

    async def EndCalendarEntry(self, request: Any, context: Any) -> Any:
        last_day = ending(request, self._directory.now().astimezone(UTC).date())
        entry_id = request.calendar_entry_id
        if not is_record_id(entry_id):
            raise absent()

        async def run(connection: Connection, actor: str, now: datetime) -> Any:
            stored = await lock_entry(connection, entry_id)
            known = entry_of(stored)
            if known.entry.last_day != last_day:
                stored = await save_end(connection, stored, ended(known, last_day), actor=actor, now=now)
            return entry_answer(ENDED, stored)

        return await self._directory.command("calendar_entry.end", request, ENDED, entry_id, run)

    async def ListCalendarEntries(self, request: Any, context: Any) -> Any:
        country_code, from_day = asked_entries(request, self._directory.now().astimezone(UTC).date())
        size = page_size_of(request)
        position = page_position(request, (str,))
        async with read(self._directory.pool) as connection:
            found = await list_entries(
                connection,
                country_code=country_code,
                from_day=from_day,
                after=position[0] if position else None,
                limit=size + 1,
            )
        return entries_page(request, found, size)
