"""Which ways of a desk ring and when: their order, quiet hours, the deputy, what a failed way leads to (R46)."""

from dataclasses import replace
from datetime import UTC, datetime, time, timedelta
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from services.notify.endpoint import QuietHours
from services.notify.ladder import Cause, Step, Way, begun_by, next_step, steps_of
from services.notify.model import Channel, Delivery, OfferEvent, OfferState
from services.runtime.postgres import Process
from services.taxonomy import Rung, Urgency
from tests.notify.lanes import an_endpoint
from tests.notify.stores import NOON, Stores, a_nats_device, a_request, an_event

MINUTE = timedelta(minutes=1)
NIGHT = QuietHours(start=time(22), end=time(7), time_zone="Africa/Tripoli")
#: ten at night in Tripoli
LATE = datetime(2026, 3, 4, 20, 30, tzinfo=UTC)
MORNING = datetime(2026, 3, 5, 5, tzinfo=UTC)

PAGE = Way(channel=Channel.PAGE)
ways = st.lists(
    st.builds(
        Way,
        channel=st.sampled_from([Channel.WEBHOOK, Channel.EMAIL, Channel.SMS, Channel.PUSH]),
        endpoint_id=st.uuids().map(str),
        order_no=st.integers(0, 5),
    ),
    max_size=6,
)


def rung(rung: Rung | None, **more: Any) -> OfferEvent:
    return replace(an_event(), rung=rung, **more)


async def began(stores: Stores) -> dict[str, tuple[int, Delivery]]:
    """Return the deliveries of the one alert by endpoint, or by channel where there is none."""
    [alert] = await stores.alerts.list_page("house-1", 10, None)
    return {each.endpoint_id or each.channel.value: (each.step, each) for each in alert.deliveries}


def test_order_zero_rings_at_once_the_next_is_the_second_channel_and_the_rest_are_the_deputy() -> None:
    own = Way(channel=Channel.NATS)
    second = [Way(channel=Channel.SMS, endpoint_id=each, order_no=3) for each in ("a", "b")]
    others = [Way(channel=Channel.EMAIL, endpoint_id=f"e{each}", order_no=each) for each in (7, 9)]

    steps = steps_of([PAGE, own, *second, *others])

    assert [steps[way] for way in (PAGE, own, *second, *others)] == [0, 0, 1, 1, 2, 2]


def test_where_nothing_that_hears_is_first_the_lowest_order_rings_at_once() -> None:
    page = Way(channel=Channel.PAGE, is_watched=False)
    phone, mail = (Way(channel=Channel.SMS, endpoint_id=str(each), order_no=each) for each in (4, 8))

    assert steps_of([page, phone, mail]) == {page: Step.FIRST, phone: Step.FIRST, mail: Step.SECOND}


@given(others=ways, is_watched=st.booleans())
def test_every_way_begins_by_the_deputy_and_some_way_that_hears_at_once(others: list[Way], is_watched: bool) -> None:  # noqa: FBT001
    known = [Way(channel=Channel.PAGE, is_watched=is_watched), *others]

    assert set(begun_by(known, Step.DEPUTY)) == set(known)
    assert set(begun_by(known, Step.FIRST)) <= set(begun_by(known, Step.SECOND)) <= set(known)
    if is_watched or others:
        assert any(way.is_watched for way in begun_by(known, Step.FIRST))
    by_order = sorted(known, key=lambda way: way.order_no)
    steps = [steps_of(known)[way] for way in by_order]
    assert steps == sorted(steps)


@given(others=ways)
def test_climbing_from_step_to_step_begins_every_way_once_and_then_ends(others: list[Way]) -> None:
    known = [PAGE, *others]
    begun = {way.key for way in begun_by(known, Step.FIRST)}
    while (step := next_step(known, begun)) is not None:
        fresh = {way.key for way in begun_by(known, step)} - begun
        assert fresh
        begun |= fresh

    assert begun == {way.key for way in known}


@pytest.mark.parametrize("urgency", list(Urgency))
def test_quiet_hours_hold_back_what_can_wait_and_nothing_else(urgency: Urgency) -> None:
    way = Way(channel=Channel.SMS, endpoint_id="a", quiet=NIGHT)

    waits = urgency in {Urgency.URGENT, Urgency.NORMAL}

    assert way.first_time(urgency, LATE) == (MORNING if waits else LATE)
    assert way.first_time(urgency, NOON) == NOON


async def test_silence_reaches_the_second_channel_and_then_the_deputy_with_times_to_be_seen(stores: Stores) -> None:
    """R46, F15: at two minutes and at five."""
    for endpoint_id, order_no in (("first", 0), ("second", 1), ("deputy", 2)):
        await an_endpoint(stores, endpoint_id, channel=Channel.SMS, order_no=order_no)
    await stores.alerts.hear(an_event(), NOON)
    assert (await began(stores)).keys() == {"page", "first"}

    assert await stores.alerts.hear(rung(Rung.SECOND_CHANNEL), NOON + 2 * MINUTE)
    assert await stores.alerts.hear(rung(Rung.DEPUTY), NOON + 5 * MINUTE)

    found = await began(stores)
    assert {name: (step, each.create_time) for name, (step, each) in found.items()} == {
        "page": (0, NOON),
        "first": (0, NOON),
        "second": (1, NOON + 2 * MINUTE),
        "deputy": (2, NOON + 5 * MINUTE),
    }
    assert await stores.rows("SELECT rung, create_time, way_count FROM escalation ORDER BY create_time") == [
        ("second_channel", NOON + 2 * MINUTE, 1),
        ("deputy", NOON + 5 * MINUTE, 1),
    ]


async def test_a_rung_that_comes_twice_or_late_changes_nothing(stores: Stores) -> None:
    await an_endpoint(stores, "second", channel=Channel.SMS, order_no=1)
    await an_endpoint(stores, "first", channel=Channel.SMS, order_no=0)
    event = rung(Rung.SECOND_CHANNEL)
    await stores.alerts.hear(an_event(), NOON)
    assert await stores.alerts.hear(event, NOON)

    assert not await stores.alerts.hear(event, NOON)
    assert not await stores.alerts.hear(rung(Rung.SECOND_CHANNEL), NOON)
    await stores.alerts.hear(an_event(version=2, state=OfferState.RECEIVED), NOON)
    assert not await stores.alerts.hear(rung(Rung.DEPUTY), NOON)

    assert await stores.rows("SELECT rung FROM escalation") == [("second_channel",)]


async def test_a_rung_whose_offer_was_never_heard_rings_for_it(stores: Stores) -> None:
    """The bus lost what came before: the event says where the offer stands."""
    await an_endpoint(stores, "second", channel=Channel.SMS, order_no=1)
    await stores.devices.register_nats(
        a_request(), Process(client_id="operator-1"), a_nats_device("house-1", "U" + "A" * 55), NOON
    )

    assert await stores.alerts.hear(rung(Rung.SECOND_CHANNEL), NOON)

    assert (await began(stores)).keys() == {"page", "nats", "second"}


async def test_a_desk_without_more_ways_is_rung_again_where_nobody_confirms(stores: Stores) -> None:
    await an_endpoint(stores, "phone", channel=Channel.SMS)
    await stores.alerts.hear(an_event(), NOON)
    await stores.deliveries.mark_sent(await stores.deliveries.claim_endpoints(NOON, 9, [Channel.SMS]), NOON)
    assert await stores.deliveries.claim_endpoints(NOON + 9 * MINUTE, 9, [Channel.SMS]) == []

    await stores.alerts.hear(rung(Rung.SECOND_CHANNEL), NOON + 2 * MINUTE)

    [attempt] = await stores.deliveries.claim_endpoints(NOON + 2 * MINUTE, 9, [Channel.SMS])
    assert (attempt.endpoint_id, attempt.number) == ("phone", 2)


async def test_a_time_to_read_that_passed_rings_by_every_way_and_has_the_next_deadline(stores: Stores) -> None:
    """The event `offer_overdue` has the same version as the one before it."""
    await an_endpoint(stores, "first", channel=Channel.SMS, order_no=0)
    await an_endpoint(stores, "deputy", channel=Channel.SMS, order_no=2)
    await stores.alerts.hear(an_event(), NOON)
    overdue = rung(None, is_overdue=True, due_time=NOON + 30 * MINUTE, event_id="overdue-1")

    assert await stores.alerts.hear(overdue, NOON + 10 * MINUTE)

    assert (await began(stores)).keys() == {"page", "first", "deputy"}
    assert (await stores.alerts.waiting("house-1")).oldest_due_time == NOON + 30 * MINUTE


async def test_an_alert_that_can_wait_is_sent_when_the_night_is_over(stores: Stores) -> None:
    """R61: whoever sleeps is woken for what cannot wait, and for nothing else."""
    await an_endpoint(stores, "phone", channel=Channel.SMS, quiet=NIGHT)
    await stores.alerts.hear(an_event("offer-1", urgency=Urgency.NORMAL), LATE)
    await stores.alerts.hear(an_event("offer-2", urgency=Urgency.EMERGENCY), LATE)

    [now] = await stores.deliveries.claim_endpoints(LATE, 9, [Channel.SMS])
    assert now.alert.offer_id == "offer-2"
    await stores.deliveries.mark_sent([now], LATE)
    assert await stores.deliveries.claim_endpoints(MORNING - MINUTE, 9, [Channel.SMS]) == []
    [later] = await stores.deliveries.claim_endpoints(MORNING, 9, [Channel.SMS])
    assert later.alert.offer_id == "offer-1"


async def test_an_endpoint_that_wants_nothing_more_gives_its_turn_to_the_next_at_once(stores: Stores) -> None:
    """F14: 401 and 410."""
    await an_endpoint(stores, "hook", channel=Channel.WEBHOOK)
    await an_endpoint(stores, "phone", channel=Channel.SMS, order_no=5)
    await stores.alerts.hear(an_event(), NOON)
    [attempt] = await stores.deliveries.claim_endpoints(NOON, 9, [Channel.WEBHOOK])

    await stores.deliveries.mark_failed(attempt, "status_410", NOON, permanent=True)

    [fallback] = await stores.deliveries.claim_endpoints(NOON, 9, [Channel.SMS])
    assert fallback.endpoint_id == "phone"
    assert await stores.rows("SELECT rung, way_count FROM escalation") == [("failed", 1)]
    assert await stores.rows("SELECT 1 FROM wanted_task") == []


async def test_what_a_device_has_already_is_left_to_silence(stores: Stores) -> None:
    """R61: nobody else is woken because a second way failed."""
    await an_endpoint(stores, "hook", channel=Channel.WEBHOOK)
    await an_endpoint(stores, "mail", channel=Channel.EMAIL)
    await an_endpoint(stores, "phone", channel=Channel.SMS, order_no=5)
    await stores.alerts.hear(an_event(), NOON)
    [hook] = await stores.deliveries.claim_endpoints(NOON, 9, [Channel.WEBHOOK])
    await stores.deliveries.mark_confirmed(hook, NOON)
    [mail] = await stores.deliveries.claim_endpoints(NOON, 9, [Channel.EMAIL])

    await stores.deliveries.mark_failed(mail, "mailbox_unknown", NOON, permanent=True)

    assert (await began(stores)).keys() == {"page", "hook", "mail"}
    assert await stores.rows("SELECT 1 FROM escalation") == []


async def test_a_way_whose_turn_has_not_come_is_none_that_is_missing(stores: Stores) -> None:
    await an_endpoint(stores, "first", channel=Channel.SMS)
    await an_endpoint(stores, "second", channel=Channel.SMS, order_no=1)
    await stores.alerts.hear(an_event(), NOON)
    [(audited,)] = await stores.rows("SELECT count(*) FROM audit")

    assert await stores.deliveries.add_missing(NOON) == 0

    assert await stores.rows("SELECT count(*) FROM audit") == [(audited,)]


async def test_an_alert_that_nothing_can_carry_any_more_is_a_persons_task(stores: Stores) -> None:
    """I8: exhausted is never without a row that says so."""
    await an_endpoint(stores, "hook", channel=Channel.WEBHOOK)
    await an_endpoint(stores, "phone", channel=Channel.SMS, order_no=5)
    await stores.alerts.hear(an_event(), NOON)
    for channel in (Channel.WEBHOOK, Channel.SMS):
        [attempt] = await stores.deliveries.claim_endpoints(NOON, 9, [channel])
        await stores.deliveries.mark_failed(attempt, "gone", NOON, permanent=True)

    assert await stores.rows("SELECT rung FROM escalation ORDER BY rung") == [("exhausted",), ("failed",)]
    assert await stores.rows("SELECT offer_id, urgency FROM wanted_task") == [("offer-1", "immediate")]
    letters = await stores.letters.list_page(10, None, with_cleared=False)
    assert {(each.endpoint_id, each.code) for each in letters} == {("hook", "gone"), ("phone", "gone")}


async def test_a_webhook_is_tried_for_three_days_and_then_given_up(stores: Stores) -> None:
    await an_endpoint(stores, "hook", channel=Channel.WEBHOOK)
    await stores.alerts.hear(an_event(), NOON)
    now, waits = NOON, []
    while found := await stores.deliveries.claim_endpoints(now, 9, [Channel.WEBHOOK]):
        await stores.deliveries.mark_failed(found[0], "status_500", now, permanent=False)
        [(next_time,)] = await stores.rows("SELECT next_time FROM delivery WHERE endpoint_id = 'hook'")
        if next_time is None:
            break
        assert isinstance(next_time, datetime)
        waits.append((next_time - now).total_seconds())
        now = next_time

    assert waits[:7] == [5, 30, 120, 300, 900, 3600, 10800]
    assert timedelta(hours=69) < now - NOON <= timedelta(hours=72)
    assert await stores.rows("SELECT state FROM delivery WHERE endpoint_id = 'hook'") == [("dead",)]
    [log] = (await stores_log(stores)).values()
    assert len(log) == len(waits) + 1


async def test_an_endpoint_that_comes_later_hears_what_rings_already(stores: Stores) -> None:
    await stores.alerts.hear(an_event(), NOON)
    await an_endpoint(stores, "phone", channel=Channel.SMS)

    assert await stores.deliveries.add_missing(NOON + MINUTE) == 1
    assert await stores.deliveries.add_missing(NOON + MINUTE) == 0

    assert len(await stores.deliveries.claim_endpoints(NOON + MINUTE, 9, [Channel.SMS])) == 1


async def stores_log(stores: Stores) -> dict[str, list[object]]:
    found: dict[str, list[object]] = {}
    for endpoint_id, code in await stores.rows("SELECT endpoint_id, code FROM attempt ORDER BY attempt_no"):
        found.setdefault(str(endpoint_id), []).append(code)
    return found


def test_only_two_rungs_concern_channels() -> None:
    assert {Cause(rung.value) for rung in Rung if rung.value in set(Cause)} == {Cause.SECOND_CHANNEL, Cause.DEPUTY}
