"""Tasks, in messages."""

from ihala.matching.v1 import matching_pb2
from ihala.referrals.v1 import referrals_pb2 as pb
from ihala.referrals.v1 import referrals_service_pb2 as service_pb
from services.referrals.model import Task, TaskKind
from services.referrals.wire.basics import enum_from_wire, enum_to_wire
from services.runtime.times import time_to_wire
from services.taxonomy import Urgency


def task_to_wire(task: Task, *, sender: str = "", for_sender: bool) -> pb.Task:
    """Write a task; the referral's id is the sender's alone, and who the sender is is for those who ask it."""
    return pb.Task(
        task_id=task.task_id,
        kind=enum_to_wire(pb.TaskKind, task.kind),
        state=enum_to_wire(pb.TaskState, task.state),
        referral_id=(task.referral_id or "") if for_sender else "",
        offer_id=task.offer_id or "",
        provider_id=task.provider_id,
        code=task.code,
        urgency=enum_to_wire(matching_pb2.Urgency, task.urgency),
        due_time=time_to_wire(task.due_time),
        owner=task.owner,
        outcome=task.outcome,
        create_time=time_to_wire(task.create_time),
        version=task.version,
        sender="" if for_sender else sender,
    )


def kinds_from_wire(request: service_pb.ListTasksRequest) -> list[TaskKind]:
    """Read the kinds to list."""
    return [enum_from_wire(pb.TaskKind, TaskKind, kind, "kinds") for kind in request.kinds]


def urgency_from_wire(request: service_pb.OpenDeadLetterRequest) -> Urgency:
    """Read how soon somebody must see to it."""
    return enum_from_wire(matching_pb2.Urgency, Urgency, request.urgency, "urgency")
