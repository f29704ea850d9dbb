"""What a person may answer: each possible fact is tried, and nothing that is known is asked again."""

from collections.abc import Callable, Iterable, Iterator, Mapping
from dataclasses import replace
from itertools import pairwise, product
from types import MappingProxyType
from typing import Any, Final

from services.matching.explaining.change import Change, ChangeKind, Changes, with_need, with_person
from services.matching.model.person import ADULT_AGE, AgeRange, Person
from services.matching.model.provider import Modality, Provider, RuleKind
from services.matching.model.request import Asked
from services.taxonomy import Kind, terms

BEST_INTERESTS: Final = "best_interests"
ACCEPTS_REPORTING: Final = "accepts_reporting"

#: an answer as it is told, and the facts that it means
_Answer = tuple[str, Mapping[str, Any]]


def answers(question: str, asked: Asked, provider: Provider) -> Changes:
    """List what a person may answer to a question, in the order in which it is to be tried."""
    person = asked.person
    if question == BEST_INTERESTS:
        yield Change(
            kind=ChangeKind.RECORD,
            code=BEST_INTERESTS,
            apply=lambda asked, provider: (with_need(asked, has_best_interests=True), provider),
        )
    elif question == "travel_time":
        yield _change(question, "yes", lambda asked: replace(asked, pace=_by_good_roads(asked)))
    elif question == "country":
        yield _change(question, provider.country_code, _in_country(provider.country_code))
    elif person is not None and question in _TOLD:
        for answer, facts in _TOLD[question](person, provider):
            yield _change(question, answer, _knowing(facts))


def _change(question: str, answer: str, changed: Callable[[Asked], Asked]) -> Change:
    return Change(
        kind=ChangeKind.ASK,
        code=question,
        ask="person",
        answer=answer,
        apply=lambda asked, provider: (changed(asked), provider),
    )


def _knowing(facts: Mapping[str, Any]) -> Callable[[Asked], Asked]:
    return lambda asked: with_person(asked, **facts)


def _in_country(country_code: str) -> Callable[[Asked], Asked]:
    return lambda asked: replace(asked, country_code=country_code)


def _by_good_roads(asked: Asked) -> Any:
    """Say that somebody who knows the roads gets there as fast as anybody can."""
    pace = asked.pace
    utmost = {mode: max(pace.highest_kmh[mode], pace.usual_kmh[mode]) for mode in pace.usual_kmh}
    return replace(pace, detour=1.0, usual_kmh=utmost)


def _ages(person: Person, provider: Provider) -> Iterator[_Answer]:
    """List ranges inside what is known, the widest first, between ages at which an answer can turn."""
    if person.age is not None and (person.age.is_disputed or person.age.min_years == person.age.max_years):
        return  # an age that is disputed is nothing to press the person about
    years = list(person.possible_years)
    edges = {years[0], years[-1] + 1, ADULT_AGE}
    for rule in provider.rules_of(RuleKind.AGE):
        edges |= {rule.min_years or 0, years[-1] + 1 if rule.max_years is None else rule.max_years + 1}
    inside = sorted(each for each in edges if years[0] <= each <= years[-1] + 1)
    steps = list(pairwise(inside))
    runs = [(steps[first][0], steps[last][1] - 1) for first in range(len(steps)) for last in range(first, len(steps))]
    for youngest, oldest in sorted(runs, key=lambda run: run[0] - run[1]):
        if oldest - youngest < years[-1] - years[0]:  # the whole range is what is known already
            yield f"{youngest}-{oldest}", {"age": AgeRange(youngest, oldest)}


def _genders(person: Person, _: Provider) -> Iterable[_Answer]:
    return [] if person.known_gender else [(code, {"gender": code}) for code in terms(Kind.GENDER)]


def _sets(kind: Kind, fact: str) -> Callable[[Person, Provider], Iterable[_Answer]]:
    return lambda *_: [(code, {fact: frozenset({code})}) for code in terms(kind)]


def _unsaid(kind: Kind, fact: str, *, is_set: bool = False) -> Callable[[Person, Provider], Iterable[_Answer]]:
    """
    Try answers of which none is told to be wanted: the question is open, and the person is not led (R31, R44).

    What happened to somebody, what it is presumed to be and which status they have decide
    more than a house. Whoever knew the answer that opens one could ask until it came.
    """
    return lambda *_: [("", {fact: frozenset({code}) if is_set else code}) for code in terms(kind)]


def _populations(person: Person, _: Provider) -> Iterator[_Answer]:
    """List who the person may be, of those for whom places are kept by age and gender."""
    if person.age is not None and person.age.is_disputed:
        return
    years = list(person.possible_years)
    spans = [[each for each in years if each < ADULT_AGE], [each for each in years if each >= ADULT_AGE]]
    genders = [person.known_gender] if person.known_gender else ["woman", "man"]
    names = {("woman", 0): "girls", ("man", 0): "boys", ("woman", 1): "women", ("man", 1): "men"}
    for gender, which in product(genders, (0, 1)):
        if spans[which] and (gender, which) in names:
            age = AgeRange(spans[which][0], spans[which][-1])
            yield names[gender, which], {"age": age, "gender": gender}


def _languages(_: Person, provider: Provider) -> Iterable[_Answer]:
    tags = sorted(each.tag for each in provider.languages if each.modality is not Modality.WRITTEN)
    return [(tag, {"languages": frozenset({tag})}) for tag in dict.fromkeys(tags)]


_TOLD: Final[Mapping[str, Callable[[Person, Provider], Iterable[_Answer]]]] = MappingProxyType(
    {
        "age": _ages,
        "gender": _genders,
        "family": _sets(Kind.FAMILY, "family"),
        "exploitation": _unsaid(Kind.EXPLOITATION, "exploitation", is_set=True),
        "process": _unsaid(Kind.PROCESS, "process"),
        "legal_status": _unsaid(Kind.STATUS_CLASS, "status_class"),
        "documents": lambda *_: [("yes", {"has_documents": True})],
        ACCEPTS_REPORTING: lambda *_: [("yes", {"accepts_reporting": True})],
        "unaccompanied": lambda *_: [("no", {"is_unaccompanied": False}), ("yes", {"is_unaccompanied": True})],
        "languages": _languages,
        "accessibility": lambda *_: [("no", {"accessibility": frozenset()})],
        "population": _populations,
    }
)


def known_questions() -> Iterator[str]:
    """List the questions to a person for which answers can be tried."""
    yield from (*_TOLD, BEST_INTERESTS, "travel_time", "country")
