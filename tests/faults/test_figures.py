"""How fast an alert is, and that a broker that is away delays no referral (L4, L5, F4): figures of one run."""

import asyncio
import os
from collections.abc import Callable, Iterator

import pytest

from tests.faults.breaking import NATS, kill, start_again
from tests.faults.pace import paces, percentile, time_commits
from tests.faults.weather import storm_at
from tests.house import House, house_in

PLACES = 20_000
#: a second, for so many seconds; the goal is 50 ms at 100 a second on a machine that does nothing else
RATES = ((5.0, 20.0), (10.0, 20.0), (20.0, 20.0), (40.0, 20.0), (100.0, 60.0))
SHARES = (0.5, 0.99)
CREATE = (10.0, 20.0)
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
        spent = [
            f"{name} {seconds / len(late_s) * 1000:.1f}" for name, seconds in pace.processor_s.items() if seconds > 0
        ]
        record_property(f"processor at {pace.rate:.0f}/s, ms a referral", ", ".join(spent))
        assert len(late_s) == len(pace.took_s)
        assert pace.rate * pace.seconds == len(late_s) + pace.refused.total()
        record_property("load", os.getloadavg()[0])


@pytest.mark.long
def test_a_broker_that_is_away_delays_no_referral(house: House, record_property: Record) -> None:
    (with_it,) = asyncio.run(paces(storm_at(house, "with-nats", PLACES), CREATE))
    kill(house, NATS)
    (without,) = asyncio.run(paces(storm_at(house, "without-nats", PLACES), CREATE, is_heard=False))
    start_again(house, NATS)

    for share in SHARES:
        both = [f"{percentile(each.took_s, share) * 1000:.0f}" for each in (with_it, without)]
        record_property(f"answer with and without NATS, p{share * 100:.0f}, ms", " ".join(both))
    assert not without.refused
    assert percentile(without.took_s, 0.5) <= 1.5 * percentile(with_it.took_s, 0.5)
