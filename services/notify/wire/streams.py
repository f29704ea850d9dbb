"""Translate the messages of a stream of alerts."""

from typing import Any

from ihala.notify.v1 import notify_pb2 as pb
from services.errors import InvalidInput
from services.notify.model import OPAQUE_ID, Alert
from services.notify.wire.rpc import alert_to_wire


def receiver_from_wire(request: Any) -> str:
    """
    Return for whom a stream is opened.

    Raises:
        InvalidInput: the message says something else.
    """
    if request.WhichOneof("part") != "receiver_id":
        raise InvalidInput("receiver_id must be the first message")
    return str(request.receiver_id)


def receipt_from_wire(request: Any) -> str:
    """
    Return which alert the receiver says it has; empty for a beat.

    Raises:
        InvalidInput: it is no receipt and no beat.
    """
    part = request.WhichOneof("part")
    if part == "beat":
        return ""
    if part != "received_alert_id" or OPAQUE_ID.fullmatch(request.received_alert_id) is None:
        raise InvalidInput("received_alert_id or beat must be every message but the first")
    return str(request.received_alert_id)


def alert(each: Alert) -> Any:
    """Tell an alert."""
    return pb.StreamAlertsResponse(alert=alert_to_wire(each))


def kept(alert_id: str) -> Any:
    """Say that a receipt is on disk."""
    return pb.StreamAlertsResponse(kept_alert_id=alert_id)


def beat() -> Any:
    """Say that the server is there."""
    return pb.StreamAlertsResponse()
