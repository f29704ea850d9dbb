"""How silent providers have been, as referrals tell it."""

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import NamedTuple


class Silent(NamedTuple):
    """How silent a provider has been."""

    unread_count: float  #: at `last_time`
    last_time: datetime


@dataclass(frozen=True, slots=True)
class SilencePage:
    """All that have been silent of late."""

    silent: Mapping[str, Silent]  #: by provider
    half_life: timedelta
