"""Tests of what a desk does between yes and no, and how it meets the person: question, waiting list, sealed note."""

from collections.abc import AsyncIterator
from datetime import UTC, timedelta

import pytest

from ihala.referrals.v1 import referrals_pb2 as pb
from services.notify.pages.pressed import QUESTIONS
from services.notify.pages.terms import waits
from services.notify.pages.words import LANGUAGES, Words
from services.referrals.model import ANSWERS
from services.referrals.model import QUESTIONS as KNOWN_QUESTIONS
from services.taxonomy import Kind, terms
from tests.notify.desk import Browser, Page
from tests.notify.fakes import stamp
from tests.notify.stores import NOON

SEALED = b"\x00sealed\xff by the sender for key-7"


@pytest.fixture
async def browser(page: Page) -> AsyncIterator[Browser]:
    """A desk that reads the offer `offer-1`."""
    async with page.reading() as reading:
        await reading.press("/item/offer-1/acknowledge")
        yield reading


def leave_a_note(page: Page) -> None:
    page.referrals.handovers["offer-1"] = pb.Handover(
        offer_id="offer-1", sealed=SEALED, key_id="key-7", create_time=stamp(NOON)
    )


async def test_a_desk_asks_back_in_codes_and_goes_on_without_the_answer(page: Page, browser: Browser) -> None:
    assert "You asked something" in await browser.press("/item/offer-1/ask", question="risk")
    assert "<dd>awaited</dd>" in browser.text
    verb, request = page.referrals.commands[-1]
    assert (verb, request.question, request.on_behalf_of, request.via) == (
        "RequestInfo", "risk", "house-1", pb.VIA_PAGE,
    )  # fmt: skip
    assert "Go on without the answer" in browser.text
    await browser.press("/item/offer-1/acknowledge")

    assert page.referrals.offers["offer-1"].state == pb.OFFER_STATE_RECEIVED


async def test_what_came_of_a_question_stands_with_the_offer(page: Page, browser: Browser) -> None:
    await browser.press("/item/offer-1/ask", question="documents")
    offer = page.referrals.offers["offer-1"]
    offer.state, offer.answer = pb.OFFER_STATE_RECEIVED, "not_told"
    text = await browser.get("/item/offer-1")

    assert "<dt>You asked</dt><dd>Are there identity papers?</dd>" in text
    assert "the person does not want it told" in text


async def test_an_answer_that_nobody_has_read_has_a_button_that_says_so(page: Page, browser: Browser) -> None:
    """R46: whoever opens the request from the list stops the ringing, too, and may answer at once."""
    offer = page.referrals.offers["offer-1"]
    offer.state, offer.question, offer.answer = pb.OFFER_STATE_RECEIVED, "documents", "not_told"
    assert "I am reading it" not in await browser.get("/item/offer-1")

    offer.answer_unread = True
    text = await browser.get("/item/offer-1")
    assert "I am reading it" in text
    assert "/item/offer-1/accept" in text
    await browser.press("/item/offer-1/acknowledge")

    assert page.referrals.commands[-1][0] == "Acknowledge"


async def test_what_is_told_already_is_not_offered_as_a_question(browser: Browser) -> None:
    for told in ("age", "gender", "language", "unaccompanied_child", "brought_by", "arrival", "risk", "precaution"):
        assert f'<option value="{told}">' not in browser.text
    for untold in ("documents", "family", "accessibility", "exploitation", "process"):
        assert f'<option value="{untold}">' in browser.text


async def test_a_person_waits_for_a_place_until_a_time(page: Page, browser: Browser) -> None:
    code, said = waits(Words("en"), "Africa/Tripoli", NOON)[2]
    assert said in browser.text
    text = await browser.press("/item/offer-1/wait", wait_until=code)

    assert "The person is on your waiting list" in text
    assert "<dt>At the latest</dt>" in text
    verb, request = page.referrals.commands[-1]
    # noon in Tripoli is two hours before noon in UTC
    assert (verb, request.wait_until_time.ToDatetime(tzinfo=UTC)) == ("Waitlist", NOON + timedelta(days=3, hours=-2))
    assert "You said yes" in await browser.press("/item/offer-1/accept")


def test_no_wait_that_is_offered_is_longer_than_referrals_allows() -> None:
    for hour in range(24):
        now = NOON + timedelta(hours=hour)
        longest = max(int(code) for code, _ in waits(Words("en"), "Africa/Tripoli", now))
        assert longest <= (now + timedelta(days=30)).timestamp()


@pytest.mark.parametrize(
    ("act", "summary"), [("ask", "Ask something first"), ("wait", "Not now: waiting list"), ("decline", "No")]
)
async def test_what_was_sent_without_a_choice_stands_open_to_be_chosen(
    page: Page, browser: Browser, act: str, summary: str
) -> None:
    text = await browser.press(f"/item/offer-1/{act}")

    assert "Nothing was chosen" in text
    assert f"<details open><summary>{summary}</summary>" in text
    assert [verb for verb, _ in page.referrals.commands] == ["Acknowledge"]


async def test_the_sealed_note_is_shown_between_yes_and_arrival_and_at_no_other_time(
    page: Page, browser: Browser
) -> None:
    """R20."""
    leave_a_note(page)
    assert "How you meet" not in await browser.get("/item/offer-1")
    await browser.get("/item/offer-1/note")
    assert browser.status == 404
    await browser.get("/item/offer-1")
    text = await browser.press("/item/offer-1/accept")
    for said in ("How you meet", "at \u206614:00\u2069", "your key \u2066key-7\u2069", "told by telephone"):
        assert said in text
    note = await browser.client.get("/item/offer-1/note")
    assert (note.content, note.headers["cache-control"]) == (SEALED, "no-store")
    assert note.headers["content-disposition"] == 'attachment; filename="note.sealed"'
    assert "How you meet" not in await browser.press("/item/offer-1/arrive")
    await browser.get("/item/offer-1/note")
    assert browser.status == 404

    assert [(reader,) for reader in set(page.referrals.readers)] == await page.stores.rows(
        "SELECT device_id FROM device"
    )


async def test_a_desk_that_was_left_nothing_is_told_so_and_need_not_wait_for_it(page: Page, browser: Browser) -> None:
    assert "Nothing was left for you" in await browser.press("/item/offer-1/accept")

    page.referrals.is_without_handovers = True
    assert "You said yes" in await browser.get("/item/offer-1")


async def test_the_sealed_note_needs_the_pin(page: Page, browser: Browser) -> None:
    leave_a_note(page)
    await browser.press("/item/offer-1/accept")
    page.clock.advance(minutes=10)
    read = len(page.referrals.readers)
    await browser.get("/item/offer-1/note")

    assert browser.path.startswith("/pin")
    assert len(page.referrals.readers) == read


@pytest.mark.parametrize("code", ["refused_at_door", "provider_withdrew", "taken_or_detained", "lost_on_the_way"])
async def test_what_stops_an_arrival_is_told_in_a_code(page: Page, browser: Browser, code: str) -> None:
    """Domain 2.1: accepted, in transit to failed."""
    await browser.press("/item/offer-1/accept")
    await browser.press("/item/offer-1/fail", failure=code)

    assert (page.referrals.commands[-1][0], page.referrals.commands[-1][1].reason) == ("Fail", code)


@pytest.mark.parametrize("code", ["left_early", "missing"])
async def test_a_person_who_has_left_is_told_in_a_code(page: Page, browser: Browser, code: str) -> None:
    """Domain 2.1: in progress to completed."""
    await browser.press("/item/offer-1/accept")
    await browser.press("/item/offer-1/arrive")
    await browser.press("/item/offer-1/complete", outcome=code)

    assert (page.referrals.commands[-1][0], page.referrals.commands[-1][1].outcome) == ("Complete", code)


@pytest.mark.parametrize("language", LANGUAGES)
def test_every_question_and_answer_of_the_closed_lists_has_words(language: str) -> None:
    words = Words(language)
    assert set(QUESTIONS) == set(KNOWN_QUESTIONS)
    assert all(words[f"ask_{each}"] for each in QUESTIONS)
    assert all(words[f"answer_{each}"] for each in ANSWERS)
    assert {"refused_at_door", "taken_or_detained"} <= set(terms(Kind.FAILURE))
    assert {"left_early", "missing"} <= set(terms(Kind.OUTCOME))
