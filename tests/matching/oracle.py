"""
What no answer may ever hold, in the plainest words and with nothing of ours but the values.

Circles by the geodesics of WGS84, outlines by counting crossings of a ray, ways
by walking along them, cells by scattering points. Where a walk or a scattering
cannot be sure, the oracle says nothing: it finds violations, and only those.
"""

from dataclasses import dataclass
from datetime import datetime, timedelta
from functools import lru_cache
from itertools import pairwise
from random import Random

import h3
import numpy as np
import numpy.typing as npt
from pyproj import Geod

from services.geo import AreaCell, Point, position_of
from services.matching.model.person import Person
from services.matching.model.provider import Claim, Provider, Reporting, RuleKind, VettingState
from services.matching.model.request import Asked

WGS84 = Geod(ellps="WGS84")
ADULT = 18  #: years
STEPS = 240  #: along a way
MARGIN_DEG = 0.002
SCATTERED = 200  #: points in a cell

Degrees = npt.NDArray[np.float64]
Inside = npt.NDArray[np.bool_]


@dataclass(frozen=True)
class Wall:
    """A zone as the oracle knows it: a circle or a ring of corners, and when."""

    middle: Point
    radius_m: float = 0.0  #: 0: by the corners
    corners: tuple[tuple[float, float], ...] = ()  #: longitude and latitude, closed
    start_time: datetime | None = None
    end_time: datetime | None = None

    def holds(self, east: Degrees, north: Degrees) -> Inside:
        if self.radius_m:
            same = np.ones(len(east))
            away = WGS84.inv(same * self.middle.longitude_deg, same * self.middle.latitude_deg, east, north)[2]
            return np.asarray(away) <= self.radius_m
        inside = np.zeros(len(east), dtype=np.bool_)
        for (x1, y1), (x2, y2) in pairwise(self.corners):
            if y1 == y2:
                continue
            spans = (y1 > north) != (y2 > north)
            inside ^= spans & (east < (x2 - x1) * (north - y1) / (y2 - y1) + x1)
        return inside

    def holds_around(self, east: Degrees, north: Degrees) -> list[Inside]:
        """Look a little to all sides too, where a rim is drawn a little wider or straighter."""
        sides = [(x * MARGIN_DEG, y * MARGIN_DEG) for x in (-1, 0, 1) for y in (-1, 0, 1)]
        return [self.holds(east + x, north + y) for x, y in sides]

    def counts(self, now: datetime, when: datetime, *, stays: bool) -> bool:
        """Say whether it surely counts: it is in force now, when the person is there, or while she sleeps there."""
        moments = [now, when, *([when + timedelta(days=days) for days in range(1, 30)] if stays else [])]
        return any(
            (self.start_time is None or self.start_time <= each) and (self.end_time is None or each < self.end_time)
            for each in moments
        )


@dataclass(frozen=True)
class Told:
    """What the oracle is told of a request besides the question."""

    walls: tuple[Wall, ...] = ()
    is_escorted: bool = False
    apart_ids: frozenset[str] = frozenset()
    together_ids: tuple[frozenset[str], ...] = ()


def violations(
    asked: Asked, told: Told, listed: list[tuple[Provider, bool]], directory: dict[str, Provider]
) -> list[str]:
    """
    List what is wrong with an answer.

    Args:
        asked: The question.

        told: Its envelope, as the oracle reads it.

        listed: Each provider in an answer, and whether it is in the list that needs no question.

        directory: Everybody by id.
    """
    found = [
        f"{provider.provider_id}: {fault}"
        for provider, _ in listed
        for fault in _by_words(asked, told, provider, directory)
    ]
    walls = [
        each
        for each in told.walls
        if each.counts(asked.now_time, asked.when_time, stays=asked.need.service.accommodation)
    ]
    for provider, is_sure in listed if walls else ():
        found += [
            f"{provider.provider_id}: {fault}" for fault in _by_ground(asked, told, walls, provider, is_sure=is_sure)
        ]
    return found


def _by_words(asked: Asked, told: Told, provider: Provider, directory: dict[str, Provider]) -> list[str]:
    service = asked.need.service
    is_together = all(_shares(provider, each, directory) for each in told.together_ids)
    rules = {
        "excluded by id": provider.provider_id in asked.excluded_provider_ids,
        "not kept apart": _shares(provider, told.apart_ids, directory),
        "not together": service.accommodation and not is_together,
        "suspended": provider.vetting is VettingState.SUSPENDED,
        "detention": provider.is_detention and service.accommodation,
    }
    if asked.person is not None and not service.life_first:
        rules |= {"would report": _would_report(asked.person, provider)} | _of_a_child(asked, asked.person, provider)
    return [fault for fault, holds in rules.items() if holds]


def _would_report(person: Person, provider: Provider) -> bool:
    reports = provider.reporting in {Reporting.BY_LAW, Reporting.BY_POLICY} or provider.co_located is Claim.YES
    return reports and person.status_class == "irregular" and not person.accepts_reporting


def _of_a_child(asked: Asked, person: Person, provider: Provider) -> dict[str, bool]:
    is_child = person.age.min_years < ADULT or person.age.is_disputed if person.age else True
    if person.age is None and person.no_reason_to_believe_child:
        is_child = False
    ends = provider.vetting_expire_time
    is_vetted = provider.vetting is VettingState.VETTED and (ends is None or ends > asked.when_time)
    ages = [rule for rule in provider.rules if rule.kind is RuleKind.AGE]
    is_for_adults = bool(ages) and all(rule.claim is Claim.YES and (rule.min_years or 0) >= ADULT for rule in ages)
    alone = {rule.claim for rule in provider.rules if rule.kind is RuleKind.UNACCOMPANIED_CHILD}
    governed = is_child and asked.need.code in {"ACC-EMG", "ACC-HOT", "TRN-ESC"}
    return {
        "child with the unvetted": governed and not is_vetted,
        "child detained": governed and provider.is_detention,
        "child among adults": governed and is_for_adults,
        "child alone at a hotel": governed and asked.need.code == "ACC-HOT" and bool(person.is_unaccompanied),
        "takes no child alone": is_child and bool(person.is_unaccompanied) and Claim.NO in alone,
    }


def _shares(provider: Provider, ids: frozenset[str], directory: dict[str, Provider]) -> bool:
    for each in ids:
        other = directory.get(each)
        if provider.provider_id == each:
            return True
        if other is not None and (
            other.pool_id == provider.pool_id or (other.location_id and other.location_id == provider.location_id)
        ):
            return True
    return False


def _by_ground(asked: Asked, told: Told, walls: list[Wall], provider: Provider, *, is_sure: bool) -> list[str]:
    place = provider.place
    if place is None:
        return []
    here, there = position_of(asked.origin), position_of(place)
    faults = []
    if any(wall.holds(np.array([there.longitude_deg]), np.array([there.latitude_deg]))[0] for wall in walls):
        faults.append("in a zone")
    if not told.is_escorted and any(_enters(wall, here, there) for wall in walls):
        faults.append("the way enters a zone")
    if isinstance(place, AreaCell):
        share = _share(walls, place)
        if share > 0.6:
            faults.append("most of its cell in a zone")
        if share > 0.1 and is_sure and not asked.need.service.life_first:
            faults.append("in the first list though a zone holds a part of its cell")
    return faults


def _enters(wall: Wall, here: Point, there: Point) -> bool:
    along = np.linspace(0.0, 1.0, STEPS)
    east = here.longitude_deg + along * (there.longitude_deg - here.longitude_deg)
    north = here.latitude_deg + along * (there.latitude_deg - here.latitude_deg)
    around = wall.holds_around(east, north)
    surely, perhaps = np.logical_and.reduce(around), np.logical_or.reduce(around)
    if not perhaps[0]:
        return bool(surely.any())
    outside = np.flatnonzero(~perhaps)
    return bool(len(outside) and surely[outside[0] :].any())


def _share(walls: list[Wall], cell: AreaCell) -> float:
    east, north = _scattered(cell.h3_cell)
    held = np.zeros(len(east), dtype=np.bool_)
    for wall in walls:
        held |= wall.holds(east, north)
    return float(held.mean())


@lru_cache(maxsize=100_000)
def _scattered(h3_cell: str) -> tuple[Degrees, Degrees]:
    random = Random(h3_cell)
    north, east = h3.cell_to_latlng(h3_cell)
    size = 1.2 / 2.4 ** (h3.get_resolution(h3_cell) - 3)  # degrees: a square around the cell
    points: list[tuple[float, float]] = []
    while len(points) < SCATTERED:
        point = north + random.uniform(-size, size), east + random.uniform(-size, size)
        if h3.latlng_to_cell(*point, h3.get_resolution(h3_cell)) == h3_cell:
            points.append((point[1], point[0]))
    scattered = np.array(points).T
    return scattered[0], scattered[1]
