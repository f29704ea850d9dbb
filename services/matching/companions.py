"""
Where those are from whom a person is kept apart or with whom one stays, and what of that cannot be (R25).

Two wishes that cannot both hold are told, and not settled here: who is kept
apart stays excluded until the caller has decided.
"""

from collections.abc import Callable, Sequence
from dataclasses import dataclass, replace
from itertools import combinations
from typing import Final

from services.matching.model.provider import Provider
from services.matching.model.request import Enquiry
from services.matching.model.safety import Kin, Placed

APART_AND_TOGETHER: Final = "apart_and_together"
SAME_PLACE: Final = "same_place"
DIFFERENT_PLACES: Final = "different_places"

ProviderOf = Callable[[str], Provider | None]


@dataclass(frozen=True, slots=True, repr=False)
class Conflict:
    """Two wishes that cannot both hold."""

    code: str
    person_refs: tuple[str, ...]  #: as the caller named them


def settled(enquiry: Enquiry, provider_of: ProviderOf) -> tuple[Enquiry, tuple[Conflict, ...]]:
    """
    Look up where the persons of an enquiry are.

    Args:
        enquiry: With persons to keep apart from and to stay with.

        provider_of: Finds a provider by its id, None if there is none any more.

    Returns:
        The enquiry with an envelope that can be judged, and what cannot be.
    """
    if not (enquiry.apart or enquiry.together):
        return enquiry, ()
    apart = [(each, _kin([each], provider_of)) for each in enquiry.apart]
    together = [(each, _kin([each], provider_of)) for each in enquiry.together]
    envelope = replace(
        enquiry.envelope,
        apart=_kin(enquiry.apart, provider_of),
        together=tuple(kin for _, kin in together if kin),
    )
    return replace(enquiry, envelope=envelope), _conflicts(apart, together)


Known = Sequence[tuple[Placed, Kin]]


def _conflicts(apart: Known, together: Known) -> tuple[Conflict, ...]:
    found = []
    apart_refs = {each.person_ref for each, _ in apart}
    for person, kin in together:
        if person.person_ref in apart_refs:
            found.append(Conflict(APART_AND_TOGETHER, (person.person_ref,)))
        found += [
            Conflict(SAME_PLACE, (person.person_ref, other.person_ref))
            for other, others in apart
            if other.person_ref != person.person_ref and kin.meets(others)
        ]
    found += [
        Conflict(DIFFERENT_PLACES, (one.person_ref, other.person_ref))
        for (one, here), (other, there) in combinations(together, 2)
        if here and there and not here.meets(there)
    ]
    return tuple(found)


def _kin(persons: Sequence[Placed], provider_of: ProviderOf) -> Kin:
    ids = {each for person in persons for each in person.provider_ids}
    known = (provider_of(each) for each in sorted(ids))
    return Kin.of(ids, [each for each in known if each is not None])
