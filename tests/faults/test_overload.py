"""Ten times more calls than the house can answer: it refuses at once, finishes what it took in, and goes on (F24)."""

import asyncio
import time
from collections.abc import Callable

import psycopg
import pytest

from services.runtime.channel import TIMEOUT_S
from tests.faults.mob import Mob
from tests.faults.pace import percentile
from tests.faults.storm import Storm
from tests.faults.weather import await_referrals, blowing, storm_at
from tests.house import House

CALM = 40  #: cases that the storm's senders have an answer for before the crowd comes
CALLS = 2  #: that one of the crowd makes, a consent and a referral, each with a time of its own
SLACK_S = 3.0  #: of two processors that everything shares
ENDS_S = 60.0
MAY_PASS = {"Exhausted", "Unavailable", "DeadlineExceeded"}
MADE = "SELECT count(*) FROM referrals.referral WHERE case_ref LIKE %s || '-%%'"


def made(storm: Storm) -> int:
    with psycopg.connect(storm.house.parts.database_url, autocommit=True) as connection:
        row = connection.execute(MADE, [storm.prefix]).fetchone()
    return row[0] if row else 0


@pytest.mark.parametrize(
    ("cases", "channels", "over_s"),
    [
        pytest.param(120, 6, 1.0, id="720-in-1-s"),
        pytest.param(600, 8, 6.0, id="4800-in-6-s", marks=pytest.mark.long),
    ],
)
def test_ten_times_more_than_it_can_do_ends_in_answers_or_clear_refusals_and_loses_nothing(
    house: House, cases: int, channels: int, over_s: float, record_property: Callable[[str, object], None]
) -> None:
    """Whoever was refused is answered by a repeat afterwards: the storm's senders repeat, and their end is checked."""
    with blowing(storm_at(house, f"mob-{cases}", cases, cases * 5 // 6)) as storm:
        await_referrals(storm, 1)
        began_s, before = time.monotonic(), made(storm)
        await_referrals(storm, CALM)
        calm = (made(storm) - before) / (time.monotonic() - began_s)

        mob = Mob(storm, channels, over_s)
        began_s, before = time.monotonic(), made(storm)
        asyncio.run(asyncio.wait_for(mob.run(), ENDS_S))
        crowded = (made(storm) - before) / (time.monotonic() - began_s)

    assert sum(map(len, mob.told.values())) <= cases
    assert len(mob.took_s) == mob.size
    assert mob.refused.keys() <= MAY_PASS
    assert max(mob.took_s) < CALLS * TIMEOUT_S + SLACK_S
    # each was told the same as whoever came back until there was an answer
    assert {case_ref: {storm.referred[case_ref].referral_id} for case_ref in mob.told} == mob.told
    record_property("refused", f"{mob.refused.total()} of {mob.size}: {dict(mob.refused)}")
    record_property("made a second, calm and crowded", f"{calm:.0f} {crowded:.0f}")
    shares = [f"{percentile(mob.took_s, share):.1f}" for share in (0.5, 0.99)]
    record_property("answered or refused after, p50 and p99, s", " ".join(shares))
    record_property("health, longest, s", f"{max(mob.probes_s):.2f}")
