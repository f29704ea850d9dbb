"""How silent a provider has been: offers that ran out while nobody read them, the older the less."""

from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Final

#: after which an unread offer counts half
HALF_LIFE: Final = timedelta(days=7)
#: what is older counts for nothing: less than a hundredth of an offer
FORGOTTEN_AFTER: Final = 7 * HALF_LIFE


@dataclass(frozen=True, slots=True)
class Silent:
    """A provider that has let offers run out unread."""

    provider_id: str
    count: float  #: unread offers, each at its weight at `last_time`
    last_time: datetime  #: when the latest of them was made
