"""See what was done about a desk's alerts, and clear what was given up."""

import uuid
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime

from ihala.enum_wire import member_of, time_from_wire, word_of
from ihala.matching.v1 import matching_pb2 as match_pb
from ihala.notify.v1 import notify_pb2 as pb
from ihala.notify.v1 import notify_pb2_grpc as notify_grpc
from ihala.person import Urgency
from ihala.profile import Profile
from ihala.service_client import ServiceClient


@dataclass(frozen=True, slots=True, kw_only=True)
class DeliveryAttempt:
    """One try."""

    number: int  #: from 1
    time: datetime | None
    code: str  #: why it failed; empty: it went out


@dataclass(frozen=True, slots=True, kw_only=True)
class DeliveryRecord:
    """One way that an alert went."""

    channel: str
    endpoint_id: str  #: empty where the channel needs none
    step: int  #: of the ladder: 0 at once, 1 the second channel, 2 the deputy
    state: str
    create_time: datetime | None  #: when its turn came
    next_time: datetime | None  #: of the next attempt
    delivered_time: datetime | None
    code: str  #: why the last attempt failed
    attempts: Sequence[DeliveryAttempt]


@dataclass(frozen=True, slots=True, kw_only=True)
class Escalation:
    """Silence or failure led to more ways."""

    rung: str
    time: datetime | None
    way_count: int


@dataclass(frozen=True, slots=True, kw_only=True)
class AlertLog:
    """An alert with all that was done about it."""

    alert_id: str
    receiver_id: str
    offer_id: str
    urgency: Urgency | None
    create_time: datetime | None
    settled_time: datetime | None  #: None: it rings
    deliveries: Sequence[DeliveryRecord]
    escalations: Sequence[Escalation]


@dataclass(frozen=True, slots=True, kw_only=True)
class DeadLetter:
    """A message that could not be read, or a delivery that was given up."""

    dead_letter_id: str
    create_time: datetime | None
    code: str
    stream: str  #: of a message; empty for a delivery
    channel: str
    endpoint_id: str
    receiver_id: str
    client_id: str
    cleared_time: datetime | None  #: None: somebody must see to it


class Deliveries(ServiceClient):
    """
    The log of deliveries as a coordinator sees it; an asynchronous context manager.

    Args:
        profile: Where notify is and who calls.

        actor: The worker on whose behalf calls are made, opaque.
    """

    def __init__(self, profile: Profile, *, actor: str | None = None) -> None:
        super().__init__(profile, "notify", actor=actor)
        self._stub = notify_grpc.NotifyServiceStub(self._channel)

    async def list_deliveries(self, receiver_id: str = "", *, offer_id: str = "", limit: int = 50) -> list[AlertLog]:
        """List what became of the alerts of a desk, of an offer, or of both, the newest first."""
        response = await self._stub.ListDeliveries(
            pb.ListDeliveriesRequest(receiver_id=receiver_id, offer_id=offer_id, page_size=limit)
        )
        return [_log_from_wire(log) for log in response.alerts]

    async def list_dead_letters(self, *, with_cleared: bool = False, limit: int = 50) -> list[DeadLetter]:
        """List what a person must see to, the newest first."""
        response = await self._stub.ListDeadLetters(
            pb.ListDeadLettersRequest(with_cleared=with_cleared, page_size=limit)
        )
        return [_letter_from_wire(letter) for letter in response.dead_letters]

    async def clear_dead_letter(self, dead_letter_id: str, *, request_id: str | None = None) -> DeadLetter:
        """Note that a person has seen to it."""
        response = await self._stub.ClearDeadLetter(
            pb.ClearDeadLetterRequest(request_id=request_id or uuid.uuid4().hex, dead_letter_id=dead_letter_id)
        )
        return _letter_from_wire(response.dead_letter)


def _log_from_wire(log: pb.AlertLog) -> AlertLog:
    return AlertLog(
        alert_id=log.alert.alert_id,
        receiver_id=log.alert.receiver_id,
        offer_id=log.alert.offer_id,
        urgency=member_of(Urgency, match_pb.Urgency, "URGENCY", log.alert.urgency),
        create_time=time_from_wire(log.alert, "create_time"),
        settled_time=time_from_wire(log, "settled_time"),
        deliveries=[_record_from_wire(each) for each in log.deliveries],
        escalations=[
            Escalation(rung=each.rung, time=time_from_wire(each, "create_time"), way_count=each.way_count)
            for each in log.escalations
        ],
    )


def _record_from_wire(record: pb.DeliveryRecord) -> DeliveryRecord:
    return DeliveryRecord(
        channel=word_of(pb.Channel, "CHANNEL", record.channel),
        endpoint_id=record.endpoint_id,
        step=record.step,
        state=word_of(pb.DeliveryState, "DELIVERY_STATE", record.state),
        create_time=time_from_wire(record, "create_time"),
        next_time=time_from_wire(record, "next_time"),
        delivered_time=time_from_wire(record, "delivered_time"),
        code=record.code,
        attempts=[
            DeliveryAttempt(number=each.attempt, time=time_from_wire(each, "attempt_time"), code=each.code)
            for each in record.attempts
        ],
    )


def _letter_from_wire(letter: pb.DeadLetter) -> DeadLetter:
    return DeadLetter(
        dead_letter_id=letter.dead_letter_id,
        create_time=time_from_wire(letter, "create_time"),
        code=letter.code,
        stream=letter.stream,
        channel=word_of(pb.Channel, "CHANNEL", letter.channel),
        endpoint_id=letter.endpoint_id,
        receiver_id=letter.receiver_id,
        client_id=letter.client_id,
        cleared_time=time_from_wire(letter, "cleared_time"),
    )
