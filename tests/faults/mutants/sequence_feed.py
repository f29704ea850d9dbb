"""Referrals that number their events as a sequence does: what comes later may be seen earlier."""

import asyncio
import itertools

import uvloop

from services.referrals.__main__ import main
from services.referrals.settings import Settings
from services.runtime import feed
from services.runtime.postgres import Connection

SLOW_S = 1.5  #: above the time between two looks of a watcher
take_in_order = feed.take
numbers = itertools.count()


async def take(connection: Connection, name: str, count: int = 1) -> range:
    options = "-c search_path=referrals"
    async with await Connection.connect(str(Settings().database_url), options=options) as other:
        taken = await take_in_order(other, name, count)
    if next(numbers) % 3 == 0:
        await asyncio.sleep(SLOW_S)
    return taken


feed.take = take
uvloop.run(main())
