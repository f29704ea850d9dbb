"""Enrol the devices of desks and see what became of alerts."""

import uuid
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime

from ihala.enum_wire import member_of, time_from_wire, word_of
from ihala.matching.v1 import matching_pb2 as match_pb
from ihala.notify.v1 import notify_pb2 as pb
from ihala.notify.v1 import notify_pb2_grpc as notify_grpc
from ihala.person import Urgency
from ihala.profile import Profile
from ihala.service_client import ServiceClient

PAGE_SIZE = 500


@dataclass(frozen=True, slots=True, kw_only=True)
class EnrolmentCode:
    """A one-time code, to be read out by telephone."""

    code: str  #: eight digits; empty in a repeat, since only its digest is kept
    expire_time: datetime | None
    page_url: str  #: where it is typed


@dataclass(frozen=True, slots=True, kw_only=True)
class Device:
    """Something that rings for a desk."""

    device_id: str
    receiver_id: str
    channel: str
    create_time: datetime | None
    heard_time: datetime | None  #: None: never
    end_time: datetime | None  #: None: in use


@dataclass(frozen=True, slots=True, kw_only=True)
class AlertRecord:
    """An alert and what became of it."""

    alert_id: str
    receiver_id: str
    offer_id: str
    urgency: Urgency | None
    due_time: datetime | None
    create_time: datetime | None
    deliveries: Sequence[Mapping[str, object]]  #: channel, state, attempts, delivered_time


@dataclass(frozen=True, slots=True, kw_only=True)
class Contact:
    """Whom to ring about a system's referrals."""

    client_id: str
    phones: tuple[str, ...]  #: the one to ring first at the front; empty: none is known


class Notify(ServiceClient):
    """
    The notify service as an operator or coordinator sees it; an asynchronous context manager.

    Args:
        profile: Where it is and who calls.

        actor: The worker on whose behalf calls are made, opaque.
    """

    def __init__(self, profile: Profile, *, actor: str | None = None) -> None:
        super().__init__(profile, "notify", actor=actor)
        self._stub = notify_grpc.NotifyServiceStub(self._channel)

    async def create_enrolment_code(self, receiver_id: str) -> EnrolmentCode:
        """Make a code that enrols a device on the answer page; it ends the one before."""
        response = await self._stub.CreateEnrolmentCode(
            pb.CreateEnrolmentCodeRequest(request_id=uuid.uuid4().hex, receiver_id=receiver_id)
        )
        return EnrolmentCode(
            code=response.code, expire_time=time_from_wire(response, "expire_time"), page_url=response.page_url
        )

    async def register_nats_receiver(
        self, receiver_id: str, public_nkey: str, *, keeps_previous: bool = False, request_id: str | None = None
    ) -> Device:
        """
        Give a desk's software its account on NATS, by the public half of its key.

        Args:
            receiver_id: The desk.

            public_nkey: Of the user of the account, 56 characters.

            keeps_previous: The key before holds on until its device is ended; else it ends at once.

            request_id: A repeat with the same one is the same request.
        """
        response = await self._stub.RegisterNatsReceiver(
            pb.RegisterNatsReceiverRequest(
                request_id=request_id or uuid.uuid4().hex,
                receiver_id=receiver_id,
                public_nkey=public_nkey,
                keeps_previous=keeps_previous,
            )
        )
        return _device_from_wire(response.device)

    async def list_devices(self, receiver_id: str) -> list[Device]:
        """List a desk's devices, the newest first, ended ones among them; at most 500."""
        response = await self._stub.ListDevices(pb.ListDevicesRequest(receiver_id=receiver_id, page_size=PAGE_SIZE))
        return [_device_from_wire(device) for device in response.devices]

    async def end_device(self, device_id: str) -> Device:
        """End a device: it hears nothing more."""
        response = await self._stub.EndDevice(pb.EndDeviceRequest(request_id=uuid.uuid4().hex, device_id=device_id))
        return _device_from_wire(response.device)

    async def list_alerts(self, receiver_id: str, *, limit: int = 50) -> list[AlertRecord]:
        """List a desk's alerts, the newest first, with what became of them in each channel."""
        response = await self._stub.ListAlerts(pb.ListAlertsRequest(receiver_id=receiver_id, page_size=limit))
        return [_alert_from_wire(alert) for alert in response.alerts]

    async def set_contact(self, phones: Sequence[str], *, request_id: str | None = None) -> Contact:
        """Say whom those on duty ring about the caller's referrals; an empty list takes it back."""
        request = pb.SetContactRequest(request_id=request_id or uuid.uuid4().hex, phones=phones)
        return _contact_from_wire((await self._stub.SetContact(request)).contact)

    async def get_contact(self, client_id: str = "") -> Contact:
        """Return whom to ring about a system's referrals: the caller's own, or as a duty coordinator another's."""
        return _contact_from_wire((await self._stub.GetContact(pb.GetContactRequest(client_id=client_id))).contact)


def _contact_from_wire(contact: pb.Contact) -> Contact:
    return Contact(client_id=contact.client_id, phones=tuple(contact.phones))


def _device_from_wire(device: pb.Device) -> Device:
    return Device(
        device_id=device.device_id,
        receiver_id=device.receiver_id,
        channel=word_of(pb.Channel, "CHANNEL", device.channel),
        create_time=time_from_wire(device, "create_time"),
        heard_time=time_from_wire(device, "heard_time"),
        end_time=time_from_wire(device, "end_time"),
    )


def _alert_from_wire(alert: pb.Alert) -> AlertRecord:
    return AlertRecord(
        alert_id=alert.alert_id,
        receiver_id=alert.receiver_id,
        offer_id=alert.offer_id,
        urgency=member_of(Urgency, match_pb.Urgency, "URGENCY", alert.urgency),
        due_time=time_from_wire(alert, "due_time"),
        create_time=time_from_wire(alert, "create_time"),
        deliveries=tuple(
            {
                "channel": word_of(pb.Channel, "CHANNEL", each.channel),
                "state": word_of(pb.DeliveryState, "DELIVERY_STATE", each.state),
                "attempts": each.attempt_count,
                "delivered_time": time_from_wire(each, "delivered_time"),
            }
            for each in alert.deliveries
        ),
    )
