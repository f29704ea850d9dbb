"""
What a receiver may see of an offer at each stage (R10), as an allow-list.

Rules of this file: a fact is shown only if it stands here, the state allows it, the
provider's rules need it and the consent covers it. Legal status, agreement to
reporting and screening indicators stand nowhere here: they never leave matching (R31).
"""

from collections.abc import Collection, Mapping
from collections.abc import Set as AbstractSet
from dataclasses import dataclass
from types import MappingProxyType
from typing import Final

from services.referrals.model import NOT_SENT, PLACED, Offer, OfferState

#: consent field -> facts of `Person` that it opens
PERSON_FACTS: Final[Mapping[str, tuple[str, ...]]] = MappingProxyType(
    {
        "age": ("age", "age_absence"),
        "gender": ("sex", "sex_absence", "gender", "gender_absence"),
        "language": ("languages", "languages_absence"),
        "family": ("family", "family_absence"),
        "process": ("process", "process_absence"),
        "exploitation": ("exploitation", "exploitation_absence"),
        "unaccompanied_child": ("unaccompanied", "unaccompanied_absence"),
        "accessibility": ("accessibility", "accessibility_absence"),
        "documents": ("has_documents", "has_documents_absence"),
    }
)
#: consent field -> facts of `Briefing` that it opens
BRIEFING_FACTS: Final[Mapping[str, tuple[str, ...]]] = MappingProxyType(
    {
        "brought_by": ("brought_by",),
        "arrival": ("arrive_start_time", "arrive_end_time"),
        "risk": ("risk",),
        "precaution": ("precaution",),
    }
)
#: open, and a person has read it
_READ: Final[AbstractSet[OfferState]] = PLACED | {
    OfferState.RECEIVED,
    OfferState.INFO_REQUESTED,
    OfferState.WAITLISTED,
    OfferState.PROPOSED,
}


@dataclass(frozen=True, slots=True)
class Shown:
    """What may be shown of one offer to one reader."""

    code: bool = False
    person: tuple[str, ...] = ()  #: names of facts
    briefing: tuple[str, ...] = ()  #: names of facts
    area: bool = False  #: the coarse area where the person is


NOTHING: Final = Shown()
#: a question without identity, and its answer until the offer is sent
_PROBE: Final = Shown(code=True, area=True)


def shown_to_receiver(offer: Offer, consented: Collection[str]) -> Shown:
    """
    Say what the receiver may see now.

    Args:
        offer: The offer.

        consented: The fields that the consent covers for this provider now; empty
            once it has ended, while nobody has accepted.
    """
    if offer.state is OfferState.PROBING or offer.state in NOT_SENT:
        return _PROBE
    if offer.state not in _READ:
        return NOTHING
    opened = set(consented)
    return Shown(
        code=True,
        person=_facts(PERSON_FACTS, opened & set(offer.needed_fields)),
        briefing=_facts(BRIEFING_FACTS, opened),
    )


def shown_to_coordinator(offer: Offer) -> Shown:
    """Say what a duty coordinator may see: the code, so that somebody can be rung, and nothing of the person."""
    if offer.is_closed:
        return NOTHING
    return _PROBE if offer.state is OfferState.PROBING else Shown(code=True)


def _facts(table: Mapping[str, tuple[str, ...]], opened: Collection[str]) -> tuple[str, ...]:
    return tuple(fact for field, facts in table.items() if field in opened for fact in facts)
