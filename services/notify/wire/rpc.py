"""Translate the messages of NotifyService."""

import base64
import binascii
import hashlib
from datetime import datetime
from typing import Any, Final

from ihala.matching.v1 import matching_pb2 as match_pb
from ihala.notify.v1 import notify_pb2 as pb
from services.errors import InvalidInput
from services.notify.model import OPAQUE_ID, Alert, Delivery, Device
from services.runtime.times import time_to_wire

MAX_PAGE: Final = 500
DEFAULT_PAGE: Final = 50


def request_id_from_wire(request: Any) -> str:
    """
    Return the id of a command.

    Raises:
        InvalidInput: there is none.
    """
    if OPAQUE_ID.fullmatch(request.request_id) is None:
        raise InvalidInput("request_id must be an opaque id of 1 to 64 characters")
    return str(request.request_id)


def digest_of(request: Any) -> bytes:
    """Digest everything that a request asks, and what kind it is."""
    body: bytes = request.SerializeToString(deterministic=True)
    return hashlib.sha256(request.DESCRIPTOR.full_name.encode() + b"\0" + body).digest()


def page_from_wire(request: Any) -> tuple[int, tuple[datetime, str] | None]:
    """
    Read how long a page is and where it starts.

    Raises:
        InvalidInput: the size is out of its range, or the token is none of ours.
    """
    if not 0 <= request.page_size <= MAX_PAGE:
        raise InvalidInput(f"page_size must be in [0, {MAX_PAGE}]")
    return request.page_size or DEFAULT_PAGE, _after(request.page_token)


def page_token(last: tuple[datetime, str] | None) -> str:
    """Write where the next page starts: after create time and id of the last; empty at the end."""
    if last is None:
        return ""
    return base64.urlsafe_b64encode(f"{last[0].isoformat()} {last[1]}".encode()).decode()


def code_created(code: str, expire_time: datetime, page_url: str, *, replayed: bool = False) -> Any:
    """Answer CreateEnrolmentCode."""
    return pb.CreateEnrolmentCodeResponse(
        code=code, expire_time=time_to_wire(expire_time), page_url=page_url, replayed=replayed
    )


def code_replayed(answer: bytes) -> Any:
    """Answer CreateEnrolmentCode again, without the code, which nobody kept."""
    response = pb.CreateEnrolmentCodeResponse.FromString(answer)
    response.replayed = True
    return response


def nats_registered(device: Device) -> Any:
    """Answer RegisterNatsReceiver."""
    return pb.RegisterNatsReceiverResponse(device=device_to_wire(device))


def nats_replayed(answer: bytes) -> Any:
    """Answer RegisterNatsReceiver again."""
    response = pb.RegisterNatsReceiverResponse.FromString(answer)
    response.replayed = True
    return response


def device_ended(device: Device, *, replayed: bool) -> Any:
    """Answer EndDevice."""
    return pb.EndDeviceResponse(device=device_to_wire(device), replayed=replayed)


def devices_listed(devices: list[Device], token: str) -> Any:
    """Answer ListDevices."""
    return pb.ListDevicesResponse(devices=map(device_to_wire, devices), next_page_token=token)


def alerts_listed(alerts: list[Alert], token: str) -> Any:
    """Answer ListAlerts."""
    return pb.ListAlertsResponse(alerts=map(alert_to_wire, alerts), next_page_token=token)


def device_to_wire(device: Device) -> Any:
    """Write a device."""
    return pb.Device(
        device_id=device.device_id,
        receiver_id=device.receiver_id,
        channel=pb.Channel.Value(f"CHANNEL_{device.channel.name}"),
        create_time=time_to_wire(device.create_time),
        heard_time=time_to_wire(device.heard_time),
        end_time=time_to_wire(device.end_time),
    )


def alert_to_wire(alert: Alert) -> pb.Alert:
    """Write an alert with its deliveries."""
    return pb.Alert(
        alert_id=alert.alert_id,
        receiver_id=alert.receiver_id,
        offer_id=alert.offer_id,
        offer_version=alert.offer_version,
        offer_ids=alert.offer_ids,
        urgency=match_pb.Urgency.Value(f"URGENCY_{alert.urgency.name}"),
        due_time=time_to_wire(alert.due_time),
        create_time=time_to_wire(alert.create_time),
        deliveries=map(_delivery_to_wire, alert.deliveries),
    )


def _delivery_to_wire(delivery: Delivery) -> pb.Delivery:
    return pb.Delivery(
        channel=pb.Channel.Value(f"CHANNEL_{delivery.channel.name}"),
        state=pb.DeliveryState.Value(f"DELIVERY_STATE_{delivery.state.name}"),
        attempt_count=delivery.attempt_count,
        next_time=time_to_wire(delivery.next_time),
        delivered_time=time_to_wire(delivery.delivered_time),
    )


def _after(token: str) -> tuple[datetime, str] | None:
    if not token:
        return None
    try:
        time, _, last_id = base64.urlsafe_b64decode(token.encode()).decode().partition(" ")
        after = datetime.fromisoformat(time)
    except (ValueError, binascii.Error):
        raise InvalidInput("page_token must be one that an answer gave") from None
    if after.tzinfo is None or not last_id:
        raise InvalidInput("page_token must be one that an answer gave")
    return after, last_id
