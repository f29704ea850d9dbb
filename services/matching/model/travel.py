"""
How long a way takes: an estimate from its length alone, and stated as one.

Nobody has looked at roads. A straight way is lengthened by a detour and divided
by a usual speed; both are settings. What cannot be done even straight ahead at
the highest speed is surely too far.
"""

import math
from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta
from enum import StrEnum
from functools import lru_cache
from typing import Final, NamedTuple

_MM_PER_H_PER_KMH: Final = 1_000_000.0
_S_PER_H: Final = 3600.0
EVERY: Final = timedelta(minutes=5)  #: an estimate is no finer
EPOCH: Final = datetime(1970, 1, 1, tzinfo=UTC)
_SECOND: Final = timedelta(seconds=1)
EVERY_S: Final = EVERY // _SECOND
_MICROSECOND: Final = timedelta(microseconds=1)
US_PER_S: Final = 1_000_000


class Mode(StrEnum):
    """How somebody gets there."""

    CAR = "car"
    PUBLIC = "public"  #: bus, shared taxi or train
    FOOT = "foot"

    __hash__ = str.__hash__  # an enum's own is slow, and each way is looked up by it


@dataclass(frozen=True, slots=True, kw_only=True)
class Pace:
    """How fast people get on."""

    detour: float = 1.4  #: how much longer a way is than the straight line, at least 1
    usual_kmh: Mapping[Mode, float] = field(default_factory=lambda: {Mode.CAR: 50.0, Mode.PUBLIC: 30.0, Mode.FOOT: 4.0})
    highest_kmh: Mapping[Mode, float] = field(
        default_factory=lambda: {Mode.CAR: 120.0, Mode.PUBLIC: 120.0, Mode.FOOT: 6.0}
    )  #: on a straight way nobody is faster
    _seconds_a_mm: Mapping[Mode, float] = field(init=False, repr=False, compare=False)  #: by the usual estimate

    def __post_init__(self) -> None:
        seconds = {mode: self.detour * _S_PER_H / (kmh * _MM_PER_H_PER_KMH) for mode, kmh in self.usual_kmh.items()}
        object.__setattr__(self, "_seconds_a_mm", seconds)

    def travel_s(self, mode: Mode, cost_mm: int) -> int:
        """Estimate seconds for a distance in whole millimetres, rounded up."""
        return math.ceil(cost_mm * self._seconds_a_mm[mode])

    def seconds_a_mm(self, mode: Mode) -> float:
        """Say how long a millimetre takes: `travel_s` rounds the whole up."""
        return self._seconds_a_mm[mode]

    def longest_mm(self, mode: Mode, seconds: float) -> int:
        """Say for which greatest distance the estimate is at most so many seconds, at least 0."""
        most_mm = int(seconds / self._seconds_a_mm[mode])
        while self.travel_s(mode, most_mm) > seconds:
            most_mm -= 1
        while self.travel_s(mode, most_mm + 1) <= seconds:
            most_mm += 1
        return most_mm

    def usual_reach_mm(self, mode: Mode, seconds: float) -> int:
        """Say how far one usually gets in a time."""
        return int(self.usual_kmh[mode] * _MM_PER_H_PER_KMH * seconds / _S_PER_H / self.detour)

    def utmost_reach_mm(self, mode: Mode, seconds: float) -> int:
        """Say beyond which distance nobody gets in a time."""
        return int(max(self.highest_kmh[mode], self.usual_kmh[mode]) * _MM_PER_H_PER_KMH * seconds / _S_PER_H)


USUAL_PACE: Final = Pace()


class Travel(NamedTuple):
    """When somebody would be there, as an estimate."""

    duration_s: int
    arrival_time: datetime
    mode: Mode


class Departure:
    """
    Says when somebody is there who leaves so as to be there at a time, or now if that is too late for it.

    Args:
        now: When one can leave.

        when: When one would be there.
    """

    __slots__ = ("_reckoned", "_when")

    def __init__(self, now: datetime, when: datetime) -> None:
        self._when = when
        self._reckoned = reckoned((now - EPOCH) // _MICROSECOND, (when - EPOCH) // _MICROSECOND)

    def arrival(self, travel_s: int) -> datetime:
        """Say when after a way of so many seconds: `when`, or else the estimate, rounded up to five minutes."""
        early_s, first, late_s = self._reckoned
        return self._when if travel_s <= early_s else moment(first - (-(travel_s + late_s) // EVERY_S))


def reckoned(now_us: int, when_us: int) -> tuple[int, int, int]:
    """
    Find the numbers by which arrivals are reckoned.

    Args:
        now_us: When one can leave, in microseconds since 1970.

        when_us: When one would be there.

    Returns:
        A way of so many seconds is done by `when`; of the moments of `moment`, the last before one can leave; and how
        many seconds after it one leaves.
    """
    first, late_us = divmod(now_us, EVERY_S * US_PER_S)
    return (when_us - now_us) // US_PER_S, first, -(-late_us // US_PER_S)


@lru_cache(maxsize=4096)
def moment(number: int) -> datetime:
    """Name the moment after a number of five minutes: the same few are said of many rows."""
    return EPOCH + number * EVERY
