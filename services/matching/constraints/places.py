"""
The constraint on places: whether a free one is known for the population, and which would be held.

Free is total less occupied, held and booked. It is possible, not promised: only
a live hold is (R7).
"""

from collections.abc import Iterable
from functools import lru_cache
from typing import Final, NamedTuple

from services.matching.constraints.eligibility import judge_ages
from services.matching.model.answer import NOT_COUNTED, PlacesKind, PlacesView
from services.matching.model.person import ADULT_AGE, OLDEST_AGE
from services.matching.model.provider import PlaceReport, Provider, Rule, RuleKind
from services.matching.model.request import ANYONE, Asked, Item, TakenPlaces
from services.matching.model.verdicts import NO, YES, Finding, Verdict, ask_person, ask_provider

#: for whom only children have a place
CHILD_POPULATIONS: Final = frozenset({"girls", "boys"})
ASK_PLACES: Final = ask_provider("places")
ASK_POPULATION: Final = ask_person("population")
UNKNOWNS: Final = (ASK_PLACES, ASK_POPULATION)  #: all that is unknown here


class Places(NamedTuple):
    """What is known of places at one provider for one need."""

    finding: Finding
    view: PlacesView
    items: tuple[Item, ...] = ()  #: what a hold would take; empty: nothing to hold


NOBODY_COUNTS: Final = Places(YES, NOT_COUNTED)


def places(asked: Asked, provider: Provider) -> Finding:
    """Whether a place is free for the population; only a night under a roof has places."""
    return places_at(asked, provider).finding


def places_at(asked: Asked, provider: Provider) -> Places:
    """Say what is known of places, and which would be held."""
    return Wanted(asked).at(provider) if asked.need.service.accommodation else NOBODY_COUNTS


class Wanted:
    """
    The places that a need under a roof asks for, of many providers.

    Args:
        asked: The question.
    """

    __slots__ = ("_is_child_alone", "_taken", "_unreported", "_wanted")

    def __init__(self, asked: Asked) -> None:
        self._wanted = [_Item(population, count) for population, count in wanted_places(asked)]
        self._is_child_alone = may_be_child_alone(asked)
        self._taken = asked.taken
        population = self._wanted[0].population if self._wanted else None
        self._unreported = Places(ASK_PLACES, PlacesView(kind=_UNKNOWN, population=population or ""))

    def at(self, provider: Provider) -> Places:
        """Say what is known of places, and which would be held."""
        if not self._wanted:
            return Places(YES, _overview(provider, self._taken))
        if not provider.place_reports:  # as of most: nobody has ever said
            return self._unreported
        chosen: dict[str, int] = {}  # places that earlier items of this need take
        is_apart = self._is_child_alone and keeps_children_apart(provider)
        each = [_one(item, provider, self._taken, chosen, is_apart=is_apart) for item in self._wanted]
        worst = each[0] if len(each) == 1 else max(each, key=_severity)
        return Places(worst.finding, worst.view, tuple([Item(*each) for each in chosen.items()]))


class _Item:
    """Places for one population, None if that is not known."""

    __slots__ = ("count", "population", "populations", "populations_apart")

    def __init__(self, population: str | None, count: int) -> None:
        self.population = population
        self.count = count
        self.populations = frozenset({population, ANYONE})  #: who may keep a place for it
        self.populations_apart = self.populations - {ANYONE}  #: where those for anyone are the adults'


_SEVERITY = {Verdict.YES: 0, Verdict.UNKNOWN: 1, Verdict.NO: 2}
# looked up once: of an enum that takes a while
_COUNTED: Final = PlacesKind.COUNTED
_NOT_COUNTED: Final = PlacesKind.NOT_COUNTED
_UNKNOWN: Final = PlacesKind.UNKNOWN


def _severity(one: Places) -> int:
    return _SEVERITY[one.finding.verdict]


def may_be_child_alone(asked: Asked) -> bool:
    """Say whether the person is or may be a child without a carer, who never sleeps among unrelated adults (R36)."""
    person = asked.person
    return person is not None and person.is_child_alone is not False


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
    return judge_ages(tuple([rule for rule in rules if rule.kind is RuleKind.AGE]), ADULT_AGE, OLDEST_AGE) is not NO


def wanted_places(asked: Asked) -> tuple[tuple[str | None, int], ...]:
    """List population (None: not known) and count; nothing in a plain search that names none."""
    if asked.need.items:
        return tuple((item.population, item.count) for item in asked.need.items)
    return () if asked.person is None else ((asked.person.population, 1),)


def _one(
    item: _Item, provider: Provider, taken: TakenPlaces | None, chosen: dict[str, int], *, is_apart: bool
) -> Places:
    populations = item.populations_apart if is_apart else item.populations
    options = [each for each in provider.place_reports if each.population in populations]
    if len(options) > 1:  # a population's own places before those for anyone
        options.sort(key=lambda report: report.population == ANYONE)
    judged = [_judge(report, provider, item.count, taken, chosen) for report in options]
    best = min(judged, key=_severity, default=None)
    is_open = item.population is None and len(options) < len(provider.place_reports)
    if best is not None and best.finding is not YES and is_open:
        best = None
    if best is None:
        finding = ASK_POPULATION if is_open else ASK_PLACES
        return Places(finding, PlacesView(kind=_UNKNOWN, population=item.population or ""))
    if best.view.kind is not _NOT_COUNTED:  # full or not known too: the hold decides, not this copy
        chosen[best.view.population] = chosen.get(best.view.population, 0) + item.count
    return best


def _judge(
    report: PlaceReport, provider: Provider, count: int, taken: TakenPlaces | None, chosen: dict[str, int]
) -> Places:
    view = view_of(report, provider, taken)
    if view.kind is _NOT_COUNTED:
        return Places(YES, view)
    if view.kind is _UNKNOWN:
        return Places(ASK_PLACES, view)
    return Places(YES if view.free - chosen.get(report.population, 0) >= count else NO, view)


def view_of(report: PlaceReport, provider: Provider, taken: TakenPlaces | None) -> PlacesView:
    """Say what is known of one report: how many are free, less what is held and booked."""
    kind, free = _COUNTED, 0
    if report.total is None:
        kind = _NOT_COUNTED
    elif report.occupied is None or taken is None:
        kind = _UNKNOWN
    else:
        claimed = taken.get((provider.pool_id, report.population), 0)
        free = max(report.total - report.occupied - claimed, 0)
    return PlacesView(kind=kind, free=free, report_time=report.report_time, population=report.population)


def _overview(provider: Provider, taken: TakenPlaces | None) -> PlacesView:
    views: Iterable[PlacesView] = [view_of(report, provider, taken) for report in provider.place_reports]
    return max(
        views,
        key=lambda view: (view.kind is _COUNTED, view.free),
        default=PlacesView(kind=_UNKNOWN),
    )
