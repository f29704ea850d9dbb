"""A person's recorded permission: which receivers, fields, purposes, and until when (R1)."""

from collections.abc import Set as AbstractSet
from dataclasses import dataclass
from datetime import datetime, timedelta
from enum import StrEnum
from typing import Final

import h3

from services.errors import InvalidInput
from services.geo import is_cell
from services.referrals.model.ids import checked_ref
from services.taxonomy import service

MAX_LIFE: Final = timedelta(days=366)
MAX_NAMED: Final = 64  #: providers, codes or areas
AREA_RESOLUTION: Final = 3  #: H3; what a class calls an area
#: what an offer may disclose; whoever adds one here says in `disclosure` what it shows
FIELDS: Final[AbstractSet[str]] = frozenset(
    {
        "need",
        "urgency",
        "age",
        "gender",
        "language",
        "family",
        "process",
        "exploitation",
        "unaccompanied_child",
        "accessibility",
        "documents",
        "staff_gender",
        "brought_by",
        "arrival",
        "risk",
        "precaution",
    }
)
PURPOSES: Final[AbstractSet[str]] = frozenset({"referral", "follow_up", "statistics"})


class GivenBy(StrEnum):
    """Who gave it."""

    PERSON = "person"
    CARER = "carer"
    GUARDIAN = "guardian"
    NOBODY = "nobody"  #: a record that stands in for a consent (R5)


class Method(StrEnum):
    """How it was given."""

    SPOKEN = "spoken"
    WRITTEN = "written"
    THROUGH_INTERPRETER = "through_interpreter"
    ASSISTED = "assisted"
    NOT_GIVEN = "not_given"  #: likewise


class Assent(StrEnum):
    """What a child says, apart from the carer's consent (R37)."""

    GIVEN = "given"
    REFUSED = "refused"
    NOT_POSSIBLE = "not_possible"


class OverrideGround(StrEnum):
    """Why somebody goes ahead without consent (R5)."""

    DANGER_TO_LIFE = "danger_to_life"
    CHILD_BEST_INTERESTS = "child_best_interests"
    LEGAL_DUTY = "legal_duty"


class Withdrawal(StrEnum):
    """The three ways to withdraw (R3)."""

    THIS_RECEIVER = "this_receiver"
    STOP_SHARING = "stop_sharing"
    STOP_SERVICE = "stop_service"


@dataclass(frozen=True, slots=True, kw_only=True)
class ReceiverClass:
    """A class of providers that a consent names instead of ids."""

    codes: tuple[str, ...]  #: service codes, at least one
    area_cells: tuple[str, ...] = ()  #: H3 cells of resolution 3; empty: anywhere
    vetted: bool = False  #: vetted or listed ones only

    def __post_init__(self) -> None:
        if not 1 <= len(self.codes) <= MAX_NAMED:
            raise InvalidInput(f"consent.receiver_class.codes must have 1 to {MAX_NAMED} codes")
        for number, code in enumerate(self.codes):
            service(code, f"consent.receiver_class.codes[{number}]")
        if len(self.area_cells) > MAX_NAMED:
            raise InvalidInput(f"consent.receiver_class.area_cells must have at most {MAX_NAMED} cells")
        for number, cell in enumerate(self.area_cells):
            if not is_cell(cell) or h3.get_resolution(cell) != AREA_RESOLUTION:
                field = f"consent.receiver_class.area_cells[{number}]"
                raise InvalidInput(f"{field} must be an H3 cell of resolution {AREA_RESOLUTION}")


@dataclass(frozen=True, slots=True, kw_only=True)
class Consent:
    """A consent record."""

    consent_id: str
    client_id: str
    case_ref: str
    provider_ids: tuple[str, ...] = ()
    receiver_class: ReceiverClass | None = None
    fields: tuple[str, ...]
    purposes: tuple[str, ...]
    start_time: datetime
    end_time: datetime  #: the first moment after
    given_by: GivenBy
    child_assent: Assent | None = None  #: None: not a child, or not recorded
    method: Method
    language: str = ""
    recorded_by: str = ""
    create_time: datetime
    withdrawn_time: datetime | None = None
    withdrawn_provider_ids: tuple[str, ...] = ()
    override_ground: OverrideGround | None = None  #: None: it is a consent
    second_person: str = ""  #: who signed an override besides; empty: nobody yet

    def __post_init__(self) -> None:
        checked_ref(self.case_ref, "consent.case_ref")
        if not self.provider_ids and self.receiver_class is None:
            raise InvalidInput("consent.provider_ids must name a receiver, or consent.receiver_class a class")
        if len(self.provider_ids) > MAX_NAMED:
            raise InvalidInput(f"consent.provider_ids must have at most {MAX_NAMED} ids")
        _known(self.fields, FIELDS, "consent.fields")
        _known(self.purposes, PURPOSES, "consent.purposes")
        if not self.start_time < self.end_time <= self.start_time + MAX_LIFE:
            raise InvalidInput(f"consent.end_time must be after the start, at most {MAX_LIFE.days} days")


def _known(codes: tuple[str, ...], known: AbstractSet[str], field: str) -> None:
    if not codes:
        raise InvalidInput(f"{field} must not be empty")
    if not set(codes) <= known:
        raise InvalidInput(f"{field} must be of {', '.join(sorted(known))}")
