"""Needs whose own clock has run out, and those that nothing watches."""

from datetime import datetime

from services.referrals.model import Need, NextKind
from services.referrals.store.rows import NEED
from services.runtime.postgres import Connection


async def due(connection: Connection, kind: NextKind, now: datetime, limit: int) -> list[Need]:
    """List needs whose clock of that kind has run out, the longest ago first."""
    return await NEED.select(
        connection,
        """
        WHERE next_time <= %(now)s AND next_kind = %(kind)s
        ORDER BY next_time, referral_id, need_no LIMIT %(limit)s
        """,
        {"now": now, "kind": str(kind), "limit": limit},
    )


async def asleep(connection: Connection) -> list[Need]:
    """
    List needs of open referrals that have no answer, no clock and no task (R62): there are none.

    The check that tests and operators run; it reads everything that is open.
    """
    return await NEED.select(
        connection,
        """
        WHERE accepted_offer_id IS NULL AND NOT is_settled AND next_time IS NULL
          AND EXISTS (SELECT FROM referral WHERE referral.referral_id = need.referral_id
                      AND referral.state IN ('draft', 'active', 'on_hold', 'exhausted'))
          AND NOT EXISTS (SELECT FROM offer WHERE offer.referral_id = need.referral_id
                          AND offer.need_no = need.need_no AND offer.due_time IS NOT NULL)
          AND NOT EXISTS (SELECT FROM task WHERE task.referral_id = need.referral_id AND task.state <> 'closed'
                          AND (task.need_no IS NULL OR task.need_no = need.need_no))
        ORDER BY referral_id, need_no
        """,
        {},
    )
