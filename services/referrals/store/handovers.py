"""What the two sides of an accepted offer leave for each other: sealed, and gone after arrival (R20)."""

from collections.abc import Iterable

from psycopg.rows import class_row

from services.referrals.model import Handover, Offer, OfferState
from services.referrals.store.together import Together
from services.runtime.postgres import Connection

#: while she is expected, and no longer
EXPECTED = frozenset({OfferState.ACCEPTED, OfferState.IN_TRANSIT})


async def put(connection: Connection, handover: Handover) -> None:
    """Keep a handover; a later one of the same side takes its place."""
    await connection.execute(
        """
        INSERT INTO handover (offer_id, is_from_sender, sealed, key_id, create_time)
        VALUES (%(offer_id)s, %(is_from_sender)s, %(sealed)s, %(key_id)s, %(create_time)s)
        ON CONFLICT (offer_id, is_from_sender) DO UPDATE SET
            sealed = excluded.sealed, key_id = excluded.key_id, create_time = excluded.create_time
        """,
        {
            "offer_id": handover.offer_id,
            "is_from_sender": handover.is_from_sender,
            "sealed": handover.sealed,
            "key_id": handover.key_id,
            "create_time": handover.create_time,
        },
    )


async def find(connection: Connection, offer_id: str, *, is_from_sender: bool) -> Handover | None:
    """Find what one side has left."""
    async with connection.cursor(row_factory=class_row(Handover)) as cursor:
        await cursor.execute(
            """
            SELECT offer_id, is_from_sender, sealed, key_id, create_time FROM handover
            WHERE offer_id = %(offer_id)s AND is_from_sender = %(is_from_sender)s
            """,
            {"offer_id": offer_id, "is_from_sender": is_from_sender},
        )
        return await cursor.fetchone()


def forget(together: Together, offers: Iterable[Offer]) -> None:
    """Destroy the handovers of offers by which nobody is expected any more."""
    over = [offer.offer_id for offer in offers if offer.state not in EXPECTED]
    if over:
        together.add("DELETE FROM handover WHERE offer_id = ANY(%(over_offer_ids)s)", over_offer_ids=over)
