"""
New epochs for a whole database, after it was restored and before any service starts.

A restored database is an earlier world: revisions that it gives out were given out before, to other changes, and what
the bus and receivers have may be of a referral that it never made. Whoever follows a feed starts from 0 in a new epoch,
and notify begins anew what it tells.
"""

import asyncio
import time
from collections.abc import Mapping
from typing import Final

from psycopg import AsyncConnection

from services.errors import FailedPrecondition
from services.runtime.database_errors import translated
from services.runtime.feed import Renewed, renew_epochs
from services.runtime.migrate import TURN
from services.runtime.postgres import Act, Process, open_pool, transaction

OPERATOR: Final = Process(client_id="operator")
RENEWS: Final = Act(action="epoch.renew", object_kind="feed")
SESSION: Final = "ihala.epochs"  #: the name of ours; without a blank, since it is an option of the server
CONNECT_WITHIN_S: Final = 5
LEAVING_S: Final = 2.0
POLL_S: Final = 0.05

#: what has all three is a schema of a service, whichever services there are
_SCHEMAS: Final = """
    SELECT nspname FROM pg_namespace JOIN pg_class ON relnamespace = pg_namespace.oid
    WHERE relkind = 'r' AND relname IN ('migration', 'feed', 'audit')
    GROUP BY nspname HAVING count(*) = 3 ORDER BY nspname
"""
#: a role that is no superuser sees no more of others; PostgreSQL's own workers have no user
_OTHERS: Final = """
    SELECT coalesce(nullif(application_name, ''), 'one without a name'), count(*) FROM pg_stat_activity
    WHERE datname = current_database() AND usesysid IS NOT NULL AND pid <> pg_backend_pid()
    GROUP BY 1 ORDER BY 1
"""


async def renew(database_url: str) -> Mapping[str, Renewed]:
    """
    Give the feeds of every schema in a database a new epoch, with a row in each schema's audit.

    Each schema is a transaction of its own; again does no harm, since everybody starts from 0 once more.

    Args:
        database_url: Of the superuser, or of the owner of every schema.

    Returns:
        What was renewed, by schema.

    Raises:
        FailedPrecondition: Somebody is connected, who is named; or there is no schema of a service.

        Unavailable: The database does not answer.
    """
    with translated():
        async with await AsyncConnection.connect(
            database_url, autocommit=True, application_name=SESSION, connect_timeout=CONNECT_WITHIN_S
        ) as connection:
            schemas: list[str] = [row[0] for row in await (await connection.execute(_SCHEMAS)).fetchall()]
            if not schemas:
                raise FailedPrecondition("the database must have the schema of a service: restore it first")
            for schema in schemas:  # who starts after the next look waits, as for another's migrations
                await connection.execute(TURN, [schema])
            await _alone(connection)
            return {schema: await _renew_schema(database_url, schema) for schema in schemas}


async def _renew_schema(database_url: str, schema: str) -> Renewed:
    async with (
        open_pool(database_url, schema, application_name=SESSION, max_size=1) as pool,
        transaction(pool, OPERATOR, RENEWS) as connection,
    ):
        return await renew_epochs(connection)


async def _alone(connection: AsyncConnection) -> None:
    """Look whether nobody else is connected; who has just gone is seen for a moment longer."""
    end_s = time.monotonic() + LEAVING_S
    while others := await (await connection.execute(_OTHERS)).fetchall():
        if time.monotonic() > end_s:
            named = ", ".join(f"{name} ({count})" for name, count in others)
            raise FailedPrecondition(f"the database must be used by nobody else; stop what is connected: {named}")
        await asyncio.sleep(POLL_S)
