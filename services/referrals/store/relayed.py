"""Which stream events went to, how far it had come, and what is told again once it has lost something."""

from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Final

from services.runtime.postgres import Connection

#: as long as the stream keeps a message: what is older would not be there anyway
KEPT: Final = timedelta(days=30)


@dataclass(frozen=True, slots=True)
class Relayed:
    """What is known of a stream."""

    created_time: datetime | None  #: None: of no stream yet, or of one that has lost something
    last_sequence: int  #: the highest that the server has confirmed
    missing_count: int = 0  #: of messages before it that are known to be lost


async def known(connection: Connection, name: str, *, lock: bool = False) -> Relayed:
    """
    Find what is known of a stream.

    Args:
        connection: In a transaction.

        name: Of the stream.

        lock: Whether others wait until the transaction ends.
    """
    if lock:
        await connection.execute(
            "INSERT INTO relayed_stream (name, last_sequence) VALUES (%s, 0) ON CONFLICT DO NOTHING", [name]
        )
    cursor = await connection.execute(
        f"""
        SELECT created_time, last_sequence, missing_count FROM relayed_stream
        WHERE name = %s {"FOR UPDATE" if lock else ""}
        """,  # noqa: S608 -- a constant
        [name],
    )
    row = await cursor.fetchone()
    return Relayed(*row) if row else Relayed(None, 0)


async def note_stream(connection: Connection, name: str, relayed: Relayed) -> None:
    """Write what is known of a stream, whatever was known before."""
    await connection.execute(
        """
        INSERT INTO relayed_stream (name, created_time, last_sequence, missing_count)
        VALUES (%(name)s, %(time)s, %(last)s, %(missing)s)
        ON CONFLICT (name) DO UPDATE SET created_time = excluded.created_time,
            last_sequence = excluded.last_sequence, missing_count = excluded.missing_count
        """,
        {
            "name": name,
            "time": relayed.created_time,
            "last": relayed.last_sequence,
            "missing": relayed.missing_count,
        },
    )


async def note_sequence(connection: Connection, name: str, sequence: int) -> None:
    """Note how far the stream has come; an earlier position changes nothing."""
    await connection.execute(
        """
        INSERT INTO relayed_stream (name, last_sequence) VALUES (%(name)s, %(sequence)s)
        ON CONFLICT (name) DO UPDATE SET last_sequence = greatest(relayed_stream.last_sequence, excluded.last_sequence)
        """,
        {"name": name, "sequence": sequence},
    )


async def requeue(connection: Connection, now: datetime) -> int:
    """
    Let events be published again, each under a new id: the server swallows one that it knows.

    Of each offer the last one, which says where it stands now, and of those that nobody has
    read, or whose answer nobody has, every rung of the ladder. Whoever hears them has seen most of them before.

    Args:
        connection: In a transaction.

        now: What was published longer than `KEPT` before is left alone.

    Returns:
        How many.
    """
    # rare, and over all events of a month
    await connection.execute("SET LOCAL statement_timeout = '5min'")
    cursor = await connection.execute(
        """
        UPDATE event SET published_time = NULL, repair_no = event.repair_no + 1
        FROM offer, (
            SELECT DISTINCT ON (offer_id) offer_id, event_id FROM event
            WHERE offer_id IS NOT NULL AND published_time > %(since)s ORDER BY offer_id, revision DESC
        ) AS last
        WHERE offer.offer_id = event.offer_id AND last.offer_id = event.offer_id
          AND (last.event_id = event.event_id
               OR event.type = 'alert_rung' AND offer.version = event.offer_version
                  AND (offer.state = 'requested' OR offer.answer_time IS NOT NULL) AND event.published_time > %(since)s)
        """,
        {"since": now - KEPT},
    )
    return cursor.rowcount
