"""Search for who takes people in at a time (R48): the database narrows by the rest, `services.hours` judges."""

from datetime import date, datetime, timedelta
from typing import Final

from services.directory.model import Stored
from services.directory.search import Conditions
from services.directory.search.hours import is_open
from services.directory.store.calendar import entries_on
from services.directory.store.search import find
from services.directory.wire.nouns_wire import PROVIDER
from services.runtime.postgres import Connection

_DAYS_AROUND: Final = timedelta(days=3)  #: for every zone, and for nights that began before
_LEAST_STEP: Final = 200  #: rows that are judged at once

Found = list[tuple[Stored, int | None]]


async def find_open(
    connection: Connection, conditions: Conditions, *, after: tuple[int, str] | None, limit: int, now: datetime
) -> Found:
    """Find as `store.search.find` does, and keep who is open at the time asked for, if one is."""
    at = conditions.open_at_time
    if at is None:
        return await find(connection, conditions, after=after, limit=limit, now=now)
    entries = await entries_on(connection, max(at.date(), date.min + _DAYS_AROUND) - _DAYS_AROUND)
    step = max(limit, _LEAST_STEP)
    found: Found = []
    while len(found) < limit:
        rows = await find(connection, conditions, after=after, limit=step, now=now)
        found += [row for row in rows if is_open(PROVIDER.value(row[0]), entries, at)]
        if len(rows) < step:
            break
        last, cost_mm = rows[-1]
        after = cost_mm or 0, last.record_id
    return found[:limit]
