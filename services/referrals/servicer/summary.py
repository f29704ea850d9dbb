"""
Counts for coordinators that tell nothing of one person, however often and for whatever times they are asked (R14).

What may be known is one number for each area, service group and month: what was counted
there, rounded down to a multiple of 5, and nothing below 5. Every answer is a sum of such
numbers, so that two answers that are subtracted give such a sum again, and no more.
"""

from collections import Counter
from collections.abc import Sequence
from datetime import datetime
from typing import Any, Final

from services.errors import InvalidInput
from services.referrals.store.referrals import AreaCount
from services.referrals.wire import responses
from services.referrals.wire.basics import time_from_wire

LEAST_COUNT: Final = 5  #: fewer are left out, and counts are told in steps of it
LEAST_PROVIDERS: Final = 3  #: of fewer in a month nobody learns how silent they were: it would be about one


def month_from_wire(request: Any, field: str) -> datetime | None:
    """
    Read where a month begins.

    Raises:
        InvalidInput: no month begins then, in UTC.
    """
    time = time_from_wire(request, field)
    if time is not None and time != time.replace(day=1, hour=0, minute=0, second=0, microsecond=0):
        raise InvalidInput(f"{field} must be the first moment of a month in UTC")
    return time


def summary(counts: Sequence[AreaCount]) -> Any:
    """
    Add up what may be told.

    Args:
        counts: By area, group and month, ordered by the first two.
    """
    offers: Counter[tuple[str, str]] = Counter()
    accepted: Counter[tuple[str, str]] = Counter()
    unread: Counter[tuple[str, str]] = Counter()
    for count in counts:
        offers[count.area_cell, count.group] += _stepped(count.offer_count)
        accepted[count.area_cell, count.group] += _stepped(count.accepted_count)
        if count.provider_count >= LEAST_PROVIDERS:
            unread[count.area_cell, count.group] += _stepped(count.unread_count)
    told = [each for count in counts for each in (count.offer_count, count.accepted_count)]
    return responses.SummarizeReferrals(
        counts=[
            responses.ReferralCount(
                area_cell=area_cell,
                group=group,
                offer_count=count,
                accepted_count=accepted[area_cell, group] or None,
                unread_count=unread[area_cell, group] or None,
            )
            for (area_cell, group), count in offers.items()
            if count
        ],
        suppressed=any(0 < each < LEAST_COUNT for each in told),
    )


def _stepped(count: int) -> int:
    return count - count % LEAST_COUNT
