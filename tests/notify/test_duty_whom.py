"""Tests of whom a task rings: the roster that owns it, and everybody rather than nobody (R46, R61, R62)."""

import json
from collections.abc import AsyncIterator
from datetime import UTC, datetime, timedelta
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from ihala.referrals.v1 import referrals_pb2 as pb
from services.errors import Unavailable
from services.notify.duty.model import DutyRoster, DutyTask
from services.notify.duty.whom import Watch
from services.taxonomy import Urgency
from tests.notify.desk import Browser
from tests.notify.duty_desk import DutyPage, a_duty_page
from tests.notify.stores import NOON, Clock, Stores


@pytest.fixture
async def page(stores: Stores, clock: Clock, tmp_path: Path) -> AsyncIterator[DutyPage]:
    """A page where amal is on duty in the roster of tasks, and nadia in the manager's."""
    async with a_duty_page(stores, clock, tmp_path) as running:
        running.referrals.other_rosters = [pb.Roster(roster_id="manager", on_duty=["nadia"])]
        yield running


async def rung(*browsers: Browser) -> list[int]:
    """Count what rings on each page."""
    return [json.loads(await browser.get("/count"))["count"] for browser in browsers]


async def test_a_task_rings_its_own_roster_and_is_quiet_in_the_list_of_others(page: DutyPage) -> None:
    """R61: who need not be woken is not, and R62: still sees what there is to do."""
    page.referrals.ring_task()
    async with page.signed_in("amal") as amal, page.signed_in("nadia") as nadia:
        assert await rung(amal, nadia) == [1, 0]
        assert 'data-ringing="false"' in await nadia.get("/")
        assert "/task/task-1" in nadia.text
        assert 'class="urgent"' not in nadia.text
        assert 'class="urgent"' in await amal.get("/")


async def test_what_the_manager_has_been_given_rings_the_manager(page: DutyPage) -> None:
    """R46: the last rung of the ladder."""
    page.referrals.ring_task(owner="manager")
    async with page.signed_in("amal") as amal, page.signed_in("nadia") as nadia:
        assert await rung(amal, nadia) == [0, 1]


async def test_everybody_is_rung_while_nobody_of_the_roster_is_signed_in(page: DutyPage) -> None:
    """R62: a task must not fall silent."""
    page.referrals.ring_task()
    async with page.signed_in("nadia") as nadia, page.signed_in("salma") as salma:
        assert await rung(nadia, salma) == [1, 1]
        async with page.signed_in("amal") as amal:
            assert await rung(nadia, salma, amal) == [0, 0, 1]
            await amal.get("/leave")
        assert await rung(nadia, salma) == [1, 1]


async def test_everybody_is_rung_when_the_page_of_the_roster_is_open_no_more(page: DutyPage) -> None:
    """R62: a telephone whose battery is empty is signed in, and rings nobody."""
    page.referrals.ring_task(minutes=60)
    async with page.signed_in("amal") as amal, page.signed_in("nadia") as nadia:
        assert await rung(amal, nadia) == [1, 0]
        for _ in range(3):
            page.clock.advance(minutes=1)
            await rung(nadia)
        assert await rung(nadia) == [1]
        assert await rung(amal, nadia) == [1, 0]


async def test_everybody_is_rung_for_a_roster_that_nobody_has_described(page: DutyPage) -> None:
    page.referrals.ring_task(owner="elsewhere")
    async with page.signed_in("amal") as amal, page.signed_in("nadia") as nadia:
        assert await rung(amal, nadia) == [1, 1]


async def test_everybody_is_rung_while_the_rosters_cannot_be_read(
    page: DutyPage, monkeypatch: pytest.MonkeyPatch
) -> None:
    async def away(by: str) -> list[DutyRoster]:
        raise Unavailable("not now")

    monkeypatch.setattr(page.parts.duty, "rosters", away)
    page.referrals.ring_task()
    async with page.signed_in("amal") as amal, page.signed_in("nadia") as nadia:
        assert await rung(amal, nadia) == [1, 1]


async def test_what_is_due_and_has_rung_in_vain_rings_everybody(page: DutyPage) -> None:
    """R62: whoever is on duty may be asleep."""
    page.referrals.ring_task(minutes=30)
    async with page.signed_in("amal") as amal, page.signed_in("nadia") as nadia:
        for _ in range(14):
            page.clock.advance(minutes=2)
            assert await rung(amal, nadia) == [1, 0]
        page.clock.advance(minutes=2)
        assert await rung(amal, nadia) == [1, 1]


async def test_an_open_page_of_whoever_rests_is_quiet_while_there_is_somebody_else(page: DutyPage) -> None:
    """R61: the roster of amal rests."""
    page.referrals.paused_until = NOON + timedelta(hours=8)
    page.referrals.ring_task()
    async with page.signed_in("amal") as amal:
        assert await rung(amal) == [1]
        async with page.signed_in("nadia") as nadia:
            assert await rung(amal, nadia) == [0, 1]


NAMES = st.sampled_from("abcd")
TIMES = st.datetimes(datetime(2026, 3, 4), datetime(2026, 3, 5), timezones=st.just(UTC))  # noqa: DTZ001
TASKS = st.builds(
    DutyTask,
    task_id=st.just("task-1"),
    kind=st.just("ring"),
    is_taken=st.booleans(),
    offer_id=st.just(""),
    provider_id=st.just(""),
    code=st.just("ACC-EMG"),
    urgency=st.sampled_from(Urgency) | st.none(),
    due_time=TIMES,
    create_time=TIMES,
    owner=st.sampled_from(["duty", "manager", "gone"]),
    version=st.just(1),
)
ROSTERS = st.lists(
    st.builds(
        DutyRoster,
        roster_id=st.sampled_from(["duty", "manager", "third"]),
        on_duty=st.lists(NAMES).map(tuple),
        nights_woken=st.just(0),
        paused_until_time=st.none() | TIMES,
        stand_in=st.just(""),
    ),
    unique_by=lambda roster: roster.roster_id,
)


@given(ROSTERS, st.dictionaries(NAMES, st.booleans(), min_size=1), TASKS, TIMES)
def test_what_rings_rings_somebody_who_hears_and_its_own_roster_at_all_times(
    rosters: list[DutyRoster], present: dict[str, bool], task: DutyTask, now: datetime
) -> None:
    """R62: never silent; R61: nobody else than those of the roster, until it has rung in vain."""
    found = Watch(rosters, present, now).rung(task)
    hearing = {name for name, hears in present.items() if hears}
    own = {name for each in rosters if each.roster_id == task.owner and not each.rests(now) for name in each.on_duty}

    assert found <= present.keys()
    assert bool(found) == task.rings(now)
    assert bool(found & hearing) == bool(hearing and task.rings(now))
    if task.rings(now):
        assert own & hearing <= found
    if own & hearing and not task.is_everybodys(now):
        assert found <= own
