"""What maps know of the directory and of referrals: public providers, and counts of everything else."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from datetime import datetime
from enum import StrEnum

from services.errors import InvalidInput, Reason
from services.geo import Point, centre_of

LEAST_COUNT = 5  #: below it a count of an area says too much of one site or one person (R14, R19)


class PlacesState(StrEnum):
    """What is known of a provider's places."""

    FREE = "free"  #: at least one free place was reported
    FULL = "full"  #: every place is taken, as reported
    NOT_COUNTED = "not_counted"  #: nothing was reported, or there is nothing to count


class Part(StrEnum):
    """Where a part of the picture comes from."""

    PROVIDERS = "providers"
    AREAS = "areas"
    REFERRALS = "referrals"


@dataclass(frozen=True, slots=True, kw_only=True)
class PublicProvider:
    """A provider with disclosure `public`; a confidential one cannot be written down here (R19)."""

    point: Point | None  #: None where the directory knows no position
    names: Mapping[str, str]  #: by BCP 47 tag, the first as good as the source's own
    country_code: str
    codes: tuple[str, ...]  #: services that it is stated to offer
    unsure_codes: tuple[str, ...]  #: services that it may offer: nobody has said
    free_places: int | None  #: over all populations, as reported; None where not counted
    report_time: datetime | None  #: of the oldest report that was counted
    reach_out: str  #: "enrolled", "telephone", "walk_in" or "none"
    phone: str = ""
    verified_time: datetime | None = None

    @property
    def groups(self) -> tuple[str, ...]:
        """The groups of the services it is stated to offer, else of those it may offer, each once."""
        return tuple(dict.fromkeys(code.partition("-")[0] for code in self.codes or self.unsure_codes))

    @property
    def places(self) -> PlacesState:
        """What its reports say."""
        if self.free_places is None:
            return PlacesState.NOT_COUNTED
        return PlacesState.FREE if self.free_places > 0 else PlacesState.FULL

    def name_in(self, language: str) -> str:
        """Choose a name for a reader: in that language, else the first."""
        return self.names.get(language) or next(iter(self.names.values()), "")


@dataclass(frozen=True, slots=True, kw_only=True)
class AreaCount:
    """
    How many confidential providers an area has.

    Raises:
        InvalidInput: The count is below 5; maps never hold such a number (R19).
    """

    h3_cell: str
    provider_count: int

    def __post_init__(self) -> None:
        centre_of(self.h3_cell)
        if self.provider_count < LEAST_COUNT:
            raise InvalidInput(f"provider_count must be at least {LEAST_COUNT}")


@dataclass(frozen=True, slots=True, kw_only=True)
class ReferralCount:
    """
    How many offers went to one area for one group of services.

    Raises:
        InvalidInput: A count is below 5 (R14).
    """

    h3_cell: str
    group: str
    offer_count: int
    accepted_count: int | None  #: None below 5

    def __post_init__(self) -> None:
        centre_of(self.h3_cell)
        if self.offer_count < LEAST_COUNT:
            raise InvalidInput(f"offer_count must be at least {LEAST_COUNT}")
        if self.accepted_count is not None and self.accepted_count < LEAST_COUNT:
            raise InvalidInput(f"accepted_count must be at least {LEAST_COUNT} or absent")


@dataclass(frozen=True, slots=True, kw_only=True)
class Picture:
    """Everything one page shows, read at one time."""

    as_of: datetime
    providers: Sequence[PublicProvider] = ()
    is_cut: bool = False  #: there are more providers than a page draws
    areas: Sequence[AreaCount] = ()
    referrals: Sequence[ReferralCount] = ()
    is_suppressed: bool = False  #: counts of referrals below 5 were left out
    missing: Mapping[Part, Reason] = field(default_factory=dict)  #: what could not be read, and why

    @property
    def h3_cells(self) -> list[str]:
        """Every cell that is drawn."""
        return [each.h3_cell for each in self.areas] + [each.h3_cell for each in self.referrals]
