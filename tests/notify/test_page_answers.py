"""Tests of what a desk can answer besides yes and no: yes if, a question without a person, a number of a group."""

from collections.abc import AsyncIterator
from datetime import UTC, datetime, timedelta
from urllib.parse import quote

import pytest
from hypothesis import given
from hypothesis import strategies as st

from ihala.matching.v1 import matching_pb2 as match_pb
from ihala.referrals.v1 import referrals_pb2 as pb
from services.errors import InvalidInput
from services.hours import zone
from services.notify.pages.terms import arrivals, numbers_in, stays, terms_in
from services.notify.pages.words import LANGUAGES, Words
from services.notify.shown import Offer
from services.taxonomy import Urgency
from tests.notify.desk import Browser, Page
from tests.notify.fakes import no_place
from tests.notify.hostile import HOSTILE, runs_in
from tests.notify.stores import NOON


@pytest.fixture
async def browser(page: Page) -> AsyncIterator[Browser]:
    """A desk that reads the offer `offer-1`."""
    async with page.reading() as reading:
        yield reading


async def read(browser: Browser) -> None:
    await browser.press("/item/offer-1/acknowledge")


async def test_a_yes_carries_its_conditions_in_codes_and_times(page: Page, browser: Browser) -> None:
    await read(browser)
    words = Words("en")
    (arrive, said), (stay, _) = arrivals(words, "Africa/Tripoli", NOON)[1], stays(words, "Africa/Tripoli", NOON)[0]
    assert said in browser.text
    fields = {"arrive_start": arrive, "stay_end": stay, "escort": "1", "interpreter_by_telephone": "1"}
    text = await browser.press("/item/offer-1/propose", **fields)

    assert "You said yes, if. The person is being asked" in text
    assert "Not before" in text
    verb, request = page.referrals.commands[-1]
    assert verb == "Propose"
    assert sorted(request.conditions) == ["earliest_arrival", "escort", "interpreter_by_telephone", "longest_stay"]
    assert request.arrive_start_time.ToDatetime(tzinfo=UTC) == NOON + timedelta(hours=2)
    # the first night ends at noon in Tripoli, which is two hours before noon in UTC
    assert request.stay_end_time.ToDatetime(tzinfo=UTC) == NOON + timedelta(days=1, hours=-2)


async def test_a_yes_if_without_an_if_is_asked_for_again(page: Page, browser: Browser) -> None:
    await read(browser)
    assert "Nothing was chosen" in await browser.press("/item/offer-1/propose")

    assert [verb for verb, _ in page.referrals.commands] == ["Acknowledge"]


async def test_a_full_house_may_say_yes_if_all_the_same(page: Page, browser: Browser) -> None:
    await read(browser)
    page.referrals.refuse_next = no_place()
    assert "no place is free" in await browser.press("/item/offer-1/propose", guardian="1")
    await browser.press("/item/offer-1/propose", guardian="1")

    assert page.referrals.commands[-1][1].accept_beyond_report is True


@pytest.mark.parametrize("language", LANGUAGES)
async def test_a_question_shows_a_code_and_an_area_and_nobody(page: Page, language: str) -> None:
    """R10: what a desk learns of a probe."""
    async with page.enrolled(language) as browser:
        await page.ring()
        page.referrals.offers["offer-1"].state = pb.OFFER_STATE_PROBING
        await browser.unlock()
        await browser.get("/")
        text = await browser.press("/reading")

        words = Words(language)
        assert words["could_you_take"] in text
        assert {"en": "around Tripoli", "fr": "autour de Tripoli", "ar": "في محيط طرابلس"}[language] in text
        headings = (f"<h2>{words[name]}<" for name in ("the_person", "the_way"))
        for hidden in (*headings, f"<dt>{words['age']}<", "Tigrinya"):
            assert hidden not in text
        assert words["state_draft"] in await browser.press("/item/offer-1/could")

    verb, request = page.referrals.commands[-1]
    assert (verb, request.assess_first, request.accept_beyond_report) == ("AnswerProbe", False, False)
    assert (await page.stores.alerts.waiting("house-1")).count == 0


async def test_a_house_that_must_see_her_first_says_so(page: Page, browser: Browser) -> None:
    page.referrals.offers["offer-1"].state = pb.OFFER_STATE_PROBING
    await browser.get("/item/offer-1")
    fields = {**browser.hidden_fields("/item/offer-1/could"), "assess": "1"}
    await browser.post("/item/offer-1/could", **fields)

    assert page.referrals.commands[-1][1].assess_first is True


async def test_a_question_is_declined_with_a_coded_reason(page: Page, browser: Browser) -> None:
    page.referrals.offers["offer-1"].state = pb.OFFER_STATE_PROBING
    await browser.get("/item/offer-1")
    await browser.press("/item/offer-1/decline", reason="no_capacity", population="girls")

    verb, request = page.referrals.commands[-1]
    assert (verb, request.reason, request.population) == ("Decline", "no_capacity", "girls")


async def a_group(page: Page, browser: Browser) -> None:
    offer = page.referrals.offers["offer-1"]
    offer.divisible = True
    del offer.items[:]
    offer.items.extend(
        [match_pb.PlaceItem(population="women", count=8), match_pb.PlaceItem(population="girls", count=2)]
    )
    await read(browser)
    assert "How many can you take?" in browser.text


async def test_a_house_takes_five_of_eight(page: Page, browser: Browser) -> None:
    await a_group(page, browser)
    await browser.press("/item/offer-1/accept", **{"take:women": "٥", "take:girls": "0"})

    _, request = page.referrals.commands[-1]
    assert [(item.population, item.count) for item in request.accept_items] == [("women", 5)]


async def test_a_house_that_takes_all_of_a_group_says_plainly_yes(page: Page, browser: Browser) -> None:
    await a_group(page, browser)
    await browser.press("/item/offer-1/accept", **{"take:women": "8", "take:girls": "2"})

    verb, request = page.referrals.commands[-1]
    assert (verb, list(request.accept_items)) == ("Accept", [])


@pytest.mark.parametrize("number", ["9", "-1", "x", "", "0"])
async def test_a_number_that_was_not_asked_for_is_asked_for_again(page: Page, browser: Browser, number: str) -> None:
    await a_group(page, browser)
    text = await browser.press("/item/offer-1/accept", **{"take:women": number, "take:girls": "0"})

    assert "at least one, and not more than were asked for" in text
    assert [verb for verb, _ in page.referrals.commands] == ["Acknowledge"]


async def test_what_others_wrote_is_shown_and_not_run(page: Page, browser: Browser) -> None:
    await read(browser)
    offer = page.referrals.offers["offer-1"]
    for hostile in HOSTILE:
        page.directory.name = hostile
        del offer.items[:]
        offer.items.add(population=hostile, count=3)
        offer.divisible, offer.reason, offer.conditions[:] = True, hostile, [hostile]
        text = await browser.get("/item/offer-1") + await browser.get("/list") + await browser.get("/places")
        for path in ("/item/offer-1?e=", "/pin?next=", "/?since=1&until=", "/?l="):
            text += await browser.get(path + quote(hostile.replace("\x00", "")))

        assert not runs_in(text, hostile), hostile


TIMES = st.datetimes(datetime(2026, 1, 1), datetime(2027, 1, 1), timezones=st.just(UTC))  # noqa: DTZ001 -- as hypothesis wants it
ZONES = st.sampled_from(["Africa/Tripoli", "Africa/Casablanca", "Europe/Paris", "Asia/Kathmandu", "Nowhere/None"])


@given(TIMES, ZONES, st.sampled_from(sorted(LANGUAGES)))
def test_every_time_that_is_offered_is_taken_back_as_it_was_shown(now: datetime, where: str, language: str) -> None:
    words = Words(language)
    for code, said in arrivals(words, where, now):
        time = terms_in({"arrive_start": code}, now)["arrive_start_time"]
        assert time > now
        assert words.time(time, where, now) in said
    for code, said in stays(words, where, now):
        found = terms_in({"stay_end": code}, now)
        assert found["conditions"] == ["longest_stay"]
        assert words.time(found["stay_end_time"], where, now) in said
        if where != "Nowhere/None":
            assert found["stay_end_time"].astimezone(zone(where)).hour == 12


@given(st.text(max_size=12), st.text(max_size=12))
def test_whatever_stands_in_a_form_is_terms_or_refused(start: str, end: str) -> None:
    try:
        found = terms_in({"arrive_start": start, "stay_end": end}, NOON)
    except InvalidInput:
        return
    assert found["conditions"]


@given(st.dictionaries(st.sampled_from(["take:women", "take:girls"]), st.text(max_size=8) | st.integers().map(str)))
def test_no_number_of_a_form_is_more_than_was_asked_for(fields: dict[str, str]) -> None:
    offer = Offer(
        offer_id="offer-1",
        provider_id="provider-1",
        receiver_id="house-1",
        state="received",
        due_time=None,
        due_kind="decide",
        urgency=Urgency.URGENT,
        code="ACC-EMG",
        items={"women": 8, "girls": 2},
        is_divisible=True,
    )
    try:
        taken = numbers_in(fields, offer)
    except InvalidInput:
        return
    assert all(0 < count <= offer.items[each] for each, count in taken.items())
