"""Write the log of deliveries and dead letters as messages."""

from collections.abc import Sequence
from typing import Any

from ihala.notify.v1 import notify_pb2 as pb
from services.notify.history import AlertLog, DeadLetter, LoggedAttempt
from services.notify.model import Delivery
from services.notify.wire.rpc import alert_to_wire
from services.runtime.times import time_to_wire


def deliveries_listed(logs: Sequence[AlertLog], token: str) -> Any:
    """Answer ListDeliveries."""
    return pb.ListDeliveriesResponse(alerts=map(_log_to_wire, logs), next_page_token=token)


def letters_listed(letters: Sequence[DeadLetter], token: str) -> Any:
    """Answer ListDeadLetters."""
    return pb.ListDeadLettersResponse(dead_letters=map(_letter_to_wire, letters), next_page_token=token)


def letter_cleared(letter: DeadLetter, *, replayed: bool) -> Any:
    """Answer ClearDeadLetter."""
    return pb.ClearDeadLetterResponse(dead_letter=_letter_to_wire(letter), replayed=replayed)


def _log_to_wire(log: AlertLog) -> pb.AlertLog:
    return pb.AlertLog(
        alert=alert_to_wire(log.alert),
        settled_time=time_to_wire(log.settled_time),
        deliveries=[_delivery_to_wire(each, attempts) for each, attempts in log.deliveries],
        escalations=[
            pb.Escalation(rung=each.rung, create_time=time_to_wire(each.create_time), way_count=each.way_count)
            for each in log.escalations
        ],
    )


def _delivery_to_wire(delivery: Delivery, attempts: Sequence[LoggedAttempt]) -> pb.DeliveryRecord:
    return pb.DeliveryRecord(
        channel=pb.Channel.Value(f"CHANNEL_{delivery.channel.name}"),
        endpoint_id=delivery.endpoint_id,
        step=delivery.step,
        state=pb.DeliveryState.Value(f"DELIVERY_STATE_{delivery.state.name}"),
        create_time=time_to_wire(delivery.create_time),
        next_time=time_to_wire(delivery.next_time),
        sent_time=time_to_wire(delivery.sent_time),
        delivered_time=time_to_wire(delivery.delivered_time),
        code=delivery.code,
        attempts=[
            pb.DeliveryAttempt(attempt=each.number, attempt_time=time_to_wire(each.time), code=each.code)
            for each in attempts
        ],
    )


def _letter_to_wire(letter: DeadLetter) -> pb.DeadLetter:
    return pb.DeadLetter(
        dead_letter_id=letter.dead_letter_id,
        create_time=time_to_wire(letter.create_time),
        code=letter.code,
        stream=letter.stream,
        alert_id=letter.alert_id,
        channel=pb.Channel.Value(f"CHANNEL_{letter.channel.upper()}") if letter.channel else pb.CHANNEL_UNSPECIFIED,
        endpoint_id=letter.endpoint_id,
        receiver_id=letter.receiver_id,
        client_id=letter.client_id,
        cleared_time=time_to_wire(letter.cleared_time),
    )
