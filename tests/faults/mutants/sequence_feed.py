"""Referrals that number their events as a sequence does: what comes later may be seen earlier."""

import itertools
from typing import Any

import psycopg
import uvloop

from services.referrals.__main__ import main
from services.referrals.settings import Settings
from services.referrals.store import events
from services.runtime import feed

SLOW_S = 1.5  #: above the time between two looks of a watcher
GIVEN = "SELECT %(given)s::bigint AS revision FROM pg_sleep(%(slow_s)s)"
take_in_order = feed.taking
numbers = itertools.count()


def taking(name: str, count: int) -> dict[str, Any]:
    parameters = take_in_order(name, count)
    with psycopg.connect(str(Settings().database_url), options="-c search_path=referrals") as other:
        row = other.execute(feed.TAKING, parameters).fetchone()
    slow_s = 0.0 if next(numbers) % 3 else SLOW_S
    return {**parameters, "given": row and row[0], "slow_s": slow_s}


feed.taking = taking
events._APPENDING = events._APPENDING.replace(feed.TAKING, GIVEN)  # type: ignore[misc]
uvloop.run(main())
