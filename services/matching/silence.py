"""
What a provider's silence costs it: metres that are added to its way, fewer with every week (ADR 41).

A penalty puts somebody later in a list and never out of it. Where life comes first,
and for confidential sites, there is none.
"""

from collections.abc import Mapping
from datetime import datetime, timedelta
from typing import Final

from services.matching.model.silence import SilencePage, Silent

#: metres for one offer that ran out unread just now
USUAL_M: Final = 5_000.0
#: no silence costs more than so many offers
MOST_OFFERS: Final = 4.0
#: what is left of less than this part of an offer is forgotten
LEAST_OFFERS: Final = 0.02
#: penalties stand for so long: they are about days
_FRESH_FOR: Final = timedelta(minutes=1)
_MM_PER_M: Final = 1000


class Silences:
    """
    Who has been silent, as referrals last told.

    Args:
        metres: For one offer; 0 for no penalty at all.
    """

    def __init__(self, metres: float = USUAL_M) -> None:
        self._metres = metres
        self._page = SilencePage({}, timedelta(days=1))
        self._worked_out: tuple[datetime, Mapping[str, int]] | None = None

    def take(self, page: SilencePage) -> None:
        """Know all anew."""
        self._page = page
        self._worked_out = None

    def at(self, now: datetime) -> Mapping[str, int]:
        """Say what silence costs now, in whole millimetres, by provider; those whom it costs nothing are left out."""
        known = self._worked_out
        if known is not None and abs(now - known[0]) < _FRESH_FOR:
            return known[1]
        costs = {provider_id: self._cost_mm(each, now) for provider_id, each in self._page.silent.items()}
        costs = {provider_id: cost for provider_id, cost in costs.items() if cost}
        self._worked_out = (now, costs)
        return costs

    def _cost_mm(self, silent: Silent, now: datetime) -> int:
        age = max(now - silent.last_time, timedelta())
        count = silent.unread_count * 0.5 ** (age / self._page.half_life)
        return 0 if count < LEAST_OFFERS else round(min(count, MOST_OFFERS) * self._metres * _MM_PER_M)
