"""What the record would say if a provider answered a question with yes."""

from collections.abc import Callable, Iterator, Mapping
from dataclasses import replace
from types import MappingProxyType
from typing import Any, Final

from services.geo import AreaCell
from services.matching.constraints.places import CHILD_POPULATIONS, wanted_places
from services.matching.constraints.ways import is_parted
from services.matching.explaining.change import Case, Change, ChangeKind, Changes, with_person
from services.matching.model.person import ADULT_AGE
from services.matching.model.provider import Claim, LanguageOffer, PlaceReport, Provider, Reporting, Rule, RuleKind
from services.matching.model.request import ANYONE, Asked

_Apply = Callable[[Asked, Provider], Case]


def answers(question: str) -> Changes:
    """List what a yes to a question may mean, the likeliest first."""
    for apply in _MEANS.get(question, ()):
        yield Change(kind=ChangeKind.ASK, code=question, ask="provider", apply=apply)


def _facts(read: Callable[[Asked, Provider], Mapping[str, Any]]) -> _Apply:
    return lambda asked, provider: (asked, replace(provider, **read(asked, provider)))


def _takes_all(kind: RuleKind) -> _Apply:
    return _facts(lambda _, provider: {"rules": _others(provider, kind) | {Rule(kind=kind, claim=Claim.YES)}})


def _others(provider: Provider, kind: RuleKind) -> frozenset[Rule]:
    return frozenset(each for each in provider.rules if each.kind is not kind)


def _offers(asked: Asked, provider: Provider) -> Mapping[str, Any]:
    others = tuple(each for each in provider.claims if each[0] != asked.need.code)
    return {"claims": tuple(sorted((*others, (asked.need.code, Claim.YES))))}


def _takes_transgender_people(asked: Asked, provider: Provider) -> Mapping[str, Any]:
    gender = (asked.person and asked.person.known_gender) or ""
    rule = Rule(kind=RuleKind.GENDER, claim=Claim.YES, codes=frozenset({gender}))
    return {"rules": provider.rules | {rule}}


def _speaks(asked: Asked, provider: Provider) -> Mapping[str, Any]:
    tags = (asked.person and asked.person.languages) or ()
    return {"languages": provider.languages | {LanguageOffer(tag=tag) for tag in tags}}


def _takes_no_grown_ups(_: Asked, provider: Provider) -> Mapping[str, Any]:
    refused = Rule(kind=RuleKind.AGE, claim=Claim.NO, min_years=ADULT_AGE)
    return {"rules": provider.rules | {refused}}


def _keeps_places_for_children(_: Asked, provider: Provider) -> Mapping[str, Any]:
    return {"place_reports": (*provider.place_reports, *map(_uncounted, sorted(CHILD_POPULATIONS)))}


def _has_room(asked: Asked, provider: Provider) -> Mapping[str, Any]:
    wanted = {population or ANYONE for population, _ in wanted_places(asked)}
    others = tuple(each for each in provider.place_reports if each.population not in wanted)
    return {"place_reports": (*others, *map(_uncounted, sorted(wanted)))}


def _uncounted(population: str) -> PlaceReport:
    return PlaceReport(population=population, total=None, occupied=None, report_time=None)


def _manages(asked: Asked, provider: Provider) -> Case:
    # what is needed besides a way in is in no record, so that it is the need that falls away
    return with_person(asked, accessibility=frozenset()), replace(provider, wheelchair=Claim.YES)


def _meets_elsewhere(asked: Asked, provider: Provider) -> Case:
    """Confirm a front gate that is in no zone and on this side of the lines through the cell."""
    place = provider.place
    if not isinstance(place, AreaCell):
        return asked, provider
    envelope = replace(asked.envelope, zones=())
    lines = tuple(each for each in asked.lines if not is_parted(each, place.h3_cell))
    return replace(asked, envelope=envelope, lines=lines), provider


_MEANS: Final[Mapping[str, tuple[_Apply, ...]]] = MappingProxyType(
    {
        "service": (_facts(_offers),),
        "age": (_takes_all(RuleKind.AGE),),
        "gender": (_takes_all(RuleKind.GENDER),),
        "transgender": (_facts(_takes_transgender_people),),
        "family": (_takes_all(RuleKind.FAMILY),),
        "exploitation": (_takes_all(RuleKind.EXPLOITATION),),
        "process": (_takes_all(RuleKind.PROCESS),),
        "legal_status": (_takes_all(RuleKind.LEGAL_STATUS),),
        "documents": (
            _facts(
                lambda _, provider: {
                    "rules": _others(provider, RuleKind.DOCUMENTS) | {Rule(kind=RuleKind.DOCUMENTS, claim=Claim.NO)}
                }
            ),
        ),
        "unaccompanied_child": (_takes_all(RuleKind.UNACCOMPANIED_CHILD),),
        "children_apart": (_facts(_takes_no_grown_ups), _facts(_keeps_places_for_children)),
        "reporting": (_facts(lambda *_: {"reporting": Reporting.NONE, "co_located": Claim.NO}),),
        "languages": (_facts(_speaks),),
        "language_variety": (_facts(_speaks),),
        "staff_gender": (
            _facts(lambda asked, provider: {"staff_genders": provider.staff_genders | {asked.need.staff_gender}}),
        ),
        "accessibility": (_manages,),
        "places": (_facts(_has_room),),
        "service_area": (_facts(lambda *_: {"service_areas": ()}),),
        "front_gate": (_meets_elsewhere,),
    }
)


def known_questions() -> Iterator[str]:
    """List the questions that a provider's yes can be tried for."""
    yield from _MEANS
