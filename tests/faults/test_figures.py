"""How fast an alert is, and that a broker that is away delays no referral (L4, L5, F4): figures of one run."""

import asyncio
import os
import time
from collections.abc import Callable, Iterator
from statistics import median

import psycopg
import pytest

from tests.faults.breaking import NATS, kill, start_again
from tests.faults.pace import paces, percentile, time_commits
from tests.faults.weather import storm_at
from tests.house import House, house_in

PLACES = 20_000
#: a second, for so many seconds; the goal is 50 ms at 100 a second on a machine that does nothing else
RATES = ((10.0, 15.0), (20.0, 15.0), (40.0, 15.0), (100.0, 30.0))
SHARES = (0.5, 0.99)
CREATE = (20.0, 10.0)
TURNS = 5
WITH, WITHOUT = "with", "without"
UNCHANGED = 1.2
UNPUBLISHED = "SELECT 1 FROM referrals.event WHERE published_time IS NULL AND offer_id IS NOT NULL LIMIT 1"
PUBLISHED_WITHIN_S = 60.0
Record = Callable[[str, object], None]


@pytest.fixture(scope="module")
def house(tmp_path_factory: pytest.TempPathFactory) -> Iterator[House]:
    """Run one house in which PostgreSQL keeps the time of each commit."""
    with house_in(tmp_path_factory.mktemp("figures") / ".ihala") as house:
        time_commits(house)
        yield house


@pytest.mark.long
def test_an_alert_follows_the_commit(house: House, record_property: Record) -> None:
    for pace in asyncio.run(paces(storm_at(house, "pace", PLACES), *RATES)):
        late_s = pace.latencies_s()
        figures = [f"{percentile(late_s, share) * 1000:.0f}" for share in SHARES]
        record_property(f"alert at {pace.rate:.0f}/s, p50 and p99, ms", " ".join(figures))
        record_property(f"answer at {pace.rate:.0f}/s, p50, ms", f"{percentile(pace.took_s, 0.5) * 1000:.0f}")
        record_property(f"answered at {pace.rate:.0f}/s", f"{len(pace.took_s)} of {pace.rate * pace.seconds:.0f}")
        spent = [
            f"{name} {seconds / len(late_s) * 1000:.1f}" for name, seconds in pace.processor_s.items() if seconds > 0
        ]
        record_property(f"processor at {pace.rate:.0f}/s, ms a referral", ", ".join(spent))
        assert len(late_s) == len(pace.took_s)
        assert pace.rate * pace.seconds == len(late_s) + pace.refused.total()
        record_property("load", os.getloadavg()[0])


@pytest.mark.long
def test_a_broker_that_is_away_delays_no_referral(house: House, record_property: Record) -> None:
    """L5: by turns in one run, so that what else the machine does meets both; the middle one of the turns counts."""
    took_s: dict[str, list[list[float]]] = {WITH: [], WITHOUT: []}
    for turn in range(TURNS):
        took_s[WITH].append(calm_pace(house, f"with-nats-{turn}"))
        kill(house, NATS)
        took_s[WITHOUT].append(calm_pace(house, f"without-nats-{turn}"))
        start_again(house, NATS)
        await_published(house)

    middle = {
        (share, way): median(percentile(each, share) for each in turns)
        for share in SHARES
        for way, turns in took_s.items()
    }
    for share in SHARES:
        for way, turns in took_s.items():
            figures = [f"{percentile(each, share) * 1000:.0f}" for each in turns]
            record_property(f"answer {way} NATS, p{share * 100:.0f} of each turn, ms", " ".join(figures))
    record_property("answers of each turn", str(len(took_s[WITH][0])))
    for share in SHARES:
        assert middle[share, WITHOUT] <= UNCHANGED * middle[share, WITH]


def calm_pace(house: House, prefix: str) -> list[float]:
    """Refer at a rate that the house bears, and return how long each answer took, in seconds."""
    (pace,) = asyncio.run(paces(storm_at(house, prefix, PLACES), CREATE, is_heard=False))
    assert not pace.refused
    return pace.took_s


def await_published(house: House) -> None:
    """Wait until nothing of the time without NATS burdens the next turn."""
    end_s = time.monotonic() + PUBLISHED_WITHIN_S
    with psycopg.connect(house.parts.database_url, autocommit=True) as connection:
        while connection.execute(UNPUBLISHED).fetchone() is not None:
            assert time.monotonic() < end_s
            time.sleep(0.1)
