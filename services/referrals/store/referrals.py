"""Referrals as they stand, for their senders, and counts of them for coordinators."""

from collections.abc import Collection, Sequence
from dataclasses import dataclass
from datetime import datetime

from services.referrals.model import Hold, Need, Offer, Referral, ReferralState, Standing
from services.referrals.store.rows import HOLD, NEED, OFFER, REFERRAL
from services.runtime.postgres import Connection


@dataclass(frozen=True, slots=True)
class AreaCount:
    """Offers of one area, service group and month."""

    area_cell: str
    group: str
    offer_count: int
    accepted_count: int
    unread_count: int = 0  #: that ran out before anybody at an enrolled desk had read them
    provider_count: int = 0  #: that were asked


async def standing(connection: Connection, referral_ids: Collection[str]) -> dict[str, Standing]:
    """Read referrals with all that their senders may see, by id."""
    if not referral_ids:
        return {}
    wanted = {"referral_ids": list(referral_ids)}
    referrals = await REFERRAL.select(connection, "WHERE referral_id = ANY(%(referral_ids)s)", wanted)
    needs = await NEED.select(connection, "WHERE referral_id = ANY(%(referral_ids)s) ORDER BY need_no", wanted)
    offers = await OFFER.select(connection, "WHERE referral_id = ANY(%(referral_ids)s) ORDER BY offer_no", wanted)
    held = await holds_of(connection, offers)
    return {each.referral_id: _standing(each, needs, offers, held) for each in referrals}


async def holds_of(connection: Connection, offers: Sequence[Offer]) -> dict[str, Hold]:
    """Read the holds of offers, by offer."""
    rows = await HOLD.select(
        connection,
        "WHERE offer_id = ANY(%(offer_ids)s)",
        {"offer_ids": [offer.offer_id for offer in offers]},
    )
    return {hold.offer_id: hold for hold in rows}


async def find(connection: Connection, referral_id: str) -> Referral | None:
    """Find a referral, whoever made it."""
    found = await REFERRAL.select(connection, "WHERE referral_id = %(referral_id)s", {"referral_id": referral_id})
    return found[0] if found else None


async def of_client(
    connection: Connection,
    client_id: str,
    *,
    case_ref: str = "",
    states: Collection[ReferralState] = (),
    after: tuple[datetime, str] | None = None,
    limit: int,
) -> list[str]:
    """List a client's referrals, newest first, ties by id, after a key of that order: their ids."""
    rows = await REFERRAL.select(
        connection,
        """
        WHERE client_id = %(client_id)s
          AND (%(case_ref)s::text = '' OR case_ref = %(case_ref)s::text)
          AND (cardinality(%(states)s::text[]) = 0 OR state = ANY(%(states)s::text[]))
          AND (%(time)s::timestamptz IS NULL OR create_time < %(time)s::timestamptz
               OR (create_time = %(time)s::timestamptz AND referral_id > %(last_id)s::text))
        ORDER BY create_time DESC, referral_id LIMIT %(limit)s
        """,
        {
            "client_id": client_id,
            "case_ref": case_ref,
            "states": [str(state) for state in states],
            "time": after and after[0],
            "last_id": after and after[1],
            "limit": limit,
        },
    )
    return [row.referral_id for row in rows]


async def over_since(connection: Connection, before: datetime, limit: int) -> list[str]:
    """List referrals that are over, with nothing open, of which nothing was heard since a time; the oldest first."""
    cursor = await connection.execute(
        """
        SELECT referral_id FROM referral
        WHERE NOT is_erased AND state IN ('completed', 'revoked', 'entered_in_error') AND create_time <= %(before)s
          AND NOT EXISTS (SELECT FROM offer WHERE offer.referral_id = referral.referral_id AND due_time IS NOT NULL)
          AND NOT EXISTS (SELECT FROM task WHERE task.referral_id = referral.referral_id AND task.state <> 'closed')
          AND NOT EXISTS (SELECT FROM event WHERE event.referral_id = referral.referral_id
                          AND event.recorded_time > %(before)s)
        ORDER BY create_time, referral_id LIMIT %(limit)s
        """,
        {"before": before, "limit": limit},
    )
    return [row[0] for row in await cursor.fetchall()]


async def count_held(connection: Connection, client_id: str) -> int:
    """Count the offers of a client whose places are held and not booked."""
    cursor = await connection.execute(
        """
        SELECT count(*)::integer FROM hold WHERE state = 'held' AND client_id = %(client_id)s
        """,
        {"client_id": client_id},
    )
    row = await cursor.fetchone()
    return 0 if row is None else int(row[0])


async def count_probing(connection: Connection, client_id: str) -> int:
    """Count the questions without identity of a client that wait for an answer."""
    cursor = await connection.execute(
        """
        SELECT count(*)::integer FROM offer JOIN referral USING (referral_id)
        WHERE offer.state = 'probing' AND referral.client_id = %(client_id)s
        """,
        {"client_id": client_id},
    )
    row = await cursor.fetchone()
    return 0 if row is None else int(row[0])


async def count_by_area(
    connection: Connection, start_time: datetime | None, end_time: datetime | None
) -> list[AreaCount]:
    """Count offers by the provider's area, the service group and the month (UTC), ordered by the first two."""
    cursor = await connection.execute(
        """
        SELECT area_cell, split_part(code, '-', 1) AS code_group, count(*)::integer,
               (count(*) FILTER (WHERE offer.state IN ('accepted', 'in_transit', 'in_progress', 'completed')))::integer,
               (count(*) FILTER (WHERE offer.state = 'expired' AND read_time IS NULL AND receiver_id <> ''
                                   AND NOT is_question))::integer,
               count(DISTINCT provider_id)::integer
        FROM offer JOIN referral USING (referral_id)
        WHERE area_cell <> ''
          AND (%(start_time)s::timestamptz IS NULL OR occurred_time >= %(start_time)s::timestamptz)
          AND (%(end_time)s::timestamptz IS NULL OR occurred_time < %(end_time)s::timestamptz)
        GROUP BY area_cell, code_group, date_trunc('month', occurred_time, 'UTC') ORDER BY area_cell, code_group
        """,
        {"start_time": start_time, "end_time": end_time},
    )
    return [AreaCount(*row) for row in await cursor.fetchall()]


def _standing(referral: Referral, needs: Sequence[Need], offers: Sequence[Offer], held: dict[str, Hold]) -> Standing:
    own = tuple(offer for offer in offers if offer.referral_id == referral.referral_id)
    return Standing(
        referral,
        tuple(need for need in needs if need.referral_id == referral.referral_id),
        own,
        {offer.offer_id: held[offer.offer_id] for offer in own if offer.offer_id in held},
    )
