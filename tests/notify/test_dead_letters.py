"""What a person must see to: the log of deliveries, dead letters, and the tasks that are asked for (I8, F12)."""

from datetime import timedelta
from typing import Any

import pytest

from ihala.notify.v1 import notify_pb2 as pb
from ihala.notify.v1.notify_pb2_grpc import NotifyServiceStub
from services.errors import InvalidInput, NotFound, PermissionDenied, Reason, Unavailable
from services.notify import escalations
from services.notify.history import WantedTask
from services.notify.model import Channel
from services.notify.store.wanted import WantedTaskStore, want_task
from services.runtime.auth import Role
from services.taxonomy import Rung, Urgency
from tests.notify.lanes import an_endpoint
from tests.notify.stores import NOON, Clock, Stores, an_event
from tests.notify.test_ladder import rung
from tests.notify.test_servicer import accounts_file, consumers, notify, stub
from tests.serving import Serving

__all__ = ["accounts_file", "consumers", "notify"]  # fixtures

MINUTE = timedelta(minutes=1)
SECRETS = ("+218", "example.org", "https://", "sealed")


async def a_failed_webhook(stores: Stores) -> None:
    """Let an alert fail once at a webhook, climb, and be given up there."""
    await an_endpoint(stores, "hook")
    await an_endpoint(stores, "phone", channel=Channel.SMS, order_no=1)
    await stores.alerts.hear(an_event(), NOON)
    [attempt] = await stores.deliveries.claim_endpoints(NOON, 9, [Channel.WEBHOOK])
    await stores.deliveries.mark_failed(attempt, "status_500", NOON, permanent=False)
    await stores.alerts.hear(rung(Rung.SECOND_CHANNEL, event_id="rung-1"), NOON + 2 * MINUTE)
    [attempt] = await stores.deliveries.claim_endpoints(NOON + 2 * MINUTE, 9, [Channel.WEBHOOK])
    await stores.deliveries.mark_failed(attempt, "status_410", NOON + 2 * MINUTE, permanent=True)
    [attempt] = await stores.deliveries.claim_endpoints(NOON + 2 * MINUTE, 9, [Channel.SMS])
    await stores.deliveries.mark_sent([attempt], NOON + 2 * MINUTE)


@pytest.mark.parametrize("query", [{"receiver_id": "house-1"}, {"offer_id": "offer-1"}])
async def test_a_coordinator_reads_every_attempt_with_its_time_and_code_and_no_address(
    notify: Serving, stores: Stores, query: dict[str, Any]
) -> None:
    await a_failed_webhook(stores)

    response = await stub(notify, Role.COORDINATOR).ListDeliveries(pb.ListDeliveriesRequest(**query))

    [log] = response.alerts
    found = {each.endpoint_id or "page": each for each in log.deliveries}
    assert [(each.attempt, each.code) for each in found["hook"].attempts] == [(1, "status_500"), (2, "status_410")]
    assert (found["hook"].state, found["phone"].state) == (pb.DELIVERY_STATE_DEAD, pb.DELIVERY_STATE_SENT)
    assert [
        (each.attempt, each.code, each.attempt_time.ToDatetime(tzinfo=NOON.tzinfo)) for each in found["phone"].attempts
    ] == [(1, "", NOON + 2 * MINUTE)]
    assert [each.rung for each in log.escalations] == ["second_channel"]
    assert (found["page"].step, found["phone"].step) == (0, 1)
    assert not any(secret in str(response) for secret in SECRETS)


async def test_a_log_is_listed_in_pages_newest_first(notify: Serving, stores: Stores) -> None:
    for number in range(5):
        await stores.alerts.hear(an_event(f"offer-{number}"), NOON + number * MINUTE)
    coordinator, token, seen = stub(notify, Role.COORDINATOR), "", []
    while True:
        page = await coordinator.ListDeliveries(
            pb.ListDeliveriesRequest(receiver_id="house-1", page_size=2, page_token=token)
        )
        seen += [each.alert.offer_id for each in page.alerts]
        if not (token := page.next_page_token):
            break

    assert seen == [f"offer-{number}" for number in (4, 3, 2, 1, 0)]


async def test_a_receiver_reads_its_own_log_alone(notify: Serving, stores: Stores) -> None:
    await stores.alerts.hear(an_event(), NOON)
    token = notify.identity.token(Role.RECEIVER, receiver_ids=["house-1"])
    async with notify.channel(token=token) as channel:
        own: Any = NotifyServiceStub(channel)
        assert len((await own.ListDeliveries(pb.ListDeliveriesRequest(receiver_id="house-1"))).alerts) == 1
        with pytest.raises(NotFound):
            await own.ListDeliveries(pb.ListDeliveriesRequest(receiver_id="house-2"))
        with pytest.raises(InvalidInput):  # an offer alone would be whosever it is
            await own.ListDeliveries(pb.ListDeliveriesRequest(offer_id="offer-1"))


async def test_a_dead_letter_stays_until_a_person_clears_it(notify: Serving, stores: Stores) -> None:
    await a_failed_webhook(stores)
    await stores.letters.bury_message("REFERRALS", 7, "referral.v1.offer_requested", b"{not json", "MALFORMED", NOON)
    duty = stub(notify, Role.DUTY_COORDINATOR)
    letters = (await duty.ListDeadLetters(pb.ListDeadLettersRequest())).dead_letters
    assert [(each.stream, each.endpoint_id, each.code) for each in letters] == [
        ("", "hook", "status_410"),
        ("REFERRALS", "", "MALFORMED"),
    ]
    assert letters[0].receiver_id == "house-1"
    assert "not json" not in str(letters)

    request = pb.ClearDeadLetterRequest(request_id="clear-1", dead_letter_id=letters[0].dead_letter_id)
    cleared = await duty.ClearDeadLetter(request)
    again = await duty.ClearDeadLetter(request)

    assert cleared.dead_letter.HasField("cleared_time")
    assert (cleared.replayed, again.replayed) == (False, True)
    left = (await duty.ListDeadLetters(pb.ListDeadLettersRequest())).dead_letters
    assert [each.dead_letter_id for each in left] == [letters[1].dead_letter_id]
    both = (await duty.ListDeadLetters(pb.ListDeadLettersRequest(with_cleared=True))).dead_letters
    assert len(both) == 2
    assert await stores.rows("SELECT cleared_by FROM dead_letter WHERE cleared_by IS NOT NULL") == [("client-1",)]


async def test_a_dead_letter_that_is_none_cannot_be_cleared(notify: Serving) -> None:
    duty = stub(notify, Role.DUTY_COORDINATOR)
    with pytest.raises(NotFound):
        await duty.ClearDeadLetter(pb.ClearDeadLetterRequest(request_id="1", dead_letter_id="unknown"))
    with pytest.raises(InvalidInput):
        await duty.ClearDeadLetter(pb.ClearDeadLetterRequest(request_id="1"))


@pytest.mark.parametrize("role", [Role.CASE_SYSTEM, Role.RECEIVER, Role.AUDITOR, Role.SERVICE])
async def test_dead_letters_are_no_others_matter(notify: Serving, role: Role) -> None:
    with pytest.raises(PermissionDenied):
        await stub(notify, role).ListDeadLetters(pb.ListDeadLettersRequest())


class FakeDuty:
    """Opens tasks, unless it is told otherwise."""

    def __init__(self) -> None:
        self.opened: list[WantedTask] = []
        self.fault: Exception | None = None

    async def open_task(self, wanted: WantedTask) -> None:
        if self.fault is not None:
            raise self.fault
        self.opened.append(wanted)


async def wanted(stores: Stores, clock: Clock, request_id: str = "exhausted-1") -> None:
    async with stores.pool.connection() as connection:
        for _ in range(2):
            await want_task(connection, request_id, Urgency.IMMEDIATE, clock(), offer_id="offer-1")


async def test_a_task_is_asked_for_until_it_is_open(stores: Stores, clock: Clock) -> None:
    """I8: with referrals away, and however often this process dies."""
    store, duty = WantedTaskStore(stores.pool), FakeDuty()
    await wanted(stores, clock)
    duty.fault = Unavailable("referrals is away")
    assert await escalations.ask_due(store, duty, clock) == 1
    assert await escalations.ask_due(store, duty, clock) == 0

    clock.advance(seconds=1)
    assert len(await store.claim_due(clock())) == 1  # a process that dies with it in hand
    clock.advance(seconds=31)
    duty.fault = None
    assert await escalations.ask_due(store, duty, clock) == 1
    clock.advance(days=1)
    assert await escalations.ask_due(store, duty, clock) == 0

    [task] = duty.opened
    assert (task.request_id, task.offer_id, task.urgency) == ("exhausted-1", "offer-1", Urgency.IMMEDIATE)


async def test_an_offer_that_referrals_does_not_know_is_asked_for_no_more(stores: Stores, clock: Clock) -> None:
    """F29: a database that was restored."""
    store, duty = WantedTaskStore(stores.pool), FakeDuty()
    await wanted(stores, clock)
    duty.fault = NotFound("there is no such object", reason=Reason.NOT_FOUND)

    assert await escalations.ask_due(store, duty, clock) == 1
    clock.advance(days=1)
    assert await escalations.ask_due(store, duty, clock) == 0


async def test_a_message_that_nobody_could_read_is_a_persons_task(stores: Stores, clock: Clock) -> None:
    """F12."""
    for _ in range(2):
        await stores.letters.bury_message("REFERRALS", 7, "referral.v1.x", b"{", "MALFORMED", clock())

    assert await stores.rows("SELECT request_id, offer_id FROM wanted_task") == [("message-REFERRALS-7", None)]
    assert len(await stores.letters.list_page(9, None, with_cleared=False)) == 1
