"""Tasks and rosters: who owns what, who is woken, who rests (R61, R62)."""

import asyncio
from datetime import UTC, datetime, timedelta
from typing import Any

import pytest

from ihala.referrals.v1 import referrals_pb2 as pb
from ihala.referrals.v1 import referrals_service_pb2 as service_pb
from services.errors import Conflict, InvalidInput, NotFound, PermissionDenied
from services.referrals.store import needs
from services.runtime.times import time_to_wire
from tests.referrals.samples import Running, a_provider, a_request_id, order

NIGHT = datetime(2026, 3, 13, 23, 30, tzinfo=UTC)  # a Friday


async def owners(referrals: Running) -> list[str]:
    return sorted(task.owner for task in (await referrals.duty().ListTasks(service_pb.ListTasksRequest())).tasks)


async def rosters(referrals: Running) -> dict[str, Any]:
    found = (await referrals.duty().ListRosters(service_pb.ListRostersRequest())).rosters
    return {roster.roster_id: roster for roster in found}


def a_shift(actor: str, start: datetime, hours: float) -> pb.Shift:
    return pb.Shift(actor=actor, start_time=time_to_wire(start), end_time=time_to_wire(start + timedelta(hours=hours)))


def an_update(roster: pb.Roster, **facts: Any) -> Any:
    whole: dict[str, Any] = {"request_id": a_request_id(), "roster": roster}
    return service_pb.UpdateRosterRequest(**whole | facts)


async def test_a_task_that_nobody_takes_in_time_becomes_the_managers(referrals: Running) -> None:
    await referrals.know(a_provider(receiver_id=""))
    await referrals.refer()
    assert await owners(referrals) == ["duty"]

    await referrals.pass_time(minutes=10)

    assert "duty" not in await owners(referrals)
    assert await referrals.rows("SELECT count(*) FROM event WHERE type = 'task_escalated'") == [(1,)]


async def test_those_on_duty_see_who_referred_and_the_sender_sees_its_referral(referrals: Running) -> None:
    """R10, and whom a duty coordinator may ask (design part 9)."""
    await referrals.know(a_provider(receiver_id=""))
    made = await referrals.refer()
    (seen,) = (await referrals.duty().ListTasks(service_pb.ListTasksRequest())).tasks
    (own,) = (await referrals.sender().ListTasks(service_pb.ListTasksRequest())).tasks
    taken = await referrals.duty().TakeTask(
        service_pb.TakeTaskRequest(request_id=a_request_id(), task_id=seen.task_id, expected_version=seen.version)
    )

    assert (seen.sender, seen.referral_id) == (taken.task.sender, "")
    assert seen.sender
    assert (own.sender, own.referral_id) == ("", made.referral_id)


async def test_a_task_that_somebody_has_taken_stays_that_persons(referrals: Running) -> None:
    await referrals.know(a_provider(receiver_id=""))
    await referrals.refer()
    (task,) = (await referrals.duty().ListTasks(service_pb.ListTasksRequest())).tasks
    await referrals.duty().TakeTask(
        service_pb.TakeTaskRequest(request_id=a_request_id(), task_id=task.task_id, expected_version=task.version)
    )

    await referrals.pass_time(minutes=10)

    assert await referrals.rows("SELECT count(*) FROM event WHERE type = 'task_escalated'") == [(0,)]


async def test_closing_a_task_without_a_result_leaves_no_referral_asleep(referrals: Running) -> None:
    """R62."""
    await referrals.know(a_provider())
    made = await referrals.refer()
    await referrals.receiver().DeclineOffer(order("Decline", made.offers[0], reason="access_blocked"))
    await referrals.pass_time()
    (task,) = (await referrals.duty().ListTasks(service_pb.ListTasksRequest())).tasks

    closed = await referrals.duty().CloseTask(
        service_pb.CloseTaskRequest(
            request_id=a_request_id(), task_id=task.task_id, expected_version=task.version, outcome="no_place_found"
        )
    )

    assert (closed.task.state, closed.task.outcome) == (pb.TASK_STATE_CLOSED, "no_place_found")
    async with referrals.desk.read() as connection:
        assert await needs.asleep(connection) == []
    await referrals.pass_time(hours=1)
    assert await owners(referrals) == ["duty"]


async def test_a_roster_that_rests_leaves_its_tasks_to_its_stand_in(referrals: Running) -> None:
    """R61."""
    duty = referrals.duty()
    await referrals.know(a_provider("one", receiver_id=""), a_provider("two", receiver_id=""))
    await referrals.refer("one")
    await duty.UpdateRoster(an_update(pb.Roster(roster_id="south")))
    await duty.UpdateRoster(an_update(pb.Roster(roster_id="duty", stand_in="south")))

    paused = await duty.PauseRoster(
        service_pb.PauseRosterRequest(
            request_id=a_request_id(),
            roster_id="duty",
            until_time=time_to_wire(referrals.clock() + timedelta(hours=8)),
        )
    )
    await referrals.refer("two")

    assert paused.roster.HasField("paused_until_time")
    assert await owners(referrals) == ["south", "south"]
    await duty.PauseRoster(service_pb.PauseRosterRequest(request_id=a_request_id(), roster_id="duty"))
    await referrals.refer("two")
    assert await owners(referrals) == ["duty", "south", "south"]


async def test_a_name_that_was_mistyped_neither_rests_nor_stands_in(referrals: Running) -> None:
    """R61: else the roster that was meant goes on being woken."""
    duty = referrals.duty()
    until = time_to_wire(referrals.clock() + timedelta(hours=8))
    with pytest.raises(NotFound):
        await duty.PauseRoster(
            service_pb.PauseRosterRequest(request_id=a_request_id(), roster_id="dutty", until_time=until)
        )
    with pytest.raises(InvalidInput, match=r"roster\.stand_in"):
        await duty.UpdateRoster(an_update(pb.Roster(roster_id="duty", stand_in="mangaer")))

    assert set(await rosters(referrals)) == {"duty", "manager"}


async def test_a_task_comes_to_a_roster_that_somebody_sits_at(referrals: Running) -> None:
    await referrals.know(a_provider(receiver_id=""))
    shifts = [a_shift("amina", referrals.clock(), 1)]
    await referrals.duty().UpdateRoster(an_update(pb.Roster(roster_id="duty", shifts=shifts)))
    assert list((await rosters(referrals))["duty"].on_duty) == ["amina"]
    await referrals.refer()

    referrals.clock.move(hours=1)
    await referrals.refer()

    assert await owners(referrals) == ["duty", "manager"]


async def test_nights_woken_are_counted_once_a_night_and_shown(referrals: Running) -> None:
    """R61."""
    referrals.clock.time = NIGHT
    await referrals.know(a_provider(receiver_id=""))
    for _time in range(2):
        await referrals.refer()
    referrals.clock.move(hours=2)  # after midnight, the same night
    await referrals.refer()
    await referrals.refer(urgency="NORMAL")
    assert (await rosters(referrals))["duty"].nights_woken == 1

    referrals.clock.move(hours=22)
    await referrals.refer()
    assert (await rosters(referrals))["duty"].nights_woken == 2
    referrals.clock.move(hours=12)
    await referrals.refer()  # by day nobody is woken
    assert (await rosters(referrals))["duty"].nights_woken == 2


async def test_the_duty_page_sees_tasks_come_and_go(referrals: Running) -> None:
    await referrals.know(a_provider(receiver_id=""))
    async with asyncio.timeout(20):
        stream = referrals.duty().WatchTasks(service_pb.WatchTasksRequest()).__aiter__()
        first = await anext(stream)
        made = await referrals.refer()
        opened = await anext(stream)
        await referrals.duty().AcceptOffer(order("Accept", made.offers[0], on_behalf_of="house", via=pb.VIA_PHONE))
        closed = await anext(stream)

    assert (list(first.tasks), first.caught_up) == ([], True)
    assert [(task.kind, task.state, task.provider_id) for task in opened.tasks] == [
        (pb.TASK_KIND_RING, pb.TASK_STATE_OPEN, "house")
    ]
    assert [(task.state, task.outcome) for task in closed.tasks] == [(pb.TASK_STATE_CLOSED, "answered")]
    assert opened.tasks[0].referral_id == ""


async def test_a_roster_is_changed_as_it_was_read_and_by_the_duty_alone(referrals: Running) -> None:
    await referrals.duty().UpdateRoster(an_update(pb.Roster(roster_id="duty")))
    with pytest.raises(Conflict):
        await referrals.duty().UpdateRoster(an_update(pb.Roster(roster_id="duty"), expected_version=7))
    with pytest.raises(PermissionDenied):
        await referrals.sender().ListRosters(service_pb.ListRostersRequest())
    backwards = pb.Roster(roster_id="duty", shifts=[a_shift("amina", referrals.clock(), -1)])
    with pytest.raises(InvalidInput):
        await referrals.duty().UpdateRoster(an_update(backwards))
