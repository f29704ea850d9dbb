"""What providers refused, as far as it is not sealed: statistics, and corrections that the directory should see."""

from dataclasses import dataclass
from datetime import datetime

from psycopg.rows import class_row

from services.referrals.model import Offer
from services.runtime.postgres import Connection
from services.taxonomy import DeclineReason, Effect


@dataclass(frozen=True, slots=True)
class Decline:
    """What a provider said with its no."""

    reason: DeclineReason
    population: str  #: for which there is no place; empty: not said
    places_without_staff: bool  #: there are places, but nobody to look after them
    likeness: bytes | None = None  #: keyed digest of whom the provider refused; None: nothing is known of them


async def add(connection: Connection, offer: Offer, said: Decline, now: datetime) -> None:
    """Keep what a provider said; a later no of the same offer takes its place."""
    await connection.execute(
        """
        INSERT INTO decline (offer_id, provider_id, pool_id, code, reason, population, places_without_staff,
                             is_correction, likeness, create_time)
        VALUES (%(offer_id)s, %(provider_id)s, %(pool_id)s, %(code)s, %(reason)s, %(population)s,
                %(places_without_staff)s, %(is_correction)s, %(likeness)s, %(now)s)
        ON CONFLICT (offer_id) DO UPDATE SET
            reason = excluded.reason, population = excluded.population,
            places_without_staff = excluded.places_without_staff, is_correction = excluded.is_correction,
            likeness = excluded.likeness, create_time = excluded.create_time
        """,
        {
            "offer_id": offer.offer_id,
            "provider_id": offer.provider_id,
            "pool_id": offer.pool_id,
            "code": offer.code,
            "reason": said.reason.code,
            "population": said.population,
            "places_without_staff": said.places_without_staff,
            "is_correction": Effect.CORRECT_DIRECTORY in said.reason.effects,
            "likeness": said.likeness,
            "now": now,
        },
    )


@dataclass(frozen=True, slots=True)
class Correction:
    """What a refusal says of a provider's record."""

    offer_id: str
    provider_id: str
    code: str
    reason: str


async def to_send(connection: Connection, limit: int) -> list[Correction]:
    """List corrections that the directory has not heard of, oldest first."""
    async with connection.cursor(row_factory=class_row(Correction)) as cursor:
        await cursor.execute(
            """
            SELECT offer_id, provider_id, code, reason FROM decline WHERE is_correction AND sent_time IS NULL
            ORDER BY create_time, offer_id LIMIT %(limit)s
            """,
            {"limit": limit},
        )
        return await cursor.fetchall()


async def mark_sent(connection: Connection, offer_id: str, now: datetime) -> None:
    """Note that the directory has heard of a correction."""
    await connection.execute(
        "UPDATE decline SET sent_time = %(now)s WHERE offer_id = %(offer_id)s", {"now": now, "offer_id": offer_id}
    )


async def count_alike(connection: Connection, likeness: bytes, since: datetime) -> int:
    """Count the refusals of people who are alike, by the provider of the likeness."""
    cursor = await connection.execute(
        "SELECT count(*)::integer FROM decline WHERE likeness = %(likeness)s AND create_time >= %(since)s",
        {"likeness": likeness, "since": since},
    )
    row = await cursor.fetchone()
    return 0 if row is None else int(row[0])
