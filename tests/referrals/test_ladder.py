"""Silence climbs a ladder, and what comes to nothing goes on by itself (R46, R62)."""

from datetime import UTC, date, datetime
from typing import Any

import pytest

from ihala.referrals.v1 import referrals_pb2 as pb
from ihala.referrals.v1 import referrals_service_pb2 as service_pb
from services.errors import FailedPrecondition, InvalidInput, Reason
from services.hours import Calendar, ClockSpan, Entry
from services.referrals.clocks import Clocks, Where, ladders
from services.referrals.due import SteadyClock
from services.referrals.model import DueKind
from services.referrals.scene import WorkingTime
from services.referrals.store import needs
from services.referrals.wire.cloudevents import offer_event
from services.taxonomy import Rung, Urgency
from tests.referrals.samples import NOON, Clock, Running, a_match_request, a_provider, a_report, a_request_id, order


async def rungs(referrals: Running) -> list[str]:
    return [
        row[0] for row in await referrals.rows("SELECT reason FROM event WHERE type = 'alert_rung' ORDER BY revision")
    ]


async def tasks(referrals: Running) -> list[tuple[str, str]]:
    found = (await referrals.duty().ListTasks(service_pb.ListTasksRequest())).tasks
    return sorted((pb.TaskKind.Name(task.kind).removeprefix("TASK_KIND_").lower(), task.owner) for task in found)


async def the_referral(referrals: Running, referral_id: str) -> Any:
    response = await referrals.sender().GetReferral(service_pb.GetReferralRequest(referral_id=referral_id))
    return response.referral


async def nothing_sleeps(referrals: Running) -> bool:
    async with referrals.desk.read() as connection:
        return await needs.asleep(connection) == []


async def test_friday_night(referrals: Running) -> None:
    """R46: second channel at 2 min, deputy at 5, the next provider and a duty task at 10, a yes by telephone."""
    await referrals.know(a_provider("shelter"), a_provider("next", receiver_id="", pool_id="next-pool"))
    referrals.matching.next_ones = ["shelter", "next"]
    made = await referrals.refer("shelter")

    await referrals.pass_time(minutes=2)
    assert await rungs(referrals) == ["second_channel"]
    await referrals.pass_time(minutes=3)
    assert await rungs(referrals) == ["second_channel", "deputy"]
    assert await tasks(referrals) == []
    await referrals.pass_time(minutes=5)

    referral = await the_referral(referrals, made.referral_id)
    assert [offer.provider_id for offer in referral.offers] == ["shelter", "next"]
    # the shelter that is silent, and the next one, which nobody is enrolled for
    assert await tasks(referrals) == [("ring", "duty"), ("ring", "duty")]
    accepted = await referrals.duty().AcceptOffer(
        order("Accept", referral.offers[1], on_behalf_of="next", via=pb.VIA_PHONE)
    )

    assert accepted.offer.state == pb.OFFER_STATE_ACCEPTED
    assert await tasks(referrals) == []
    states = [offer.state for offer in (await the_referral(referrals, made.referral_id)).offers]
    assert states == [pb.OFFER_STATE_SUPERSEDED, pb.OFFER_STATE_ACCEPTED]


async def test_the_manager_hears_of_what_the_duty_has_let_pass(referrals: Running) -> None:
    await referrals.know(a_provider())
    await referrals.refer()
    await referrals.pass_time(minutes=10)

    await referrals.pass_time(minutes=10)

    assert await tasks(referrals) == [("ring", "duty"), ("ring", "manager")]


async def test_reading_ends_the_ladder(referrals: Running) -> None:
    await referrals.know(a_provider())
    made = await referrals.refer()
    await referrals.receiver().AcknowledgeOffer(order("Acknowledge", made.offers[0]))

    await referrals.pass_time(minutes=20)

    assert await rungs(referrals) == []
    assert await tasks(referrals) == []


async def test_rungs_on_the_bus_name_the_rung_and_no_more() -> None:
    """R11."""
    payload = offer_event(
        event_id="e", type_="alert_rung", occurred_time=NOON, offer_id="o", offer_version=1, receiver_id="r",
        state="requested", urgency="immediate", due_time=NOON, rung="deputy",
    )  # fmt: skip

    assert b'"rung":"deputy"' in payload


async def test_a_no_asks_the_next_provider_by_itself(referrals: Running) -> None:
    await referrals.know(a_provider("one"), a_provider("two"), a_provider("three"))
    referrals.matching.next_ones = ["one", "two", "three"]
    made = await referrals.refer("one")
    await referrals.receiver("one-desk").DeclineOffer(order("Decline", made.offers[0], reason="access_blocked"))

    await referrals.pass_time()

    referral = await the_referral(referrals, made.referral_id)
    assert [(offer.provider_id, offer.state) for offer in referral.offers] == [
        ("one", pb.OFFER_STATE_REJECTED),
        ("two", pb.OFFER_STATE_REQUESTED),
    ]
    assert referral.state == pb.REFERRAL_STATE_ACTIVE
    asked = referrals.matching.asked_next[0]
    assert "one" in asked.safety.excluded_provider_ids
    assert "canary-provider-7743" in asked.safety.excluded_provider_ids  # the person's own envelope stands
    assert await referrals.pass_time() == 0


async def test_nobody_is_asked_whom_the_consent_does_not_cover(referrals: Running) -> None:
    """R1: a re-match tells nobody else than who was named."""
    await referrals.know(a_provider("one"), a_provider("two"))
    referrals.matching.next_ones = ["two"]
    consent_id = await referrals.consent(receiver_class=None, provider_ids=["one"])
    made = await referrals.refer("one", consent_id=consent_id)
    await referrals.receiver("one-desk").DeclineOffer(order("Decline", made.offers[0], reason="access_blocked"))

    await referrals.pass_time()

    assert [offer.provider_id for offer in (await the_referral(referrals, made.referral_id)).offers] == ["one"]
    assert await tasks(referrals) == [("match_by_hand", "duty")]


async def test_a_withdrawal_stops_the_looking(referrals: Running) -> None:
    """R3."""
    await referrals.know(a_provider("one"), a_provider("two"))
    referrals.matching.next_ones = ["two"]
    consent_id = await referrals.consent()
    made = await referrals.refer("one", consent_id=consent_id)
    await referrals.receiver("one-desk").DeclineOffer(order("Decline", made.offers[0], reason="access_blocked"))
    await referrals.sender().WithdrawConsent(
        service_pb.WithdrawConsentRequest(
            request_id=a_request_id(), consent_id=consent_id, withdrawal=pb.WITHDRAWAL_STOP_SHARING
        )
    )

    await referrals.pass_time()

    assert len((await the_referral(referrals, made.referral_id)).offers) == 1
    assert await nothing_sleeps(referrals)


async def test_matching_that_stays_away_makes_it_a_persons_task(referrals: Running) -> None:
    await referrals.know(a_provider("one"))
    made = await referrals.refer("one")
    referrals.matching.is_away = True
    await referrals.receiver("one-desk").DeclineOffer(order("Decline", made.offers[0], reason="access_blocked"))

    assert await referrals.pass_time(minutes=4) == 0
    assert await referrals.pass_time(minutes=1) == 1

    assert await tasks(referrals) == [("match_by_hand", "duty")]


async def test_a_sender_that_says_nothing_on_a_recall_is_reminded_by_a_task(referrals: Running) -> None:
    await referrals.know(a_provider())
    made = await referrals.refer()
    await referrals.sender().CancelOffer(order("Cancel", made.offers[0], reason="prefers_other"))
    assert await nothing_sleeps(referrals)

    await referrals.pass_time(hours=1)

    assert await tasks(referrals) == [("match_by_hand", "duty")]


async def test_a_need_without_a_choice_is_not_forgotten(referrals: Running) -> None:
    await referrals.know(a_provider())
    await referrals.refer(codes=("ACC-EMG", "HEA-SGV"))
    assert await nothing_sleeps(referrals)

    await referrals.pass_time(hours=1)

    assert ("match_by_hand", "duty") in await tasks(referrals)


async def test_no_capacity_lowers_the_places_at_once(referrals: Running) -> None:
    await referrals.know(a_provider(places=(a_report(3),)))
    made = await referrals.refer()

    await referrals.receiver().DeclineOffer(order("Decline", made.offers[0], reason="no_capacity", population="girls"))

    assert await referrals.rows("SELECT total - occupied - held - booked FROM place") == [(0,)]
    assert await referrals.rows("SELECT reason, population FROM decline") == [("no_capacity", "girls")]


async def test_a_provider_that_is_not_safe_for_her_never_meets_her_again(referrals: Running) -> None:
    await referrals.know(a_provider("one"))
    made = await referrals.refer("one", person_ref="person-1")
    await referrals.receiver("one-desk").DeclineOffer(order("Decline", made.offers[0], reason="safety_risk_to_person"))

    with pytest.raises(FailedPrecondition) as caught:
        await referrals.refer("one", person_ref="person-1")

    assert (caught.value.reason, caught.value.metadata["constraint"]) == (Reason.MATCH_STALE, "excluded")
    assert (await referrals.refer("one", person_ref="person-2")).referral_id
    assert await referrals.rows("SELECT count(*) FROM decline") == [(0,)]  # sealed: counted nowhere


async def test_a_door_that_stayed_shut_is_looked_after_and_matched_again(referrals: Running) -> None:
    await referrals.know(a_provider("one"), a_provider("two"))
    referrals.matching.next_ones = ["two"]
    made = await referrals.refer("one")
    await referrals.receiver("one-desk").AcceptOffer(order("Accept", made.offers[0]))
    await referrals.receiver("one-desk").FailOffer(order("Fail", made.offers[0], reason="refused_at_door"))

    await referrals.pass_time()

    assert [offer.provider_id for offer in (await the_referral(referrals, made.referral_id)).offers] == ["one", "two"]
    assert await tasks(referrals) == [("welfare_check", "duty")]


async def test_a_match_of_a_kept_request_asks_for_one_need_alone(referrals: Running) -> None:
    await referrals.know(a_provider("one"), a_provider("two"))
    referrals.matching.next_ones = ["two"]
    made = await referrals.refer(
        "one",
        codes=("ACC-EMG", "HEA-SGV"),
        choices=[service_pb.OfferChoice(need_no=1, provider_id="one")],
        match_request=a_match_request("ACC-EMG", "HEA-SGV"),
    )
    await referrals.receiver("one-desk").DeclineOffer(order("Decline", made.offers[0], reason="access_blocked"))

    await referrals.pass_time()

    assert [need.code for need in referrals.matching.asked_next[0].needs] == ["HEA-SGV"]
    offers = (await the_referral(referrals, made.referral_id)).offers
    assert [(offer.need_no, offer.provider_id) for offer in offers] == [(1, "one"), (1, "two")]


def test_a_clock_that_jumps_has_no_time_until_it_is_back() -> None:
    """T15."""
    clock, passed = Clock(NOON), [0.0]
    steady = SteadyClock("due", now=clock, monotonic_s=lambda: passed[0])
    clock.move(hours=5)
    assert steady.now() is None

    clock.time, passed[0] = NOON, 1.0
    assert steady.now() == NOON


def test_a_machine_that_was_suspended_goes_on_with_the_time_that_it_comes_back_to() -> None:
    """R62: a brake that never lets go would be a silence of its own."""
    clock, passed = Clock(NOON), [0.0]
    steady = SteadyClock("due", now=clock, monotonic_s=lambda: passed[0], settles_after_s=300.0)
    clock.move(hours=5)
    assert steady.now() is None

    clock.move(seconds=299)
    passed[0] = 299.0
    assert steady.now() is None
    clock.move(seconds=1)
    passed[0] = 300.0
    assert steady.now() == clock()


def test_a_jurisdiction_has_its_own_ladder() -> None:
    own = ladders({"normal": [], "immediate": [(60, "manager")]})

    assert own[Urgency.NORMAL] == ()
    assert [rung for _span, rung in own[Urgency.IMMEDIATE]] == [Rung.MANAGER]
    wrongs: list[dict[str, list[tuple[float, str]]]] = [
        {"soon": []},
        {"normal": [(60, "police")]},
        {"normal": [(60, "deputy"), (5, "manager")]},
    ]
    for wrong in wrongs:
        with pytest.raises(InvalidInput):
            ladders(wrong)


@pytest.mark.parametrize(
    ("country", "zone", "urgency", "expected"),
    [
        # Friday 13 March 2026, noon in Tripoli: Friday and Saturday are days of rest
        ("LY", "Africa/Tripoli", Urgency.NORMAL, datetime(2026, 3, 16, 22, 0, tzinfo=UTC)),
        ("MA", "Africa/Casablanca", Urgency.NORMAL, datetime(2026, 3, 17, 10, 0, tzinfo=UTC)),
        ("LY", "Africa/Tripoli", Urgency.IMMEDIATE, datetime(2026, 3, 13, 10, 10, tzinfo=UTC)),
        ("", "", Urgency.NORMAL, datetime(2026, 3, 15, 10, 0, tzinfo=UTC)),  # nobody knows where
    ],
)
def test_slow_clocks_leave_out_the_days_of_rest(country: str, zone: str, urgency: Urgency, expected: datetime) -> None:
    """R46: two working days; what is immediate waits for no Sunday."""
    friday = datetime(2026, 3, 13, 10, 0, tzinfo=UTC)
    clocks = Clocks(working_time=WorkingTime())

    assert clocks.due_time(DueKind.READ, urgency, friday, friday, Where(country, zone)) == expected


@pytest.mark.parametrize(
    ("facts", "expected"),
    [
        ({}, datetime(2026, 3, 19, 22, 0, tzinfo=UTC)),
        ({"country_code": "MA"}, datetime(2026, 3, 16, 22, 0, tzinfo=UTC)),
        # of an area alone: rather too early than too late
        ({"h3_cell": "833f4dfffffffff"}, datetime(2026, 3, 16, 22, 0, tzinfo=UTC)),
        # a night's curfew closes no day
        ({"spans": (ClockSpan("22:00", "05:00"),)}, datetime(2026, 3, 16, 22, 0, tzinfo=UTC)),
    ],
)
def test_slow_clocks_leave_out_an_announced_feast(facts: dict[str, Any], expected: datetime) -> None:
    """R46, R48: switched on when it is announced, and off when that is taken back."""
    friday = datetime(2026, 3, 13, 10, 0, tzinfo=UTC)
    calendar = WorkingTime()
    clocks = Clocks(working_time=calendar)
    feast: dict[str, Any] = {
        "entry_id": "eid",
        "calendar": Calendar.EID,
        "country_code": "LY",
        "first_day": date(2026, 3, 15),
        "last_day": date(2026, 3, 17),
    }
    calendar.announce([Entry(**feast | facts)])
    with_feast = clocks.due_time(DueKind.READ, Urgency.NORMAL, friday, friday, Where("LY", "Africa/Tripoli"))
    calendar.announce([])
    without = clocks.due_time(DueKind.READ, Urgency.NORMAL, friday, friday, Where("LY", "Africa/Tripoli"))

    assert with_feast == expected
    assert without == datetime(2026, 3, 16, 22, 0, tzinfo=UTC)
