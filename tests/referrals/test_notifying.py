"""What our notify service asks: a person's task where nothing is heard, and the ids of a sender's events."""

from typing import Any

import pytest

from ihala.matching.v1 import matching_pb2
from ihala.referrals.v1 import referrals_pb2 as pb
from ihala.referrals.v1 import referrals_service_pb2 as service_pb
from services.errors import FailedPrecondition, InvalidInput, NotFound, PermissionDenied, Reason
from services.runtime.auth import Role
from tests.referrals.samples import Running, a_provider, order
from tests.referrals.test_watching import first

IMMEDIATE = matching_pb2.URGENCY_IMMEDIATE


def a_dead_letter(request_id: str = "exhausted-1", **facts: Any) -> service_pb.OpenDeadLetterRequest:
    return service_pb.OpenDeadLetterRequest(request_id=request_id, **facts)


async def open_tasks(referrals: Running) -> list[pb.Task]:
    response = await referrals.duty().ListTasks(service_pb.ListTasksRequest(kinds=[pb.TASK_KIND_DEAD_LETTER]))
    return list(response.tasks)


async def test_an_offer_that_reaches_nobody_is_a_persons_task_once(referrals: Running) -> None:
    """I8, R62: however often it is asked for, and until somebody answers."""
    await referrals.know(a_provider())
    made = (await referrals.refer()).offers[0]

    first_time = await referrals.service().OpenDeadLetter(a_dead_letter(offer_id=made.offer_id))
    again = await referrals.service().OpenDeadLetter(a_dead_letter(offer_id=made.offer_id))
    another = await referrals.service().OpenDeadLetter(a_dead_letter("exhausted-2", offer_id=made.offer_id))

    [task] = await open_tasks(referrals)
    assert (task.offer_id, task.urgency, task.owner) == (made.offer_id, IMMEDIATE, "duty")
    assert [each.task_id for each in (first_time, again, another)] == [task.task_id] * 3
    assert (first_time.replayed, again.replayed) == (False, True)

    await referrals.receiver().AcknowledgeOffer(order("Acknowledge", made))
    await referrals.receiver().AcceptOffer(order("Accept", made))
    assert await open_tasks(referrals) == []


async def test_nobody_is_woken_for_an_offer_that_was_answered(referrals: Running) -> None:
    await referrals.know(a_provider())
    made = (await referrals.refer()).offers[0]
    await referrals.receiver().AcknowledgeOffer(order("Acknowledge", made))
    await referrals.receiver().AcceptOffer(order("Accept", made))

    response = await referrals.service().OpenDeadLetter(a_dead_letter(offer_id=made.offer_id))

    assert response.task_id == ""
    assert await open_tasks(referrals) == []


async def test_a_message_that_nobody_could_read_and_a_sender_nobody_reaches_are_tasks_without_an_offer(
    referrals: Running,
) -> None:
    await referrals.service().OpenDeadLetter(a_dead_letter("message-1", urgency=IMMEDIATE))
    request = a_dead_letter("sender-1", urgency=matching_pb2.URGENCY_NORMAL, client_id="ministry")
    opened = await referrals.service().OpenDeadLetter(request)
    assert (await referrals.service().OpenDeadLetter(request)).task_id == opened.task_id

    tasks = await open_tasks(referrals)
    assert [each.offer_id for each in tasks] == ["", ""]
    own = await referrals.sender().ListTasks(service_pb.ListTasksRequest())
    assert [each.task_id for each in own.tasks] == [opened.task_id]

    for task in tasks:
        await referrals.duty().CloseTask(
            service_pb.CloseTaskRequest(
                request_id=f"close-{task.task_id}"[:64],
                task_id=task.task_id,
                outcome="cleared",
                expected_version=task.version,
            )
        )
    assert await open_tasks(referrals) == []


async def test_a_dead_letter_of_no_offer_or_of_no_urgency_is_refused(referrals: Running) -> None:
    with pytest.raises(NotFound):
        await referrals.service().OpenDeadLetter(a_dead_letter(offer_id="unknown"))
    with pytest.raises(InvalidInput, match="urgency"):
        await referrals.service().OpenDeadLetter(a_dead_letter())


@pytest.mark.parametrize("role", [Role.CASE_SYSTEM, Role.RECEIVER, Role.DUTY_COORDINATOR, Role.OPERATOR])
async def test_only_our_own_services_may_ask(referrals: Running, role: Role) -> None:
    stub = referrals.stub(role, receiver_ids=["house-desk"] if role is Role.RECEIVER else [])
    with pytest.raises(PermissionDenied):
        await stub.OpenDeadLetter(a_dead_letter(urgency=IMMEDIATE))
    with pytest.raises(PermissionDenied):
        await first(stub.WatchSenderEvents(service_pb.WatchSenderEventsRequest(client_id="ministry")))


async def test_a_senders_events_are_named_in_the_order_of_its_feed_and_say_nothing_else(referrals: Running) -> None:
    await referrals.know(a_provider())
    await referrals.refer()
    feed = await referrals.sender().ListReferralEvents(service_pb.ListReferralEventsRequest())

    page = await first(referrals.service().WatchSenderEvents(service_pb.WatchSenderEventsRequest(client_id="ministry")))

    assert [(each.event_id, each.revision) for each in page.events] == [
        (each.event_id, each.revision) for each in feed.events
    ]
    assert (page.epoch, page.revision, page.caught_up) == (feed.epoch, feed.revision, True)
    assert {field.name for field in service_pb.SenderEvent.DESCRIPTOR.fields} == {"event_id", "revision"}


async def test_who_begins_at_the_end_hears_what_comes(referrals: Running) -> None:
    await referrals.know(a_provider())
    await referrals.refer()
    service = referrals.service()
    at = await first(
        service.WatchSenderEvents(service_pb.WatchSenderEventsRequest(client_id="ministry", from_end=True))
    )
    assert not at.events

    made = await referrals.refer()
    page = await first(
        service.WatchSenderEvents(
            service_pb.WatchSenderEventsRequest(client_id="ministry", epoch=at.epoch, after_revision=at.revision)
        )
    )

    told = await referrals.rows(
        "SELECT count(*)::int FROM event WHERE referral_id = %s AND event_id::text = ANY(%s)",
        made.referral_id,
        [each.event_id for each in page.events],
    )
    assert told == [(len(page.events),)]
    assert page.revision > at.revision


async def test_a_reader_of_another_epoch_is_told_so(referrals: Running) -> None:
    request = service_pb.WatchSenderEventsRequest(client_id="ministry", epoch="other", after_revision=5)
    with pytest.raises(FailedPrecondition) as caught:
        await first(referrals.service().WatchSenderEvents(request))
    assert caught.value.reason is Reason.EPOCH_CHANGED

    with pytest.raises(InvalidInput, match="from_end"):
        await first(
            referrals.service().WatchSenderEvents(
                service_pb.WatchSenderEventsRequest(client_id="ministry", epoch="x", from_end=True)
            )
        )
