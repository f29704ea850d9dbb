"""What providers refused, as far as it is not sealed: statistics, and corrections that the directory should see."""

from dataclasses import dataclass
from datetime import datetime

from services.referrals.model import Offer
from services.runtime.postgres import Connection
from services.taxonomy import DeclineReason, Effect


@dataclass(frozen=True, slots=True)
class Decline:
    """What a provider said with its no."""

    reason: DeclineReason
    population: str  #: for which there is no place; empty: not said
    places_without_staff: bool  #: there are places, but nobody to look after them


async def add(connection: Connection, offer: Offer, said: Decline, now: datetime) -> None:
    """Keep what a provider said; a later no of the same offer takes its place."""
    await connection.execute(
        """
        INSERT INTO decline (offer_id, provider_id, pool_id, code, reason, population, places_without_staff,
                             is_correction, create_time)
        VALUES (%(offer_id)s, %(provider_id)s, %(pool_id)s, %(code)s, %(reason)s, %(population)s,
                %(places_without_staff)s, %(is_correction)s, %(now)s)
        ON CONFLICT (offer_id) DO UPDATE SET
            reason = excluded.reason, population = excluded.population,
            places_without_staff = excluded.places_without_staff, is_correction = excluded.is_correction,
            create_time = excluded.create_time
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
            "now": now,
        },
    )
