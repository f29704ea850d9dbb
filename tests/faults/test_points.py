"""
Every point between a request and an alert at which a process can die, walked through while referrals go on (F1, F2).

Expected: up to M4 the sender asks again and there is one referral; at M5 it gets the same one again;
at L and N what is told again is recognised; at C an alert goes out again under its id; at E no place is freed twice.
"""

from collections.abc import Iterator, Sequence
from dataclasses import dataclass, field
from itertools import chain, repeat

import psycopg
import pytest

from services.runtime.embedded.processes import Child
from services.runtime.failpoints import FLAG, POINTS, VARIABLE
from tests.faults.breaking import begin, kill
from tests.faults.weather import await_that, blowing, storm_at
from tests.house import House

REFERRALS = ("M1", "M2", "M3", "M4", "M5", "L1", "L2", "L3", "L4", "E1", "E2")
NOTIFY = ("N1", "N2", "N3", "N4", "C1", "C2", "C3")
PLACES = 5000
KILLED = -9
LAPSE_NOW = "UPDATE referrals.hold SET expire_time = now() - interval '1 s' WHERE state = 'held'"


@dataclass
class Lane:
    """A service that dies at one point after the other."""

    house: House
    service: str
    points: Iterator[str]
    at: str = ""
    passed: list[str] = field(default_factory=list)
    _child: Child | None = None

    def step(self) -> bool:
        """Start the service for its next point if it has died at the last one; False once all are passed."""
        if self._child is None:
            kill(self.house, self.service)
        elif not self._child.ended.is_set():
            if self.at.startswith("E"):
                self._lapse()
            return True
        else:
            assert self._child.exit_code == KILLED, self._child.log_tail()
            self.passed.append(self.at)
            self.house.supervisor.children.remove(self._child)
        self.at = next(self.points, "")
        if not self.at:
            self.house.start_again(self.service)
            return False
        self._child = begin(self.house, self.service, {VARIABLE: f"{self.at}:kill9", FLAG: "1"})
        return True

    def _lapse(self) -> None:
        with psycopg.connect(self.house.parts.database_url, autocommit=True) as connection:
            connection.execute(LAPSE_NOW)


def test_every_point_has_a_lane() -> None:
    assert sorted(POINTS) == sorted([*REFERRALS, *NOTIFY])


@pytest.mark.parametrize(
    ("in_referrals", "in_notify", "repeats"),
    [
        pytest.param(("M4", "M5", "L3", "E2"), ("N2", "N3", "C3"), 1, id="some"),
        pytest.param(REFERRALS, NOTIFY, 6, id="all", marks=pytest.mark.long),
    ],
)
def test_a_process_that_dies_at_any_point_loses_and_doubles_nothing(
    house: House, in_referrals: Sequence[str], in_notify: Sequence[str], repeats: int
) -> None:
    lanes = [
        Lane(house, "referrals", chain.from_iterable(repeat(in_referrals, repeats))),
        Lane(house, "notify", chain.from_iterable(repeat(in_notify, repeats))),
    ]
    with blowing(storm_at(house, f"points-{repeats}", PLACES, patience_s=1500)) as storm:
        await_that(storm, lambda: bool(storm.accepted), "the first yes")
        working = list(lanes)

        def walked() -> bool:
            working[:] = [lane for lane in working if lane.step()]
            return not working

        await_that(storm, walked, "points", within_s=1200)
        storm.enough.set()

    assert [lane.passed for lane in lanes] == [[*in_referrals] * repeats, [*in_notify] * repeats]
