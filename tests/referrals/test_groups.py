"""A plan of many people: each provider is asked once for its part, answers by number, and the rest goes on (R52)."""

from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from ihala.geo.v1 import geo_pb2
from ihala.matching.v1 import matching_pb2
from ihala.referrals.v1 import referrals_pb2 as pb
from ihala.referrals.v1 import referrals_service_pb2 as service_pb
from services.errors import IhalaError, Reason
from services.referrals.store import needs, outbox
from services.referrals.wire.plans import shares_from_wire
from tests.referrals.samples import AREA, Running, a_provider, a_report, a_request_id, order

WOMEN, GIRLS = "women", "girls"


def a_group(label: str, count: int, sex: Any = matching_pb2.SEX_FEMALE, **facts: Any) -> matching_pb2.Group:
    return matching_pb2.Group(
        label=label,
        count=count,
        person=matching_pb2.Person(sex=sex, age=matching_pb2.AgeRange(**{"min_years": 18, "max_years": 40} | facts)),
        needs=[matching_pb2.Need(code="ACC-EMG", urgency=matching_pb2.URGENCY_EMERGENCY)],
    )


def a_part(label: str, provider_id: str, count: int, population: str = WOMEN, party_no: int = 0) -> Any:
    return matching_pb2.Assignment(
        label=label,
        provider_id=provider_id,
        count=count,
        items=[matching_pb2.PlaceItem(population=population, count=count)],
        party_no=party_no,
    )


async def a_plan(referrals: Running, *parts: Any, **changes: Any) -> service_pb.CreateReferralsRequest:
    facts: dict[str, Any] = {
        "request_id": a_request_id(),
        "match_token": "token",
        "plan_request": matching_pb2.PlanMatchesRequest(
            groups=[a_group("boat-1", 8), a_group("boat-2", 4), a_group("girls", 3, min_years=15, max_years=17)],
            origin=geo_pb2.Origin(point=geo_pb2.Point(latitude_deg=32.9, longitude_deg=13.2)),
        ),
        "assignments": parts,
        "case_ref": "case-1",
        "consent_id": await referrals.consent(),
    }
    return service_pb.CreateReferralsRequest(**facts | changes)


async def reason_of(call: Any) -> Reason | None:
    try:
        await call
    except IhalaError as error:
        return error.reason
    return None


async def houses(referrals: Running, **totals: int) -> None:
    await referrals.know(
        *(
            a_provider(name, places=(a_report(total, population=WOMEN), a_report(total, population=GIRLS)))
            for name, total in totals.items()
        )
    )


async def test_each_provider_is_asked_once_for_all_of_its_part(referrals: Running) -> None:
    await houses(referrals, one=20, two=20)
    request = await a_plan(
        referrals,
        a_part("boat-1", "one", 8),
        a_part("boat-2", "two", 1),
        a_part("boat-2", "one", 3),
        a_part("girls", "one", 3, GIRLS),
    )

    made = await referrals.sender().CreateReferrals(request)
    again = await referrals.sender().CreateReferrals(request)

    asked = {each.offers[0].provider_id: each.offers[0] for each in made.referrals}
    assert list(asked) == ["one", "two"]
    assert list(asked["one"].labels) == ["boat-1", "boat-2", "girls"]
    offers = await referrals.rows("SELECT receiver_id, items FROM offer ORDER BY receiver_id")
    assert offers == [("one-desk", [["girls", 3], ["women", 11]]), ("two-desk", [["women", 1]])]
    requested = await referrals.rows("SELECT count(*) FROM event WHERE type = 'offer_requested'")
    assert requested == [(2,)]  # one alert a provider
    held = await referrals.rows("SELECT pool_id, population, held FROM place WHERE held > 0 ORDER BY 1, 2")
    assert held == [("one-pool", "girls", 3), ("one-pool", "women", 11), ("two-pool", "women", 1)]
    assert again.replayed
    assert [each.referral_id for each in again.referrals] == [each.referral_id for each in made.referrals]
    assert [list(each.offers) for each in again.referrals] == [list(each.offers) for each in made.referrals]


async def test_two_services_asked_of_one_provider_are_one_part_r52(referrals: Running) -> None:
    """One alert for all that a provider is asked for at once; whoever is asked for one thing stands alone."""
    await houses(referrals, one=20, two=20)
    group = a_group("boat-1", 4)
    group.needs.add(code="HEA-SGV", urgency=matching_pb2.URGENCY_IMMEDIATE)
    medical = matching_pb2.Assignment(label="boat-1", provider_id="one", count=4, need_no=1)
    plan = matching_pb2.PlanMatchesRequest(
        groups=[group, a_group("boat-2", 1)],
        origin=geo_pb2.Origin(point=geo_pb2.Point(latitude_deg=32.9, longitude_deg=13.2)),
    )
    parts = (a_part("boat-1", "one", 4), a_part("boat-2", "two", 1), medical)

    made = await referrals.sender().CreateReferrals(await a_plan(referrals, *parts, plan_request=plan))

    of_one = sorted(each.offers[0].offer_id for each in made.referrals if each.offers[0].provider_id == "one")
    async with referrals.desk.pool.connection() as connection:
        told = await outbox.lock_waiting(connection, 100)
    assert len(of_one) == len({each.offer_id for each in told if each.part_offer_ids}) == 2
    assert {tuple(each.part_offer_ids) for each in told} == {tuple(of_one), ()}


async def test_a_provider_takes_five_of_eight_and_the_rest_is_matched_again(referrals: Running) -> None:
    await houses(referrals, one=8, two=8)
    referrals.matching.next_ones = ["one", "two"]
    referrals.matching.items["two"] = ()
    made = await referrals.sender().CreateReferrals(await a_plan(referrals, a_part("boat-1", "one", 8)))
    (referral,) = made.referrals
    desk = referrals.receiver("one-desk")
    read = await desk.AcknowledgeOffer(order("Acknowledge", referral.offers[0]))

    five = [matching_pb2.PlaceItem(population=WOMEN, count=5)]
    accepted = await desk.AcceptOffer(order("Accept", referral.offers[0], accept_items=five))
    await referrals.pass_time()

    assert read.offer.divisible
    assert [(item.population, item.count) for item in accepted.offer.items] == [(WOMEN, 5)]
    assert await referrals.rows(
        "SELECT held, booked FROM place WHERE pool_id = 'one-pool' AND population = 'women'"
    ) == [(0, 5)]
    asked = referrals.matching.asked_next[-1]
    assert [(item.population, item.count) for item in asked.needs[0].items] == [(WOMEN, 3)]
    assert asked.HasField("person")
    assert "one" in asked.safety.excluded_provider_ids
    stands = (
        await referrals.sender().GetReferral(service_pb.GetReferralRequest(referral_id=referral.referral_id))
    ).referral
    assert [(offer.need_no, offer.provider_id) for offer in stands.offers] == [(0, "one"), (1, "two")]


async def test_a_rest_that_nobody_takes_is_a_persons_task_at_once_r62(referrals: Running) -> None:
    await houses(referrals, one=8)
    made = await referrals.sender().CreateReferrals(await a_plan(referrals, a_part("boat-1", "one", 8)))
    offer = made.referrals[0].offers[0]

    two = [matching_pb2.PlaceItem(population=WOMEN, count=2)]
    await referrals.receiver("one-desk").AcceptOffer(order("Accept", offer, accept_items=two))
    await referrals.pass_time()

    assert await referrals.rows("SELECT kind, need_no FROM task") == [("match_by_hand", 1)]
    async with referrals.desk.read() as connection:
        assert await needs.asleep(connection) == []


@pytest.mark.parametrize(
    ("party_no", "taken"), [(1, {WOMEN: 5}), (0, {WOMEN: 9}), (0, {GIRLS: 1}), (0, {WOMEN: 2, GIRLS: 1})]
)
async def test_a_family_is_taken_whole_and_nobody_takes_more_than_were_asked_for(
    referrals: Running, party_no: int, taken: dict[str, int]
) -> None:
    """R25, R36."""
    await houses(referrals, one=20)
    made = await referrals.sender().CreateReferrals(
        await a_plan(referrals, a_part("boat-1", "one", 8, party_no=party_no))
    )
    items = [matching_pb2.PlaceItem(population=each, count=count) for each, count in taken.items()]

    refused = await reason_of(
        referrals.receiver("one-desk").AcceptOffer(order("Accept", made.referrals[0].offers[0], accept_items=items))
    )

    assert refused is Reason.INVALID_FIELD
    assert await referrals.rows("SELECT state FROM offer") == [("requested",)]


async def test_places_that_are_gone_are_an_answer_for_their_part_alone(referrals: Running) -> None:
    await houses(referrals, one=2, two=8)
    request = await a_plan(referrals, a_part("boat-1", "one", 3), a_part("boat-2", "two", 4))

    made = await referrals.sender().CreateReferrals(request)

    lost, found = made.referrals
    assert (lost.referral_id, lost.lost_places[0].provider_id) == ("", "one")
    assert found.offers[0].provider_id == "two"
    assert await referrals.rows("SELECT count(*) FROM referral") == [(1,)]


async def test_nothing_is_made_of_a_plan_that_one_thing_refuses(referrals: Running) -> None:
    await houses(referrals, one=8, two=8)
    parts = (a_part("boat-1", "one", 3), a_part("boat-2", "two", 4))
    referrals.matching.turned["two"] = ("keep_apart",)
    stale = await reason_of(referrals.sender().CreateReferrals(await a_plan(referrals, *parts)))
    referrals.matching.turned.clear()
    uncovering = await referrals.consent(
        receiver_class=pb.ReceiverClass(codes=["HEA-SGV"], area_cells=[AREA], vetted=True)
    )
    uncovered = await reason_of(
        referrals.sender().CreateReferrals(await a_plan(referrals, *parts, consent_id=uncovering))
    )
    referrals.matching.asks_gate.add("one")
    gate = await reason_of(referrals.sender().CreateReferrals(await a_plan(referrals, *parts)))

    assert (stale, uncovered, gate) == (
        Reason.MATCH_STALE,
        Reason.CONSENT_NOT_COVERING,
        Reason.GATE_NOT_CONFIRMED,
    )
    assert await referrals.rows("SELECT count(*) FROM referral") == [(0,)]
    assert await referrals.rows("SELECT coalesce(sum(held), 0)::integer FROM place") == [(0,)]


@given(st.lists(st.tuples(st.integers(0, 80), st.booleans(), st.integers(1, 9)), min_size=1, max_size=6))
def test_what_is_kept_of_many_is_what_is_known_of_all_alike(people: list[tuple[int, bool, int]]) -> None:
    """A fact of some never stands for the others: unknown asks first, and is never a no."""
    answer = matching_pb2.CheckPlanResponse()
    for number, (age, is_woman, count) in enumerate(people):
        sex = matching_pb2.SEX_FEMALE if is_woman else matching_pb2.SEX_MALE
        group = a_group(str(number), count, sex=sex, min_years=age, max_years=age)
        part = answer.parts.add(assignment=a_part(str(number), "house", count))
        part.request.needs.add(
            code="ACC-EMG",
            urgency=matching_pb2.URGENCY_NORMAL,
            items=[matching_pb2.PlaceItem(population=WOMEN, count=count)],
        )
        part.request.person.CopyFrom(group.person)

    (share,) = shares_from_wire(answer)

    person = share.request.person
    assert share.request.HasField("person")
    assert person.HasField("age") is (len({age for age, *_ in people}) == 1)
    assert (person.sex != matching_pb2.SEX_UNSPECIFIED) is (len({is_woman for _age, is_woman, _count in people}) == 1)
    assert share.items[0].count == sum(count for *_, count in people)
