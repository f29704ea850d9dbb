"""See, take and close the tasks that no clock may end without (R62)."""

import uuid
from collections.abc import AsyncGenerator, AsyncIterator, Sequence
from dataclasses import dataclass
from datetime import UTC, datetime

from ihala.enum_wire import member_of, numbers_of, time_from_wire, time_to_wire, word_of
from ihala.matching.v1 import matching_pb2 as match_pb
from ihala.person import Urgency
from ihala.profile import Profile
from ihala.referrals.v1 import referrals_pb2 as pb
from ihala.referrals.v1 import referrals_service_pb2 as service_pb
from ihala.referrals.v1 import referrals_service_pb2_grpc as ref_grpc
from ihala.service_client import ServiceClient
from services.errors import NotFound

PAGE_SIZE = 500


@dataclass(frozen=True, slots=True, kw_only=True)
class Task:
    """Something that a named person has to do."""

    task_id: str
    kind: str
    state: str
    referral_id: str  #: empty for others than the sender
    offer_id: str
    provider_id: str
    code: str
    urgency: Urgency | None
    due_time: datetime | None
    owner: str
    outcome: str
    create_time: datetime | None
    version: int
    sender: str = ""  #: the system that referred, for duty coordinators; empty for others


@dataclass(frozen=True, slots=True, kw_only=True)
class Roster:
    """The people who own tasks until one of them takes each."""

    roster_id: str
    stand_in: str  #: who owns its tasks while it rests; empty: the manager's roster
    paused_until_time: datetime | None
    nights_woken: int  #: of the last 30
    on_duty: tuple[str, ...]
    version: int = 0
    shifts: "tuple[Shift, ...]" = ()


@dataclass(frozen=True, slots=True)
class Shift:
    """A span of duty of one person, opaque."""

    actor: str
    start_time: datetime
    end_time: datetime


class Tasks(ServiceClient):
    """
    The tasks that a caller may see; an asynchronous context manager.

    Args:
        profile: Where referrals is and who calls.

        actor: Who takes a task, opaque.
    """

    def __init__(self, profile: Profile, *, actor: str | None = None) -> None:
        super().__init__(profile, "referrals", actor=actor)
        self._stub = ref_grpc.ReferralsServiceStub(self._channel)

    async def list(self, kinds: Sequence[str] = ()) -> AsyncIterator[Task]:
        """
        Yield the tasks that are not closed, the earliest due first.

        Raises:
            InvalidInput: there is no such kind (UNKNOWN_CODE).
        """
        request = service_pb.ListTasksRequest(
            kinds=numbers_of(pb.TaskKind, "TASK_KIND", kinds, "kinds"), page_size=PAGE_SIZE
        )
        while True:
            response = await self._stub.ListTasks(request)
            for task in response.tasks:
                yield _task_from_wire(task)
            if not response.next_page_token:
                return
            request.page_token = response.next_page_token

    async def get(self, task_id: str) -> Task:
        """
        Return a task that is not closed.

        Raises:
            NotFound: there is none of this id, or it is closed.
        """
        async for task in self.list():
            if task.task_id == task_id:
                return task
        raise NotFound("task_id must be that of a task that is not closed")

    async def watch(self, kinds: Sequence[str] = ()) -> AsyncGenerator[Task]:
        """
        Yield every task that is not closed, then each that changes, closed ones once; ends when the server goes.

        Raises:
            InvalidInput: there is no such kind (UNKNOWN_CODE).

            Unavailable: the server went; watch again.
        """
        request = service_pb.WatchTasksRequest(kinds=numbers_of(pb.TaskKind, "TASK_KIND", kinds, "kinds"))
        async for response in self._stub.WatchTasks(request):
            for task in response.tasks:
                yield _task_from_wire(task)

    async def rosters(self) -> Sequence[Roster]:
        """List the rosters by name."""
        response = await self._stub.ListRosters(service_pb.ListRostersRequest())
        return [_roster_from_wire(roster) for roster in response.rosters]

    async def describe(
        self, roster_id: str, shifts: Sequence[Shift], *, stand_in: str = "", expected_version: int = 0
    ) -> Roster:
        """
        Say who is on duty when, and who stands in while the roster rests or nobody is there.

        Raises:
            Conflict: it is not of that version any more; 0 expects any.
        """
        roster = pb.Roster(
            roster_id=roster_id,
            stand_in=stand_in,
            shifts=[
                pb.Shift(
                    actor=shift.actor,
                    start_time=time_to_wire(shift.start_time, "start_time"),
                    end_time=time_to_wire(shift.end_time, "end_time"),
                )
                for shift in shifts
            ],
        )
        response = await self._stub.UpdateRoster(
            service_pb.UpdateRosterRequest(
                request_id=uuid.uuid4().hex, roster=roster, expected_version=expected_version
            )
        )
        return _roster_from_wire(response.roster)

    async def pause(self, roster_id: str, until_time: datetime | None) -> Roster:
        """Let a roster rest until a time, or end its rest: its stand-in owns its tasks meanwhile."""
        response = await self._stub.PauseRoster(
            service_pb.PauseRosterRequest(
                request_id=uuid.uuid4().hex, roster_id=roster_id, until_time=time_to_wire(until_time, "until_time")
            )
        )
        return _roster_from_wire(response.roster)

    async def take(self, task_id: str, version: int) -> Task:
        """Take a task: the caller's actor owns it from now on."""
        response = await self._stub.TakeTask(
            service_pb.TakeTaskRequest(request_id=uuid.uuid4().hex, task_id=task_id, expected_version=version)
        )
        return _task_from_wire(response.task)

    async def close(self, task_id: str, version: int, outcome: str) -> Task:
        """Close a task with a code."""
        response = await self._stub.CloseTask(
            service_pb.CloseTaskRequest(
                request_id=uuid.uuid4().hex, task_id=task_id, expected_version=version, outcome=outcome
            )
        )
        return _task_from_wire(response.task)


def _roster_from_wire(roster: pb.Roster) -> Roster:
    return Roster(
        roster_id=roster.roster_id,
        stand_in=roster.stand_in,
        paused_until_time=time_from_wire(roster, "paused_until_time"),
        nights_woken=roster.nights_woken,
        on_duty=tuple(roster.on_duty),
        version=roster.version,
        shifts=tuple(
            Shift(shift.actor, shift.start_time.ToDatetime(UTC), shift.end_time.ToDatetime(UTC))
            for shift in roster.shifts
        ),
    )


def _task_from_wire(task: pb.Task) -> Task:
    return Task(
        task_id=task.task_id,
        kind=word_of(pb.TaskKind, "TASK_KIND", task.kind),
        state=word_of(pb.TaskState, "TASK_STATE", task.state),
        referral_id=task.referral_id,
        offer_id=task.offer_id,
        provider_id=task.provider_id,
        code=task.code,
        urgency=member_of(Urgency, match_pb.Urgency, "URGENCY", task.urgency),
        due_time=time_from_wire(task, "due_time"),
        owner=task.owner,
        outcome=task.outcome,
        create_time=time_from_wire(task, "create_time"),
        version=task.version,
        sender=task.sender,
    )
