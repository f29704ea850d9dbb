"""Search for who takes people in at a time (R48): the database narrows by the rest, `services.hours` judges."""

from datetime import date, datetime, timedelta
from typing import Final

from services.directory.model import Found
from services.directory.search import Conditions
from services.directory.search.hours import is_open
from services.directory.store.calendar import entries_on
from services.directory.store.search import find
from services.directory.wire.nouns_wire import PROVIDER
from services.runtime.postgres import Connection

_DAYS_AROUND: Final = timedelta(days=3)  #: for every zone, and for nights that began before
_LEAST_STEP: Final = 200  #: rows that are judged at once


async def find_open(
    connection: Connection, conditions: Conditions, *, after: tuple[int, str] | None, limit: int, now: datetime
) -> list[Found]:
    """Find as `store.search.find` does, and keep who is open at the time asked for, if one is."""
    at = conditions.open_at_time
    if at is None:
        return await find(connection, conditions, after=after, limit=limit, now=now)
    entries = await entries_on(connection, max(at.date(), date.min + _DAYS_AROUND) - _DAYS_AROUND)
    step = max(limit, _LEAST_STEP)
    found: list[Found] = []
    while len(found) < limit:
        rows = await find(connection, conditions, after=after, limit=step, now=now)
        found += [row for row in rows if is_open(PROVIDER.value(row.stored), entries, at)]
        if len(rows) < step:
            break
        after = rows[-1].rank, rows[-1].stored.record_id
    return found[:limit]
