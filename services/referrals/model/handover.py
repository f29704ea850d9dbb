"""What one side of an accepted offer leaves for the other: sealed, never an address (R20)."""

from dataclasses import dataclass
from datetime import datetime


@dataclass(frozen=True, slots=True)
class Handover:
    """Sealed bytes of one side for the other."""

    offer_id: str
    is_from_sender: bool
    sealed: bytes
    key_id: str
    create_time: datetime
