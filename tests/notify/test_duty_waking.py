"""Tests of who is woken for a task, how often, and how fast: open pages at once, closed browsers until it is taken."""

import asyncio
import json
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from datetime import UTC, datetime, timedelta
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from ihala.matching.v1 import matching_pb2 as match_pb
from ihala.referrals.v1 import referrals_pb2 as pb
from services.notify.channels.push import BrowserWaker, vapid_key
from services.notify.duty.model import DutyRoster, resting
from services.notify.duty.ringer import AGAIN, Ringer
from services.notify.store.duty_pushes import DutyPushStore
from tests.notify.duty_desk import DutyPage, a_duty_page
from tests.notify.posting import NAME, Authority, Posted, Reply, Server, egress_to, https_server, says
from tests.notify.stores import NOON, Clock, Stores

KEY = vapid_key(bytes(31) + b"\1", "mailto:nobody@example.org")


@pytest.fixture
async def page(stores: Stores, clock: Clock, tmp_path: Path) -> AsyncIterator[DutyPage]:
    async with a_duty_page(stores, clock, tmp_path) as running:
        yield running


def pushes_of(page: DutyPage) -> DutyPushStore:
    assert page.parts.push is not None
    return page.parts.push.pushes


@asynccontextmanager
async def a_push_service(
    page: DutyPage, authority: Authority, reply: Reply | None = None
) -> AsyncIterator[tuple[Server, Ringer]]:
    """Run a push service, and what wakes browsers by it."""
    async with https_server(authority.server(), reply or says(201)) as server:
        waker = BrowserWaker(egress_to(server, authority), KEY)
        yield server, Ringer(page.parts.duty, page.parts.sessions, pushes_of(page), waker, page.clock)


async def asleep(page: DutyPage, server: Server, name: str) -> None:
    """Let a browser be woken from now on, by an address of the push service of the test."""
    address = f"https://{NAME}:{server.port}/{name}"
    [(token,)] = await page.stores.rows(f"SELECT token_digest FROM duty_session WHERE coordinator = '{name}'")  # noqa: S608
    assert isinstance(token, bytes)
    await pushes_of(page).subscribe(token, name, address)


async def test_a_closed_browser_is_woken_until_somebody_takes_the_task(page: DutyPage, authority: Authority) -> None:
    """R62."""
    async with a_push_service(page, authority) as (server, ringer), page.signed_in("amal") as amal:
        await asleep(page, server, "amal")
        assert await ringer.ring() == 0
        page.clock.advance(seconds=1)
        page.referrals.ring_task()
        assert [await ringer.ring(), await ringer.ring()] == [1, 0]
        page.clock.advance(seconds=AGAIN.total_seconds() + 1)
        assert await ringer.ring() == 1
        page.clock.advance(seconds=1)
        page.referrals.task("task-2")
        assert await ringer.ring() == 1
        for task_id in ("task-1", "task-2"):
            await amal.get(f"/task/{task_id}")
            await amal.press(f"/task/{task_id}/take")
        page.clock.advance(seconds=AGAIN.total_seconds() + 1)
        assert await ringer.ring() == 0

    assert {(posted.path, posted.body, posted.headers["urgency"]) for posted in server.requests} == {
        ("/amal", b"", "high")
    }
    assert len(server.requests) == 3


async def test_of_two_replicas_one_wakes_a_browser(page: DutyPage, authority: Authority) -> None:
    async with a_push_service(page, authority) as (server, ringer), page.signed_in("amal"):
        await asleep(page, server, "amal")
        page.referrals.ring_task()
        assert sum(await asyncio.gather(*(ringer.ring() for _ in range(4)))) == 1


async def test_what_can_wait_wakes_nobody_before_it_is_due(page: DutyPage, authority: Authority) -> None:
    """R61."""
    async with a_push_service(page, authority) as (server, ringer), page.signed_in("amal"):
        await asleep(page, server, "amal")
        page.referrals.task(kind="REVIEW_REFUSALS", minutes=60, urgency=match_pb.URGENCY_NORMAL)
        assert await ringer.ring() == 0
        page.clock.advance(minutes=61)
        assert await ringer.ring() == 1


async def test_whoever_rests_is_left_in_peace_while_there_is_somebody_else(
    page: DutyPage, authority: Authority
) -> None:
    """R61: the roster of amal rests."""
    page.referrals.paused_until = NOON + timedelta(hours=8)
    async with a_push_service(page, authority) as (server, ringer), page.signed_in("amal"):
        await asleep(page, server, "amal")
        page.referrals.ring_task()
        assert await ringer.ring() == 1  # a task must not fall silent
        async with page.signed_in("nadia"):
            await asleep(page, server, "nadia")
            page.clock.advance(minutes=3)
            assert await ringer.ring() == 1

    assert [posted.path for posted in server.requests] == ["/amal", "/nadia"]


async def test_a_task_wakes_the_browsers_of_its_own_roster_alone(page: DutyPage, authority: Authority) -> None:
    """R61: amal is on duty in the roster of the first task, nadia in that of the second; R62: none is silent."""
    page.referrals.other_rosters = [pb.Roster(roster_id="manager", on_duty=["nadia"])]
    async with a_push_service(page, authority) as (server, ringer), page.signed_in("amal") as amal:
        await asleep(page, server, "amal")
        async with page.signed_in("nadia") as nadia:
            await asleep(page, server, "nadia")
            page.referrals.ring_task()
            assert await ringer.ring() == 1
            page.clock.advance(seconds=1)
            page.referrals.task("task-2", owner="manager")
            assert await ringer.ring() == 1
            assert [posted.path for posted in server.requests] == ["/amal", "/nadia"]
            await nadia.get("/task/task-2")
            await nadia.press("/task/task-2/take")
            await amal.get("/leave")
            page.clock.advance(seconds=AGAIN.total_seconds() + 1)
            assert await ringer.ring() == 1

    assert [posted.path for posted in server.requests] == ["/amal", "/nadia", "/nadia"]


async def test_a_browser_that_has_ended_its_subscription_is_forgotten(page: DutyPage, authority: Authority) -> None:
    async with a_push_service(page, authority, says(410)) as (server, ringer), page.signed_in("amal"):
        await asleep(page, server, "amal")
        page.referrals.ring_task()
        await ringer.ring()

    assert await page.stores.rows("SELECT 1 FROM duty_push") == []


async def test_a_push_service_that_is_away_is_asked_again_soon(page: DutyPage, authority: Authority) -> None:
    async with a_push_service(page, authority, says(500)) as (server, ringer), page.signed_in("amal"):
        await asleep(page, server, "amal")
        page.referrals.ring_task()
        await ringer.ring()
        page.clock.advance(seconds=16)
        assert await ringer.ring() == 1


async def test_others_are_woken_while_a_push_service_does_not_take_the_signals_of_the_roster(
    page: DutyPage, authority: Authority
) -> None:
    """R62: amal owns the task and is not reached; once she is, nadia is left in peace (R61)."""
    refused = ["/amal"]

    async def reply(posted: Posted, writer: asyncio.StreamWriter) -> None:
        await says(500 if posted.path in refused else 201)(posted, writer)

    async with a_push_service(page, authority, reply) as (server, ringer), page.signed_in("amal"):
        await asleep(page, server, "amal")
        async with page.signed_in("nadia"):
            await asleep(page, server, "nadia")
            page.clock.advance(minutes=4)  # both pages are closed
            page.referrals.ring_task(minutes=60)
            page.clock.advance(seconds=110)
            assert await ringer.ring() == 1
            assert await ringer.ring() == 1
            refused.clear()
            page.clock.advance(seconds=16)
            assert await ringer.ring() == 1
            page.clock.advance(seconds=AGAIN.total_seconds() + 1)
            assert await ringer.ring() == 1

    assert [posted.path for posted in server.requests] == ["/amal", "/nadia", "/amal", "/amal"]


async def test_whoever_is_woken_at_night_is_signed_in_still_and_is_told_once_when_the_time_is_over(
    page: DutyPage, authority: Authority
) -> None:
    async with a_push_service(page, authority) as (server, ringer), page.signed_in("amal") as amal:
        await asleep(page, server, "amal")
        page.clock.advance(hours=13)
        async with page.signed_in("nadia"):  # signing in forgets sessions that are over
            assert "Signed in as amal" in await amal.get("/")
        page.clock.advance(hours=1)
        assert [await ringer.ring(), await ringer.ring()] == [0, 0]
        await amal.get("/")
        assert amal.path == "/sign-in"

    assert [posted.path for posted in server.requests] == ["/amal"]


async def test_a_browser_is_asked_for_by_a_form_of_the_page_and_sleeps_again(page: DutyPage) -> None:
    async with page.signed_in("amal") as browser:
        assert 'data-push-kept="false"' in await browser.get("/")
        fields = {"form": browser.text.split('data-form="')[1].split('"')[0], "url": "https://push.example.org/1"}
        assert (await browser.client.post("/push", data=fields)).json() == {"kept": True}
        assert 'data-push-kept="true"' in await browser.get("/")
        for url in ("http://push.example.org/1", "https://127.0.0.1/1", "nonsense"):
            assert (await browser.client.post("/push", data={**fields, "url": url})).status_code == 400
        assert (await browser.client.post("/push", data={**fields, "form": "0" * 32})).status_code == 403
        dump = str(await page.stores.rows("SELECT duty_push::text FROM duty_push"))
        assert b"push.example.org".hex() not in dump
        assert (await browser.client.post("/push/end", data=fields)).json() == {"kept": False}

    assert await page.stores.rows("SELECT 1 FROM duty_push") == []


async def test_a_page_that_waits_is_answered_as_soon_as_something_rings(page: DutyPage) -> None:
    loop = asyncio.get_running_loop()
    async with page.signed_in() as browser:
        first = json.loads(await browser.get("/count"))
        waiting = asyncio.create_task(browser.client.get(f"/count?mark={first['mark']}", timeout=30))
        done, _ = await asyncio.wait({waiting}, timeout=0.3)
        assert not done
        start_s = loop.time()
        page.referrals.ring_task()
        now = (await waiting).json()
        assert loop.time() - start_s < 3

    assert (first["count"], now["count"]) == (0, 1)
    assert now["mark"] != first["mark"]


async def test_a_page_that_waits_is_answered_before_the_server_stops(page: DutyPage) -> None:
    async with page.signed_in() as browser:
        mark = json.loads(await browser.get("/count"))["mark"]
        waiting = asyncio.create_task(browser.client.get(f"/count?mark={mark}", timeout=30))
        await asyncio.wait({waiting}, timeout=0.2)
        await page.server.stop()
        assert (await waiting).json()["mark"] == mark
        await page.server.start()


TIMES = st.none() | st.datetimes(datetime(2026, 3, 4), datetime(2026, 3, 5), timezones=st.just(UTC))  # noqa: DTZ001
ROSTERS = st.lists(
    st.builds(
        DutyRoster,
        roster_id=st.just("duty"),
        on_duty=st.lists(st.sampled_from("abc")).map(tuple),
        nights_woken=st.just(0),
        paused_until_time=TIMES,
        stand_in=st.just(""),
    )
)


@given(ROSTERS)
def test_nobody_rests_who_is_on_duty_in_a_roster_that_is_awake(rosters: list[DutyRoster]) -> None:
    awake = {
        name
        for roster in rosters
        if roster.paused_until_time is None or roster.paused_until_time <= NOON
        for name in roster.on_duty
    }
    found = resting(rosters, NOON)
    assert found.isdisjoint(awake)
    assert found | awake == {name for roster in rosters for name in roster.on_duty}
