"""Name the area of a provider by the town that it is near, for lists that people read."""

from collections.abc import Iterable, Sequence
from functools import cache
from typing import Any, Final

import numpy as np

from ihala.records import Provider
from services.errors import InvalidInput
from services.geo import PlaceArray, Point, costs_mm

LEAST_PEOPLE: Final = 15_000  #: of a town that gives an area its name


def areas_of(providers: Iterable[Provider]) -> list[str]:
    """
    Name the areas of providers, in their order, as `LY · Tripoli`.

    A confidential site is named by the town of its gate, never by its cell. A
    provider without a position or a gate has the empty name.

    Raises:
        InvalidInput: the list of towns is not installed.
    """
    return [_area_of(provider) for provider in providers]


def _area_of(provider: Provider) -> str:
    if provider.is_confidential:
        town = _by_id(provider.country_code).get(provider.front_gate_place_id)
        return f"{provider.country_code} · {town.name}" if town else ""
    if not isinstance(provider.place, Point):
        return ""
    towns, places = _towns(provider.country_code)
    if not towns:
        return provider.country_code
    nearest = int(np.argmin(costs_mm(provider.place, places)))
    return f"{provider.country_code} · {towns[nearest].name}"


@cache
def _towns(country_code: str) -> tuple[Sequence[Any], PlaceArray]:
    large = [town for town in _by_id(country_code).values() if town.population >= LEAST_PEOPLE]
    return large, PlaceArray.of(town.point for town in large)


@cache
def _by_id(country_code: str) -> dict[str, Any]:
    try:
        from services.towns import load
    except ImportError:
        raise InvalidInput("the call sheet needs the list of towns: install ihala[directory]") from None
    return {town.place_id: town for town in load([country_code])}
