"""Tasks about a referral: opened and owned, escalated and closed by what happens to it."""

from collections.abc import Callable
from dataclasses import replace
from datetime import datetime

from services.referrals.model import Act, Cause, EventType, Need, Offer, Task, TaskKind, TaskState
from services.referrals.scene.scene import Scene


def open_task(
    scene: Scene,
    kind: TaskKind,
    cause: Cause,
    offer: Offer,
    due_time: datetime,
    act: Act,
    owner: str | None = None,
) -> None:
    """Open a task about an offer, owned by the duty roster; nothing happens if one of that cause is open."""
    if any(
        task.cause is cause and task.offer_id == offer.offer_id and task.state is not TaskState.CLOSED
        for task in scene.tasks.values()
    ):
        return
    task = Task(
        task_id=scene.house.new_id(),
        kind=kind,
        cause=cause,
        referral_id=offer.referral_id,
        need_no=offer.need_no,
        offer_id=offer.offer_id,
        provider_id=offer.provider_id,
        code=offer.code,
        urgency=offer.urgency,
        due_time=due_time,
        owner=owner or scene.house.duty_roster,
        create_time=act.now,
    )
    scene.tasks[task.task_id] = task
    scene.note(EventType.TASK_OPENED, act, offer, reason=kind)


def open_need_task(scene: Scene, kind: TaskKind, cause: Cause, need: Need, due_time: datetime, act: Act) -> None:
    """Open a task about a need for which nobody is asked."""
    task = Task(
        task_id=scene.house.new_id(),
        kind=kind,
        cause=cause,
        referral_id=need.referral_id,
        need_no=need.need_no,
        code=need.code,
        urgency=need.urgency,
        due_time=due_time,
        owner=scene.house.duty_roster,
        create_time=act.now,
    )
    scene.tasks[task.task_id] = task
    scene.note(EventType.TASK_OPENED, act, reason=kind)


def close_tasks(scene: Scene, outcome: str, act: Act, *, is_meant: Callable[[Task], bool]) -> None:
    """Close the tasks that an event has made needless, so that nobody is woken for them (R61)."""
    for task in list(scene.tasks.values()):
        if task.state is not TaskState.CLOSED and is_meant(task):
            scene.tasks[task.task_id] = replace(task, state=TaskState.CLOSED, outcome=outcome, version=task.version + 1)
            scene.note(EventType.TASK_CLOSED, act, scene.offers.get(task.offer_id or ""), reason=task.kind)


def escalate(scene: Scene, task_id: str, act: Act) -> None:
    """Give a task that nobody has taken in time to the manager's roster; nothing happens before."""
    task = scene.tasks.get(task_id)
    manager = scene.house.manager_roster
    if task is None or task.state is not TaskState.OPEN or task.due_time > act.now or task.owner == manager:
        return
    scene.tasks[task_id] = replace(task, owner=manager, version=task.version + 1)
    scene.note(EventType.TASK_ESCALATED, act, scene.offers.get(task.offer_id or ""), reason=task.kind)


def ring_by_hand(scene: Scene, offer: Offer, due_time: datetime | None, act: Act) -> None:
    """Have a person ring a provider at once where nobody is enrolled; nothing happens elsewhere."""
    if offer.ring:
        open_task(scene, TaskKind.RING, Cause.NO_RECEIVER, offer, due_time or act.now, act)
