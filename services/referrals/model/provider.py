"""What referrals must know of a provider: its own small copy of the directory's record."""

from dataclasses import dataclass
from datetime import datetime
from enum import StrEnum


class Status(StrEnum):
    """Where the directory's record stands."""

    DRAFT = "draft"
    ACTIVE = "active"
    PAUSED = "paused"
    DO_NOT_REFER = "do_not_refer"
    CLOSED = "closed"


class ReachOut(StrEnum):
    """How a referral reaches it."""

    ENROLLED = "enrolled"
    TELEPHONE = "telephone"
    WALK_IN = "walk_in"
    NONE = "none"  #: takes no referrals


class Vetting(StrEnum):
    """What is known of its safeguarding (R33)."""

    UNVETTED = "unvetted"
    LISTED = "listed"
    VETTED = "vetted"
    SUSPENDED = "suspended"


@dataclass(frozen=True, slots=True)
class ReportedPlace:
    """Places for one population as last reported."""

    population: str
    total: int | None  #: None: not counted
    occupied: int
    report_time: datetime


@dataclass(frozen=True, slots=True, kw_only=True)
class Provider:
    """The facts that decide whether and how it can be asked."""

    provider_id: str
    receiver_id: str  #: empty: nobody is enrolled
    pool_id: str
    status: Status
    reach_out: ReachOut
    vetting: Vetting
    vetting_end_time: datetime | None = None
    area_cell: str  #: H3 of resolution 3; empty: position not known
    country_code: str
    time_zone: str = ""  #: IANA; empty: not known
    codes: tuple[str, ...]  #: claimed yes or unknown
    start_time: datetime | None = None
    end_time: datetime | None = None
    is_archived: bool = False
    revision: int
    places: tuple[ReportedPlace, ...] = ()  #: as the record says; kept as places

    def is_vetted(self, now: datetime) -> bool:
        """Whether it is vetted or listed, and that has not expired."""
        stands = self.vetting_end_time is None or now < self.vetting_end_time
        return self.vetting in {Vetting.LISTED, Vetting.VETTED} and stands

    def is_in_force(self, now: datetime) -> bool:
        """Whether it exists and is in use at a time."""
        started = self.start_time is None or self.start_time <= now
        not_over = self.end_time is None or now < self.end_time
        return self.status is Status.ACTIVE and started and not_over and not self.is_archived

    @property
    def rings_by_hand(self) -> bool:
        """Whether somebody has to ring it, since no receiver is enrolled."""
        return self.reach_out is not ReachOut.ENROLLED or not self.receiver_id
