"""Tests of the duty page without JavaScript, over real HTTP: what rings, who takes it, what was said by telephone."""

import json
import tomllib
from collections.abc import AsyncIterator
from datetime import timedelta
from pathlib import Path

import pytest

from ihala.matching.v1 import matching_pb2 as match_pb
from ihala.referrals.v1 import referrals_pb2 as pb
from services.errors import DeadlineExceeded
from services.notify.duty.model import OUTCOMES
from services.notify.duty.parts import WORDS
from services.notify.pages.words import LANGUAGES, Words
from services.referrals.model.task import OUTCOMES as KNOWN_OUTCOMES
from services.referrals.model.task import TaskKind
from tests.notify.desk import EXIT_URL
from tests.notify.duty_desk import HIDDEN, NUMBER, RINGER, DutyPage, a_duty_page
from tests.notify.hostile import HOSTILE, runs_in
from tests.notify.stores import NOON, Clock, Stores


@pytest.fixture
async def page(stores: Stores, clock: Clock, tmp_path: Path) -> AsyncIterator[DutyPage]:
    async with a_duty_page(stores, clock, tmp_path) as running:
        yield running


async def test_nothing_is_shown_to_whoever_is_not_signed_in(page: DutyPage) -> None:
    page.referrals.ring_task()
    async with page.browser() as browser:
        for path in ("/", "/task/task-1", "/rosters", "/nowhere"):
            await browser.get(path)
            assert browser.path.startswith("/sign-in")
            assert "Clinic" not in browser.text
        assert (await browser.client.get("/count")).status_code == 403
        await browser.post("/sign-in", code="AAAAA-BBBBB-CCCCC-DDDDD")
        assert "This code is not right" in browser.text


async def test_a_code_opens_the_page_once(page: DutyPage) -> None:
    code = page.code()
    async with page.browser() as first, page.browser() as second:
        assert "Signed in as amal" in await first.post("/sign-in", code=code.lower().replace("-", " "))
        assert "This code is not right" in await second.post("/sign-in", code=code)


async def test_somebody_else_signs_in_at_the_same_telephone(page: DutyPage) -> None:
    async with page.signed_in("amal") as browser:
        await browser.get("/sign-in")
        assert "Signed in as nadia" in await browser.press("/sign-in", code=page.code("nadia"))


async def test_a_page_left_open_goes_on_through_the_night_and_a_restart(page: DutyPage) -> None:
    async with page.signed_in() as browser:
        for _ in range(20):
            page.clock.advance(minutes=25)
            assert (await browser.client.get("/count")).status_code == 200
        await page.server.stop()
        await page.server.start()
        assert (await browser.client.get("/count")).status_code == 200
        page.clock.advance(minutes=30)
        assert (await browser.client.get("/count")).status_code == 403


async def test_a_task_rings_until_somebody_takes_it_by_name(page: DutyPage) -> None:
    """R62."""
    page.referrals.ring_task()
    async with page.signed_in("amal") as amal, page.signed_in("nadia") as nadia:
        assert '<b id="count">1</b>' in await amal.get("/")
        assert 'data-ringing="true"' in amal.text
        assert "Nobody has taken it" in amal.text
        await amal.get("/task/task-1")
        await amal.press("/task/task-1/take")
        assert '<b id="count">0</b>' in await nadia.get("/")
        assert "amal has it" in nadia.text

    [(verb, actor, request)] = page.referrals.acts
    assert (verb, actor, request.expected_version) == ("take", "amal", 1)


async def test_whom_no_roster_names_is_told_so(page: DutyPage) -> None:
    """A name that is written in another way is rung for nothing of its roster, and nobody would see why (R61)."""
    shift = pb.Shift(actor="nadia")
    page.referrals.other_rosters = [pb.Roster(roster_id="days", shifts=[shift])]
    async with page.signed_in("Nadia") as other, page.signed_in("nadia") as nadia:
        assert "No roster has the name “Nadia”" in await other.get("/")
        assert "No roster has the name" not in await nadia.get("/")


async def test_where_no_roster_names_anybody_nothing_is_said_of_it(page: DutyPage) -> None:
    async with page.signed_in() as browser:
        assert "No roster has the name" not in await browser.get("/")


async def test_what_can_wait_wakes_nobody_before_it_is_due(page: DutyPage) -> None:
    """R61."""
    page.referrals.task(kind="REVIEW_REFUSALS", minutes=60, urgency=match_pb.URGENCY_NORMAL)
    async with page.signed_in() as browser:
        assert json.loads(await browser.get("/count"))["count"] == 0
        for _ in range(3):
            page.clock.advance(minutes=20)
            await browser.get("/count")
        assert json.loads(browser.text)["count"] == 1


async def test_somebody_who_was_faster_is_said(page: DutyPage) -> None:
    page.referrals.ring_task()
    async with page.signed_in("amal") as amal, page.signed_in("nadia") as nadia:
        await amal.get("/task/task-1")
        await nadia.get("/task/task-1")
        await amal.press("/task/task-1/take")
        assert "This has changed meanwhile" in await nadia.press("/task/task-1/take")

    assert [actor for _, actor, _ in page.referrals.acts] == ["amal"]


async def test_a_task_is_closed_with_a_code(page: DutyPage) -> None:
    page.referrals.task(kind="WELFARE_CHECK")
    async with page.signed_in() as browser:
        await browser.get("/task/task-1")
        assert "Nothing was chosen" in await browser.press("/task/task-1/close", outcome="")
        assert "There is nothing to do" in await browser.press("/task/task-1/close", outcome="not_well")
        assert "This task is done" in await browser.get("/task/task-1")

    verb, actor, request = page.referrals.acts[-1]
    assert (verb, actor, request.outcome) == ("close", "amal", "not_well")


async def test_the_number_is_shown_for_a_provider_without_a_device(page: DutyPage) -> None:
    page.referrals.ring_task()
    async with page.signed_in() as browser:
        text = await browser.get("/task/task-1")

    for said in (
        NUMBER,
        'href="tel:+218912345678"',
        "only the telephone reaches them",
        "around Tripoli",
        "Clinic of the Port",
    ):
        assert said in text


async def test_a_confidential_site_has_no_number_here(page: DutyPage) -> None:
    page.referrals.ring_task(HIDDEN)
    async with page.signed_in() as browser:
        text = await browser.get("/task/task-1")

    assert "No number stands in the directory" in text
    assert NUMBER not in text


@pytest.mark.parametrize(
    ("act", "fields", "verb", "said"),
    [
        ("acknowledge", {}, "Acknowledge", {}),
        ("accept", {}, "Accept", {"accept_beyond_report": False}),
        ("propose", {"escort": "1"}, "Propose", {"conditions": ["escort"]}),
        (
            "decline",
            {"reason": "no_capacity", "population": "girls", "places_without_staff": "1"},
            "Decline",
            {"reason": "no_capacity", "population": "girls", "places_without_staff": True},
        ),
    ],
)
async def test_what_was_said_by_telephone_is_recorded_for_the_provider(
    page: DutyPage, act: str, fields: dict[str, str], verb: str, said: dict[str, object]
) -> None:
    page.referrals.ring_task()
    async with page.signed_in() as browser:
        await browser.get("/task/task-1")
        await browser.press(f"/task/task-1/said/{act}", **fields)

    [(recorded, request)] = page.referrals.commands
    assert (recorded, request.on_behalf_of, request.via) == (verb, RINGER, pb.VIA_PHONE)
    assert page.referrals.actors == ["amal"]
    assert {name: getattr(request, name) for name in said} == said


async def test_a_yes_by_telephone_ends_the_task_by_itself(page: DutyPage) -> None:
    """R46, R62: the end of a Friday night."""
    page.referrals.ring_task()
    async with page.signed_in() as browser:
        await browser.get("/task/task-1")
        assert "There is nothing to do" in await browser.press("/task/task-1/said/accept")


async def test_that_a_provider_was_told_the_answer_is_written_down(page: DutyPage) -> None:
    """R62: who asked by telephone, heard the answer and thinks it over is not rung for it again."""
    page.referrals.ring_task()
    offer = page.referrals.offers["offer-9"]
    offer.state, offer.question, offer.answer = pb.OFFER_STATE_RECEIVED, "documents", "not_known"
    offer.answer_unread = True
    async with page.signed_in() as browser:
        assert "Are there identity papers?" in await browser.get("/task/task-1")
        await browser.press("/task/task-1/said/acknowledge")

    assert [verb for verb, _ in page.referrals.commands] == ["Acknowledge"]


async def test_a_yes_by_telephone_that_could_not_be_sent_is_sent_again_with_one_press(page: DutyPage) -> None:
    page.referrals.ring_task()
    async with page.signed_in() as browser:
        await browser.get("/task/task-1")
        page.referrals.refuse_next = DeadlineExceeded("too late")  # not repeated by the client itself
        assert "may not have been sent" in await browser.press("/task/task-1/said/accept")
        assert browser.status == 503
        assert "There is nothing to do" in await browser.press("/task/task-1/said/accept")

    assert [verb for verb, _ in page.referrals.commands] == ["Accept"]


async def test_what_is_not_there_is_not_called_a_task(page: DutyPage) -> None:
    async with page.signed_in() as browser:
        await browser.get("/rosters")
        text = await browser.press("/rosters/pause", roster="gone", hours="8")

    assert "There is nothing here any more" in text
    assert "task" not in text


async def test_a_duty_coordinator_sees_nothing_of_the_person(page: DutyPage) -> None:
    page.referrals.ring_task()
    page.referrals.offers["offer-9"].state = pb.OFFER_STATE_RECEIVED
    async with page.signed_in() as browser:
        text = await browser.get("/task/task-1")

    for hidden in ("Tigrinya", "15 to 17", "with a worker", "Unaccompanied"):
        assert hidden not in text


async def test_nights_woken_are_shown_and_a_roster_rests(page: DutyPage) -> None:
    """R61."""
    async with page.signed_in() as browser:
        assert "<dd>11</dd>" in await browser.get("/rosters")
        await browser.press("/rosters/pause", hours="8")
        assert "End the rest now" in browser.text
        assert page.referrals.paused_until == NOON + timedelta(hours=8)
        await browser.press("/rosters/pause")

    assert page.referrals.paused_until is None
    assert [actor for _, actor, _ in page.referrals.acts] == ["amal", "amal"]


async def test_a_rest_that_was_not_offered_is_refused(page: DutyPage) -> None:
    async with page.signed_in() as browser:
        await browser.get("/rosters")
        await browser.press("/rosters/pause", hours="9999")

    assert browser.status == 400
    assert page.referrals.acts == []


async def test_a_form_from_elsewhere_is_refused(page: DutyPage) -> None:
    page.referrals.ring_task()
    async with page.signed_in() as browser:
        await browser.get("/task/task-1")
        fields = browser.hidden_fields("/task/task-1/take")
        statuses = [
            (await browser.client.post("/task/task-1/take", data={**fields, "form": "0" * 32})).status_code,
            (await browser.client.post("/task/task-1/take")).status_code,
            (
                await browser.client.post("/task/task-1/take", data=fields, headers={"sec-fetch-site": "cross-site"})
            ).status_code,
            (await browser.client.post("/task/task-1/said/nonsense", data=fields)).status_code,
        ]

    assert statuses == [403, 403, 403, 404]
    assert page.referrals.acts == []


async def test_pressing_twice_is_once(page: DutyPage) -> None:
    page.referrals.ring_task()
    async with page.signed_in() as browser:
        await browser.get("/task/task-1")
        fields = browser.hidden_fields("/task/task-1/said/acknowledge")
        for _ in range(3):
            await browser.client.post("/task/task-1/said/acknowledge", data=fields)

    assert len(page.referrals.commands) == 1


async def test_what_others_wrote_is_shown_and_not_run(page: DutyPage) -> None:
    async with page.signed_in() as browser:
        for hostile in HOSTILE:
            page.directory.name = page.directory.number = hostile
            page.referrals.ring_task(owner=hostile)
            text = await browser.get("/task/task-1") + json.loads(await browser.get("/count"))["list"]
            text += await browser.get("/task/task-1?e=" + hostile.replace("\x00", ""))

            assert not runs_in(text, hostile), hostile


async def test_every_answer_forbids_keeping_framing_and_foreign_parts(page: DutyPage) -> None:
    page.referrals.ring_task()
    async with page.signed_in() as browser:
        for path in ("/", "/count", "/task/task-1", "/rosters", "/sign-in", "/nowhere", "/task/absent"):
            headers = (await browser.client.get(path)).headers
            assert "default-src 'none'" in headers["content-security-policy"]
            assert "unsafe" not in headers["content-security-policy"]
            assert headers["cache-control"] == "no-store"
            assert headers["referrer-policy"] == "no-referrer"
            assert "server" not in headers


@pytest.mark.parametrize("language", LANGUAGES)
async def test_a_screen_with_all_its_parts_weighs_at_most_50_kb(page: DutyPage, language: str) -> None:
    page.referrals.ring_task()
    async with page.signed_in(language=language) as browser:
        shared = ("/static/page.css", "/static/page.js", "/static/icon.svg", "/ring.wav")
        weight = sum([len((await browser.client.get(path)).content) for path in shared])
        for path in ("/", "/task/task-1", "/rosters"):
            assert weight + len((await browser.get(path)).encode()) <= 50_000


async def test_leaving_signs_out_and_leads_elsewhere(page: DutyPage) -> None:
    async with page.signed_in() as browser:
        response = await browser.client.get("/leave")
        assert (response.status_code, response.headers["location"]) == (303, EXIT_URL)

    assert await page.stores.rows("SELECT 1 FROM duty_session") == []


async def test_the_database_keeps_a_digest_of_the_session(page: DutyPage) -> None:
    async with page.signed_in() as browser:
        token = browser.client.cookies["duty"]
    dump = str(
        await page.stores.rows("SELECT duty_session::text FROM duty_session UNION ALL SELECT audit::text FROM audit")
    )

    assert token not in dump
    assert token.encode().hex() not in dump


def test_every_kind_of_task_has_words_and_ends_that_referrals_knows() -> None:
    assert set(OUTCOMES) == set(TaskKind)
    for language in LANGUAGES:
        words = Words(language, WORDS)
        for kind, outcomes in OUTCOMES.items():
            assert words[f"task_{kind}"]
            assert words[f"hint_{kind}"]
            assert all(words[f"outcome_{each}"] for each in outcomes)
    assert {each for outcomes in OUTCOMES.values() for each in outcomes} == set(KNOWN_OUTCOMES)


def test_every_text_is_in_every_language() -> None:
    data = Path(__file__).parents[2] / "services" / "notify" / "data" / "duty_words.toml"
    for name, row in tomllib.loads(data.read_text(encoding="utf-8")).items():
        assert row.keys() == LANGUAGES.keys(), name
        assert all(text.strip() for text in row.values()), name
