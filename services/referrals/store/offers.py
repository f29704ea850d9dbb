"""Offers as their receivers meet them, and those whose time has come."""

from datetime import datetime
from typing import LiteralString

from services.referrals.model import Offer
from services.referrals.store.rows import OFFER
from services.runtime.postgres import Connection


async def find(connection: Connection, offer_id: str) -> Offer | None:
    """Find an offer, whoever was asked."""
    found = await OFFER.select(connection, "WHERE offer_id = %(offer_id)s", {"offer_id": offer_id})
    return found[0] if found else None


async def lock(connection: Connection, offer_id: str) -> Offer | None:
    """Find an offer and keep it from changing until the transaction ends."""
    found = await OFFER.select(connection, "WHERE offer_id = %(offer_id)s FOR SHARE", {"offer_id": offer_id})
    return found[0] if found else None


async def open_of_receiver(
    connection: Connection, receiver_id: str, after: tuple[datetime, str] | None, limit: int
) -> list[Offer]:
    """List the open offers of a receiver, earliest due first, ties by id, after a key of that order."""
    return await _open_of(connection, "receiver_id = %(whose)s", receiver_id, after, limit)


async def open_of_provider(
    connection: Connection, provider_id: str, after: tuple[datetime, str] | None, limit: int
) -> list[Offer]:
    """List the open offers at a provider, as `open_of_receiver` does."""
    return await _open_of(connection, "provider_id = %(whose)s", provider_id, after, limit)


async def _open_of(
    connection: Connection, condition: LiteralString, whose: str, after: tuple[datetime, str] | None, limit: int
) -> list[Offer]:
    return await OFFER.select(
        connection,
        f"""
        WHERE {condition} AND due_time IS NOT NULL
          AND (%(time)s::timestamptz IS NULL
               OR (due_time, offer_id) > (%(time)s::timestamptz, %(last_id)s::text))
        ORDER BY due_time, offer_id LIMIT %(limit)s
        """,
        {"whose": whose, "time": after and after[0], "last_id": after and after[1], "limit": limit},
    )


async def due(connection: Connection, now: datetime, limit: int) -> list[Offer]:
    """List offers whose due time or next rung has passed, the longest ago first."""
    return await OFFER.select(
        connection,
        """
        WHERE due_time <= %(now)s OR rung_time <= %(now)s
        ORDER BY least(due_time, rung_time), offer_id LIMIT %(limit)s
        """,
        {"now": now, "limit": limit},
    )


async def with_run_out_holds(connection: Connection, now: datetime, limit: int) -> list[Offer]:
    """List offers whose holds have run out, those of the longest ago."""
    return await OFFER.select(
        connection,
        """
        WHERE offer_id IN (
            SELECT offer_id FROM hold WHERE state = 'held' AND expire_time <= %(now)s
            ORDER BY expire_time, offer_id LIMIT %(limit)s
        )
        ORDER BY offer_id
        """,
        {"now": now, "limit": limit},
    )


async def is_escalated(connection: Connection, offer_id: str) -> bool:
    """Say whether a task about an offer is not closed."""
    cursor = await connection.execute(
        "SELECT EXISTS (SELECT FROM task WHERE offer_id = %(offer_id)s AND state <> 'closed')", {"offer_id": offer_id}
    )
    row = await cursor.fetchone()
    return row is not None and bool(row[0])
