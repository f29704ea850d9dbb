"""Say what each service code implies: what comes first, what is never automatic, what holds places."""

from collections.abc import Mapping
from dataclasses import dataclass
from functools import cache
from types import MappingProxyType

from services.taxonomy.terms import Kind, Term, fields_of, read, unknown_code


@dataclass(frozen=True, slots=True, kw_only=True)
class Service(Term):
    """A service that a person can need and a provider can offer; `parent` is its group."""

    life_first: bool  #: never emptied by anything but distance and time (R59)
    never_automatic: bool  #: no match without a recorded risk assessment
    accommodation: bool  #: a night under a roof: places are counted and held
    child_path: bool  #: under 18, or perhaps, it goes by the child path (R34)
    vetted_only: bool  #: an unvetted provider never matches (R33)
    not_for_child_alone: bool
    shown_to_listing_only: bool  #: shown only to a provider that lists it
    result_may_be_reported: bool  #: a caution that goes with every match


#: What the codes are sorted under; a group itself is no need and no offer.
GROUPS: Mapping[str, Term] = MappingProxyType(
    {code: Term(**fields_of(Kind.SERVICE, code)) for code in read(Kind.SERVICE)["groups"]}
)


@cache
def services() -> Mapping[str, Service]:
    """List every service by code, in the order of the file: group by group."""
    table = read(Kind.SERVICE)
    listed = {}
    for code in table["terms"]:
        fields = fields_of(Kind.SERVICE, code)
        facts = {mark: mark in fields["marks"] for mark in table["marks"]}
        listed[code] = Service(**fields | facts)
    return MappingProxyType(listed)


def service(code: str, field: str = "code") -> Service:
    """
    Look a service code up.

    Raises:
        InvalidInput: there is no such service (UNKNOWN_CODE), naming the field.
    """
    found = services().get(code)
    if found is None:
        raise unknown_code(Kind.SERVICE, field)
    return found
