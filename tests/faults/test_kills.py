"""SIGKILL in the middle of referrals: none is lost, none is doubled, no place is given twice (F3, L1)."""

import random
from collections.abc import Sequence

import pytest

from tests.faults.breaking import NATS, POSTGRES, kill, stall, start_again
from tests.faults.storm import Storm
from tests.faults.weather import await_referrals, blowing, storm_at
from tests.house import House

#: nats-py leaves the socket of a server that stands still open until it is collected
pytestmark = pytest.mark.filterwarnings("ignore::pytest.PytestUnraisableExceptionWarning")

SERVICES = ("directory", "matching", "referrals", "notify")
ALL = (*SERVICES, POSTGRES, NATS)
STALL_S = 3.0
STALL_EACH = 10  #: so many kills


def kill_in_turn(house: House, storm: Storm, victims: Sequence[str]) -> None:
    """Kill one process after the other, spread over the whole storm, and start each again; some stand still before."""
    for number, name in enumerate(victims, start=1):
        await_referrals(storm, number * storm.cases // (len(victims) + 1))
        if number % STALL_EACH == 0:
            stall(house, name, STALL_S)
        kill(house, name)
        start_again(house, name)


def test_every_process_killed_once_in_200_referrals(house: House) -> None:
    with blowing(storm_at(house, "storm", 200, 120)) as storm:
        kill_in_turn(house, storm, ALL)


@pytest.mark.long
@pytest.mark.parametrize("seed", range(3))
def test_thirty_kills_of_any_process_in_a_thousand_referrals(house: House, seed: int) -> None:
    victims = random.Random(seed).choices(ALL, k=30)
    with blowing(storm_at(house, f"gale-{seed}", 1000, 600, patience_s=900)) as storm:
        kill_in_turn(house, storm, victims)


@pytest.mark.long
def test_a_hundred_kills_in_ten_thousand_referrals(house: House) -> None:
    """L1: at least 10,000 acknowledged referrals, and at least 100 kills spread over all processes."""
    victims = [*random.Random(5).choices(ALL, k=102)]
    with blowing(storm_at(house, "hurricane", 10_300, 10_050, patience_s=3300)) as storm:
        kill_in_turn(house, storm, victims)
