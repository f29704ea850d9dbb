"""The ways in which one person can take places at a provider, and who may not take which (R36, R38)."""

from collections.abc import Mapping
from itertools import product
from typing import Final

from services.matching.constraints.eligibility import judge_ages
from services.matching.constraints.places import CHILD_POPULATIONS, view_of, wanted_places
from services.matching.model.answer import PlacesKind
from services.matching.model.person import ADULT_AGE, OLDEST_AGE
from services.matching.model.provider import PlaceReport, Provider, RuleKind
from services.matching.model.request import ANYONE, Asked
from services.matching.model.verdicts import NO
from services.matching.planning.model import Pool, Way

_MOST_WAYS: Final = 64


def ways_at(asked: Asked, provider: Provider, *, is_alone: bool) -> tuple[tuple[Way, ...], Mapping[Pool, int]]:
    """
    List the ways in which one person takes places, the population's own before those for anyone.

    Args:
        asked: The need for a roof.

        provider: One of whom every constraint says yes.

        is_alone: A child without its carer beside it: it takes places of girls or boys only, unless no adult is taken.

    Returns:
        The ways, none where no place would do; and what is free in each pool that they name.
    """
    among_children = is_alone and judge_ages(provider.rules_of(RuleKind.AGE), ADULT_AGE, OLDEST_AGE) is not NO
    free: dict[Pool, int] = {}
    options: list[list[tuple[Pool | None, int]]] = []
    for population, count in wanted_places(asked):
        reports = [each for each in provider.place_reports if each.population in {population, ANYONE}]
        if among_children:
            reports = [each for each in reports if each.population in CHILD_POPULATIONS]
        reports.sort(key=lambda each: each.population == ANYONE)
        options.append([(pool, count) for each in reports for pool in _pools(each, provider, asked, count, free)])
    ways: dict[Way, None] = {}
    for chosen in product(*options):
        ways[_joined(chosen)] = None
        if len(ways) == _MOST_WAYS:
            break
    fitting = [way for way in ways if all(free[pool] >= count for pool, count in way)]
    return tuple(fitting), free


def _pools(
    report: PlaceReport, provider: Provider, asked: Asked, count: int, free: dict[Pool, int]
) -> list[Pool | None]:
    """Name the pool that a report counts: None where nothing is counted, nothing where no place is known."""
    view = view_of(report, provider, asked.taken)
    if view.kind is PlacesKind.NOT_COUNTED:
        return [None]
    if view.kind is PlacesKind.UNKNOWN or view.free < count:
        return []
    pool = (provider.pool_id, report.population)
    free[pool] = min(free.get(pool, view.free), view.free)
    return [pool]


def _joined(chosen: tuple[tuple[Pool | None, int], ...]) -> Way:
    taken: dict[Pool, int] = {}
    for pool, count in chosen:
        if pool is not None:
            taken[pool] = taken.get(pool, 0) + count
    return tuple(sorted(taken.items()))
