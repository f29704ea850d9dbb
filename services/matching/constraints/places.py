"""
The constraint on places: whether a free one is known for the population, and which would be held.

Free is total less occupied, held and booked. It is possible, not promised: only
a live hold is (R7).
"""

from collections.abc import Iterable
from dataclasses import dataclass
from functools import lru_cache
from typing import Final

from services.matching.constraints.eligibility import judge_ages
from services.matching.model.answer import PlacesKind, PlacesView
from services.matching.model.person import ADULT_AGE, OLDEST_AGE, TRANSGENDER, Person
from services.matching.model.provider import PlaceReport, Provider, Rule, RuleKind
from services.matching.model.request import ANYONE, Asked, Item, TakenPlaces
from services.matching.model.verdicts import NO, YES, Finding, Verdict, ask_person, ask_provider

#: for whom only children have a place
CHILD_POPULATIONS: Final = frozenset({"girls", "boys"})
_POPULATIONS = {("woman", True): "girls", ("man", True): "boys", ("woman", False): "women", ("man", False): "men"}


@dataclass(frozen=True, slots=True)
class Places:
    """What is known of places at one provider for one need."""

    finding: Finding
    view: PlacesView
    items: tuple[Item, ...] = ()  #: what a hold would take; empty: nothing to hold


NOT_COUNTED: Final = Places(YES, PlacesView(kind=PlacesKind.NOT_COUNTED))


def population_of(person: Person) -> str | None:
    """Choose the population that keeps a place for a person; None if age or gender leave it open."""
    gender = person.known_gender
    if gender in TRANSGENDER:
        return "transgender"
    if person.age is None:
        is_child = None if not person.no_reason_to_believe_child else False
    elif person.age.is_disputed:
        is_child = None
    else:
        ages = {years < 18 for years in (person.age.min_years, person.age.max_years)}  # noqa: PLR2004 -- years
        is_child = ages.pop() if len(ages) == 1 else None
    return None if gender is None or is_child is None else _POPULATIONS.get((gender, is_child))


def places(asked: Asked, provider: Provider) -> Finding:
    """Whether a place is free for the population; only a night under a roof has places."""
    return places_at(asked, provider).finding


def places_at(asked: Asked, provider: Provider) -> Places:
    """Say what is known of places, and which would be held."""
    return Wanted(asked).at(provider) if asked.need.service.accommodation else NOT_COUNTED


class Wanted:
    """
    The places that a need under a roof asks for, of many providers.

    Args:
        asked: The question.
    """

    __slots__ = ("_is_child_alone", "_taken", "_wanted")

    def __init__(self, asked: Asked) -> None:
        self._wanted = wanted_places(asked)
        self._is_child_alone = may_be_child_alone(asked)
        self._taken = asked.taken

    def at(self, provider: Provider) -> Places:
        """Say what is known of places, and which would be held."""
        if not self._wanted:
            return Places(YES, _overview(provider, self._taken))
        chosen: dict[str, int] = {}  # places that earlier items of this need take
        closed = _OF_ADULTS if self._is_child_alone and keeps_children_apart(provider) else _NOBODYS
        each = [_one(item, provider, self._taken, chosen, closed) for item in self._wanted]
        worst = each[0] if len(each) == 1 else max(each, key=lambda one: _SEVERITY[one.finding.verdict])
        items = tuple(Item(population, count) for population, count in chosen.items())
        return Places(worst.finding, worst.view, items)


_SEVERITY = {Verdict.YES: 0, Verdict.UNKNOWN: 1, Verdict.NO: 2}
_OF_ADULTS: Final = frozenset({ANYONE})
_NOBODYS: Final = frozenset[str]()


def may_be_child_alone(asked: Asked) -> bool:
    """Say whether the person is or may be a child without a carer, who never sleeps among unrelated adults (R36)."""
    person = asked.person
    return person is not None and person.may_be_child and not person.is_with_carer


def keeps_children_apart(provider: Provider) -> bool:
    """
    Say whether a house has places of its own for children and may take adults too.

    Its places for anyone are those of the adults then. A house for children alone has no adults, and
    one that reports no places for children is asked by the child path how it keeps them apart.
    """
    if not any(report.population in CHILD_POPULATIONS for report in provider.place_reports):
        return False
    return _may_take_adults(provider.rules)


@lru_cache(maxsize=8192)
def _may_take_adults(rules: frozenset[Rule]) -> bool:
    return judge_ages([rule for rule in rules if rule.kind is RuleKind.AGE], [ADULT_AGE, OLDEST_AGE]) is not NO


def wanted_places(asked: Asked) -> tuple[tuple[str | None, int], ...]:
    """List population (None: not known) and count; nothing in a plain search that names none."""
    if asked.need.items:
        return tuple((item.population, item.count) for item in asked.need.items)
    return () if asked.person is None else ((population_of(asked.person), 1),)


def _one(
    wanted: tuple[str | None, int],
    provider: Provider,
    taken: TakenPlaces | None,
    chosen: dict[str, int],
    closed: frozenset[str],
) -> Places:
    population, count = wanted
    options = [each for each in provider.place_reports if each.population in {population, ANYONE} - closed]
    # a population's own places before those for anyone
    options.sort(key=lambda report: report.population == ANYONE)
    judged = [_judge(report, provider, count, taken, chosen) for report in options]
    best = min(judged, key=lambda one: _SEVERITY[one.finding.verdict], default=None)
    is_open = population is None and len(options) < len(provider.place_reports)
    if best is not None and best.finding is not YES and is_open:
        best = None
    if best is None:
        finding = ask_person("population") if is_open else ask_provider("places")
        return Places(finding, PlacesView(kind=PlacesKind.UNKNOWN, population=population or ""))
    if best.view.kind is not PlacesKind.NOT_COUNTED:  # full or not known too: the hold decides, not this copy
        chosen[best.view.population] = chosen.get(best.view.population, 0) + count
    return best


def _judge(
    report: PlaceReport, provider: Provider, count: int, taken: TakenPlaces | None, chosen: dict[str, int]
) -> Places:
    view = view_of(report, provider, taken)
    if view.kind is PlacesKind.NOT_COUNTED:
        return Places(YES, view)
    if view.kind is PlacesKind.UNKNOWN:
        return Places(ask_provider("places"), view)
    return Places(YES if view.free - chosen.get(report.population, 0) >= count else NO, view)


def view_of(report: PlaceReport, provider: Provider, taken: TakenPlaces | None) -> PlacesView:
    """Say what is known of one report: how many are free, less what is held and booked."""
    kind, free = PlacesKind.COUNTED, 0
    if report.total is None:
        kind = PlacesKind.NOT_COUNTED
    elif report.occupied is None or taken is None:
        kind = PlacesKind.UNKNOWN
    else:
        claimed = taken.get((provider.pool_id, report.population), 0)
        free = max(report.total - report.occupied - claimed, 0)
    return PlacesView(kind=kind, free=free, report_time=report.report_time, population=report.population)


def _overview(provider: Provider, taken: TakenPlaces | None) -> PlacesView:
    views: Iterable[PlacesView] = [view_of(report, provider, taken) for report in provider.place_reports]
    return max(
        views,
        key=lambda view: (view.kind is PlacesKind.COUNTED, view.free),
        default=PlacesView(kind=PlacesKind.UNKNOWN),
    )
