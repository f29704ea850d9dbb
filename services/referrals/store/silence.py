"""Who has been silent: read from the offers that ran out unread."""

from datetime import datetime
from typing import Final

from psycopg.rows import class_row

from services.referrals.model.silence import FORGOTTEN_AFTER, HALF_LIFE, Silent
from services.runtime.postgres import Connection

MOST: Final = 5000  #: providers that are told of, the most silent first


async def recent(connection: Connection, now: datetime) -> list[Silent]:
    """
    List the providers that have been silent, by id.

    Counted is an offer to a desk that is enrolled, of whose people nobody has read it
    before it ran out; a late yes takes it back. One who is rung by hand is not silent,
    nor one who was asked without identity.
    """
    async with connection.cursor(row_factory=class_row(Silent)) as cursor:
        await cursor.execute(
            """
            SELECT provider_id, sum(weight) AS count, max(create_time) AS last_time FROM (
                SELECT provider_id, create_time, 0.5 ^ (
                    extract(epoch FROM max(create_time) OVER (PARTITION BY provider_id) - create_time)
                    / %(half_life_s)s)::double precision AS weight
                FROM offer
                WHERE state = 'expired' AND read_time IS NULL AND create_time > %(oldest)s
                  AND receiver_id <> '' AND NOT is_question
            ) AS unread
            GROUP BY provider_id ORDER BY sum(weight) DESC LIMIT %(most)s
            """,
            {"half_life_s": HALF_LIFE.total_seconds(), "oldest": now - FORGOTTEN_AFTER, "most": MOST},
        )
        return sorted(await cursor.fetchall(), key=lambda each: each.provider_id)
