"""
Which constraints a change can turn at all: those that read something of what it alters.

The table says what each constraint reads; so the others need not be judged again,
and two changes that no constraint reads both of do not bear on each other.
"""

from collections.abc import Iterator
from dataclasses import fields
from functools import cache, lru_cache
from operator import attrgetter
from typing import Any, Final

from services.matching.constraints.table import CONSTRAINTS, Constraint
from services.matching.explaining.change import Case
from services.matching.model.person import Person
from services.matching.model.provider import Provider
from services.matching.model.request import Asked, Need

_PERSON: Final = tuple(each.name for each in fields(Person))
_NEED: Final = tuple(each.name for each in fields(Need))
_ASKED: Final = tuple(each.name for each in fields(Asked) if each.name not in {"person", "need"})
_PROVIDER: Final = tuple(each.name for each in fields(Provider) if each.name != "rules")
_OF_AGE: Final = ("person.age", "person.no_reason_to_believe_child")
#: what is worked out, and of which facts
_RESTS_ON: Final = {
    "person.may_be_child": _OF_AGE,
    "person.counts_as_child": _OF_AGE,
    "person.years": _OF_AGE,
    "person.child_years": _OF_AGE,
    "person.known_gender": ("person.gender", "person.sex"),
    "person.population": ("person.age", "person.gender", "person.no_reason_to_believe_child", "person.sex"),
    "person.is_child_alone": (*_OF_AGE, "person.is_unaccompanied", "person.family"),
    "person.company": ("person.is_unaccompanied", "person.family"),
    "person.is_harmed_by_reports": ("person.accepts_reporting", "person.process", "person.status_class"),
    "provider.populations": ("provider.place_reports",),
}


def touched(before: Case, after: Case) -> frozenset[int]:
    """List the constraints that read anything in which a case differs after a change, by place in the table."""
    return _readers(frozenset(_altered(before, after)))


def _altered(before: Case, after: Case) -> Iterator[str]:
    (asked, provider), (then, changed) = before, after
    if asked is not then:
        yield from _differences("", _ASKED, asked, then)
        yield from _differences("need.", _NEED, asked.need, then.need)
        if asked.person is not then.person:
            yield from _differences("person.", _PERSON, asked.person, then.person)
    if provider is not changed:
        yield from _differences("provider.", _PROVIDER, provider, changed)
        if provider.rules is not changed.rules:
            yield from {f"provider.rules.{each.kind.value}" for each in provider.rules ^ changed.rules}


def _differences(prefix: str, names: tuple[str, ...], one: Any, other: Any) -> Iterator[str]:
    if one is not other:
        read = _reader(names)
        for name, here, there in zip(names, read(one), read(other), strict=True):
            if here is not there:
                yield prefix + name


@cache
def _reader(names: tuple[str, ...]) -> Any:
    return attrgetter(*names)


@lru_cache(maxsize=1024)
def _readers(altered: frozenset[str]) -> frozenset[int]:
    return frozenset(number for number, reads in enumerate(_READS) if reads & altered)


def _reads(constraint: Constraint) -> frozenset[str]:
    if constraint.asks is None:
        of_asked = [*_ASKED, *(f"need.{name}" for name in _NEED)]
    else:
        # `need.service.accommodation` is read of `need.service`, and the code is the service's
        of_asked = [".".join(name.split(".")[:2]).replace("need.code", "need.service") for name in constraint.asks]
    told = [*of_asked, *(f"provider.{name}" for name in constraint.looks_at)]
    return frozenset(fact for name in told for fact in _RESTS_ON.get(name, (name,)))


_READS: Final = tuple(map(_reads, CONSTRAINTS))
