"""Tasks: listed, taken by a named person, closed with a code (R62)."""

from dataclasses import replace
from typing import Any

from services.errors import FailedPrecondition, InvalidInput, Reason
from services.referrals.model import Event, EventType, Task, TaskState, Via
from services.referrals.model.task import checked_outcome
from services.referrals.servicer.desk import Desk, actor_of, require_version
from services.referrals.store import events, offers, referrals, tasks
from services.referrals.wire import responses
from services.referrals.wire.basics import page_size, page_start, page_token
from services.referrals.wire.tasks import kinds_from_wire, task_to_wire
from services.runtime.auth import Role, absent, current_principal
from services.runtime.postgres import Connection


class TaskMethods:
    """The methods of the duty roster; a sender sees the tasks of its own referrals."""

    def __init__(self, desk: Desk) -> None:
        self._desk = desk

    async def ListTasks(self, request: Any, context: Any) -> Any:
        principal = current_principal()
        sees_all = principal.has(Role.DUTY_COORDINATOR)
        size = page_size(request)
        async with self._desk.read() as connection:
            found = await tasks.to_do(
                connection,
                kinds=kinds_from_wire(request),
                client_id=None if sees_all else principal.client_id,
                after=page_start(request),
                limit=size + 1,
            )
        page = found[:size]
        token = page_token(request, page[-1].due_time, page[-1].task_id) if len(found) > size else ""
        return responses.ListTasks(
            tasks=[task_to_wire(task, for_sender=not sees_all) for task in page], next_page_token=token
        )

    async def TakeTask(self, request: Any, context: Any) -> Any:
        owner = actor_of(current_principal())

        async def run(connection: Connection) -> None:
            task = await _locked(connection, request, "take")
            await tasks.put(connection, replace(task, state=TaskState.TAKEN, owner=owner, version=task.version + 1))

        done = await self._desk.once("task.take", request, request.task_id, run)
        return responses.TakeTask(task=await self._present(request.task_id), replayed=done is not None)

    async def CloseTask(self, request: Any, context: Any) -> Any:
        outcome = checked_outcome(request.outcome)
        principal = current_principal()

        async def run(connection: Connection) -> None:
            task = await _locked(connection, request, "close")
            await tasks.put(
                connection, replace(task, state=TaskState.CLOSED, outcome=outcome, version=task.version + 1)
            )
            await self._note(connection, task, actor_of(principal))

        done = await self._desk.once("task.close", request, request.task_id, run)
        return responses.CloseTask(task=await self._present(request.task_id), replayed=done is not None)

    async def _note(self, connection: Connection, task: Task, actor: str) -> None:
        """Tell the sender, if the task is about a referral."""
        if task.referral_id is None:
            return
        referral = await referrals.find(connection, task.referral_id)
        offer = None if task.offer_id is None else await offers.find(connection, task.offer_id)
        if referral is None:
            return
        now = self._desk.now()
        event = Event(
            event_id=self._desk.house.new_id(),
            referral_id=task.referral_id,
            offer_id=task.offer_id,
            offer_version=offer.version if offer else 0,
            type=EventType.TASK_CLOSED,
            state=offer.state if offer else None,
            due_time=offer.due_time if offer else None,
            due_kind=offer.due_kind if offer else None,
            reason=task.kind,
            occurred_time=now,
            recorded_time=now,
            actor=actor,
            via=Via.SYSTEM,
        )
        await events.append(connection, {referral.client_id: [event]})

    async def _present(self, task_id: str) -> Any:
        async with self._desk.read() as connection:
            task = await tasks.find(connection, task_id)
        if task is None:
            raise absent()
        return task_to_wire(task, for_sender=False)


async def _locked(connection: Connection, request: Any, move: str) -> Task:
    if request.expected_version < 1:
        raise InvalidInput("expected_version must be given")
    task = await tasks.lock(connection, request.task_id)
    if task is None:
        raise absent()
    require_version(task.version, request.expected_version)
    if task.state is TaskState.CLOSED:
        raise FailedPrecondition(
            "the task is closed", reason=Reason.ILLEGAL_MOVE, metadata={"state": task.state, "move": move}
        )
    return task
