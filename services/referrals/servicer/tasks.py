"""Tasks: listed, taken by a named person, closed with a code (R62)."""

from dataclasses import replace
from typing import Any

from services.errors import FailedPrecondition, InvalidInput, Reason
from services.referrals import scene
from services.referrals.model import Task, TaskState
from services.referrals.model.task import checked_outcome
from services.referrals.servicer.desk import Desk, act_of, actor_of, require_version
from services.referrals.store import overrides, scenes, tasks
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
            whose = await tasks.senders(connection, page) if sees_all else {}
        token = page_token(request, page[-1].due_time, page[-1].task_id) if len(found) > size else ""
        return responses.ListTasks(
            tasks=[task_to_wire(task, sender=whose.get(task.task_id, ""), for_sender=not sees_all) for task in page],
            next_page_token=token,
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
        actor = actor_of(current_principal())

        async def run(connection: Connection) -> None:
            async with self._desk.read() as reading:
                known = await tasks.find(reading, request.task_id)
            if known is None:
                raise absent()
            if known.referral_id is not None:
                await self._close(connection, request, known.referral_id, outcome)
                return
            task = await _locked(connection, request, "close")
            await overrides.sign(connection, task, outcome, actor, self._desk.now())
            await tasks.put(connection, _closed(task, outcome))

        done = await self._desk.once("task.close", request, request.task_id, run)
        return responses.CloseTask(task=await self._present(request.task_id), replayed=done is not None)

    async def _close(self, connection: Connection, request: Any, referral_id: str, outcome: str) -> None:
        """Close a task with its referral locked, so that what it leaves behind gets a clock."""
        now = self._desk.now()
        locked = await scenes.lock(connection, self._desk.house, [referral_id])
        task = locked.scene.tasks.get(request.task_id) or await _locked(connection, request, "close")
        _require_open(task, request, "close")
        scene.close_task(locked.scene, task.task_id, outcome, act_of(current_principal(), now))
        await locked.save(connection, now)

    async def _present(self, task_id: str) -> Any:
        async with self._desk.read() as connection:
            task = await tasks.find(connection, task_id)
            whose = await tasks.senders(connection, [task] if task else [])
        if task is None:
            raise absent()
        return task_to_wire(task, sender=whose[task_id], for_sender=False)


async def _locked(connection: Connection, request: Any, move: str) -> Task:
    task = await tasks.lock(connection, request.task_id)
    if task is None:
        raise absent()
    _require_open(task, request, move)
    return task


def _require_open(task: Task, request: Any, move: str) -> None:
    if request.expected_version < 1:
        raise InvalidInput("expected_version must be given")
    require_version(task.version, request.expected_version)
    if task.state is TaskState.CLOSED:
        raise FailedPrecondition(
            "the task is closed", reason=Reason.ILLEGAL_MOVE, metadata={"state": task.state, "move": move}
        )


def _closed(task: Task, outcome: str) -> Task:
    return replace(task, state=TaskState.CLOSED, outcome=outcome, version=task.version + 1)
