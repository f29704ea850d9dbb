"""Answer NotifyService: enrol and end devices, and tell what became of alerts."""

import asyncio
from collections.abc import Callable
from dataclasses import dataclass
from datetime import datetime
from typing import Any, Protocol
from uuid import uuid4

from services.errors import InvalidInput
from services.notify.accounts import AccountsFile
from services.notify.model import Channel, Desk, Device, require_public_nkey, require_receiver_id
from services.notify.secrecy import CODE_VALID, code_digest
from services.notify.store.alerts import AlertStore
from services.notify.store.devices import DeviceStore
from services.notify.store.requests import Request
from services.notify.wire import rpc as wire
from services.runtime.auth import Role, current_principal, require_receiver


class Combined:
    """
    One servicer of parts, each with methods of its own.

    Args:
        parts: Any objects; what begins with a capital letter is an RPC, and nothing else does.
    """

    def __init__(self, *parts: object) -> None:
        for part in parts:
            for name in vars(type(part)):
                if name[0].isupper():
                    setattr(self, name, getattr(part, name))


class Directory(Protocol):
    """Where receivers are known."""

    async def desk(self, receiver_id: str) -> Desk:
        """Find a receiver, or raise NotFound."""


class NatsConsumers(Protocol):
    """Where receivers fetch their alerts."""

    async def ensure_consumer(self, receiver_id: str) -> datetime | None:
        """Make the receiver's consumer, or raise Unavailable; say when it was made."""


@dataclass(frozen=True, slots=True, kw_only=True)
class NotifyServicer:
    """The methods of NotifyService; see its proto."""

    alerts: AlertStore
    devices: DeviceStore
    directory: Directory
    consumers: NatsConsumers
    accounts: AccountsFile
    page_url: str  #: on which a code is typed
    now: Callable[[], datetime]
    random_below: Callable[[int], int]  #: `secrets.randbelow`

    async def CreateEnrolmentCode(self, request: Any, context: Any) -> Any:
        """Make a code; it is told once and kept as a digest."""
        request_id = wire.request_id_from_wire(request)
        desk = await self.directory.desk(require_receiver_id(request.receiver_id))
        now = self.now()
        code = f"{self.random_below(10**8):08}"
        kept = wire.code_created("", now + CODE_VALID, self.page_url).SerializeToString()
        digest = await asyncio.to_thread(code_digest, code)
        principal = current_principal()
        first = await self.devices.create_code(
            self._request(request_id, request, kept), principal, desk.receiver_id, digest, desk.time_zone, now
        )
        if first is not None:
            return wire.code_replayed(first)
        return wire.code_created(code, now + CODE_VALID, self.page_url)

    async def RegisterNatsReceiver(self, request: Any, context: Any) -> Any:
        """Give a receiver an account and a consumer; a repeat makes sure of both again."""
        request_id = wire.request_id_from_wire(request)
        self.accounts.require()
        desk = await self.directory.desk(require_receiver_id(request.receiver_id))
        now = self.now()
        device = Device(
            device_id=uuid4().hex,
            receiver_id=desk.receiver_id,
            channel=Channel.NATS,
            create_time=now,
            heard_time=None,
            end_time=None,
            public_nkey=require_public_nkey(request.public_nkey),
        )
        response = wire.nats_registered(device)
        first = await self.devices.register_nats(
            self._request(request_id, request, response.SerializeToString()),
            current_principal(),
            device,
            now,
            keeps_previous=request.keeps_previous,
        )
        # in this order: while the server reads its accounts again it makes no consumer
        await self.consumers.ensure_consumer(desk.receiver_id)
        await self.accounts.apply()
        return response if first is None else wire.nats_replayed(first)

    async def ListDevices(self, request: Any, context: Any) -> Any:
        """List a receiver's devices."""
        _require_desk(request.receiver_id, Role.COORDINATOR, Role.DUTY_COORDINATOR, Role.OPERATOR)
        limit, after = wire.page_from_wire(request)
        devices = await self.devices.list_page(request.receiver_id, limit, after)
        last = (devices[-1].create_time, devices[-1].device_id) if len(devices) == limit else None
        return wire.devices_listed(devices, wire.page_token(last))

    async def EndDevice(self, request: Any, context: Any) -> Any:
        """End a device; a NATS account is gone from the server too."""
        request_id = wire.request_id_from_wire(request)
        if not request.device_id:
            raise InvalidInput("device_id must not be empty")
        device, replayed = await self.devices.end(
            self._request(request_id, request, b""), current_principal(), request.device_id, self.now()
        )
        await self.accounts.apply()
        return wire.device_ended(device, replayed=replayed)

    async def ListAlerts(self, request: Any, context: Any) -> Any:
        """List a receiver's alerts."""
        _require_desk(request.receiver_id, Role.DUTY_COORDINATOR, Role.OPERATOR, Role.SERVICE)
        limit, after = wire.page_from_wire(request)
        alerts = await self.alerts.list_page(request.receiver_id, limit, after)
        last = (alerts[-1].create_time, alerts[-1].alert_id) if len(alerts) == limit else None
        return wire.alerts_listed(alerts, wire.page_token(last))

    def _request(self, request_id: str, request: Any, answer: bytes) -> Request:
        return Request(
            client_id=current_principal().client_id,
            request_id=request_id,
            body_digest=wire.digest_of(request),
            answer=answer,
        )


def _require_desk(receiver_id: str, *all_seeing: Role) -> None:
    """Let those through who see every desk, and a receiver to its own."""
    require_receiver_id(receiver_id)
    principal = current_principal()
    if not principal.has(*all_seeing):
        require_receiver(principal, receiver_id)
