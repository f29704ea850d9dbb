"""What a question may bring besides a person: danger zones, persons to keep apart from, drawn lines, a deadline."""

from collections.abc import Callable, Mapping, Sequence
from dataclasses import replace
from datetime import timedelta
from math import cos, pi, radians, sin
from random import Random
from types import MappingProxyType
from typing import Any, Final

from services.geo import Point, position_of
from services.geo.outlines import laid_out, laid_out_disc
from services.geo.shadows import Enclosure
from services.matching.model.lines import Line
from services.matching.model.request import Asked
from services.matching.model.safety import Kin, Zone
from services.taxonomy import Urgency

_KM_A_DEGREE: Final = 111.0
_CORNERS: Final = 40  #: of an outline
_POINTS: Final = 200  #: of a border
_APART: Final = Kin(frozenset({"a house"}), frozenset({"its beds"}), frozenset({"its street"}))


def with_zone(asked: Asked, random: Random) -> Asked:
    """Keep out of one zone: a circle of 2 or 20 km, one for some hours, or an outline, somewhere near."""
    start = position_of(asked.origin)
    middle = _beside(start, random.uniform(2.0, 80.0), random.uniform(0.0, 2 * pi))
    zone = Zone(Enclosure.of(_shape(middle, random)))
    if random.random() < 0.3:  # noqa: PLR2004 -- a share
        zone = replace(zone, start_time=asked.now_time, end_time=asked.now_time + timedelta(hours=9))
    return replace(asked, envelope=replace(asked.envelope, zones=(zone,), start=start))


def with_lines(asked: Asked, _: Random) -> Asked:
    """Stop at a border of 200 points from the coast to the desert, and at another from ten in the evening."""
    return replace(asked, lines=LINES)


def with_deadline(asked: Asked, random: Random) -> Asked:
    """Ask for somebody who can be reached in time."""
    urgency = random.choice((Urgency.IMMEDIATE, Urgency.EMERGENCY, Urgency.URGENT))
    return replace(asked, need=replace(asked.need, urgency=urgency))


def kept_apart(asked: Asked, _: Random) -> Asked:
    """Keep away from a person who is somewhere else."""
    return replace(asked, envelope=replace(asked.envelope, apart=_APART))


KINDS: Final[Mapping[str, Callable[[Asked, Random], Asked]]] = MappingProxyType(
    {
        "with a danger zone": with_zone,
        "with lines": with_lines,
        "with a deadline": with_deadline,
        "kept apart": kept_apart,
    }
)

_SHARES: Final[Mapping[str, float]] = MappingProxyType(
    {"with a danger zone": 1 / 3, "with lines": 1 / 3, "with a deadline": 1 / 3, "kept apart": 0.1}
)


def all_on(questions: Sequence[Asked], seed: int) -> list[Asked]:
    """Bring each kind to some questions, however the others fell: most have one of them, many several."""
    random = Random(seed)
    found = []
    for question in questions:
        asked = question
        for name, bring in KINDS.items():
            asked = bring(asked, random) if random.random() < _SHARES[name] else asked
        found.append(asked)
    return found


def _shape(middle: Point, random: Random) -> Any:
    kind = random.choice(("street", "town", "outline"))
    if kind != "outline":
        return laid_out_disc(middle, 2_000.0 if kind == "street" else 20_000.0)
    ring = [_beside(middle, random.uniform(10.0, 30.0), 2 * pi * corner / _CORNERS) for corner in range(_CORNERS)]
    return laid_out((*ring, ring[0]))


def _beside(middle: Point, away_km: float, angle: float) -> Point:
    away_deg = away_km / _KM_A_DEGREE
    east_deg = away_deg * cos(angle) / cos(radians(middle.latitude_deg))
    return Point(middle.latitude_deg + away_deg * sin(angle), middle.longitude_deg + east_deg)


def _border(seed: int, west_deg: float) -> tuple[Point, ...]:
    random, east_deg, points = Random(seed), west_deg, []
    for number in range(_POINTS):
        points.append(Point(36.5 - 18.0 * number / _POINTS, east_deg))
        east_deg += random.uniform(-0.1, 0.1)
    return tuple(points)


LINES: Final = (
    Line(line_id="border", points=_border(7, 11.0)),
    Line(
        line_id="curfew",
        points=_border(8, -3.0),
        starts_at="22:00",
        ends_at="05:00",
        time_zone="Africa/Tripoli",
    ),
)
