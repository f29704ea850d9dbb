"""Answer what NotifyService has of endpoints: register, prove, approve, list, pause, resume and end them."""

from collections.abc import Callable
from dataclasses import dataclass
from datetime import datetime
from typing import Any, Protocol
from uuid import uuid4

from services.errors import FailedPrecondition, InvalidInput
from services.notify.channels.egress_rules import EgressRules
from services.notify.channels.webhook import WebhookChannel
from services.notify.channels.webhook_signing import new_key, public_key_of
from services.notify.channels.written import read_mailbox, read_telephone
from services.notify.endpoint import Endpoint, EndpointState, require_order
from services.notify.model import Channel, Desk, require_receiver_id
from services.notify.store.endpoint_rows import Target
from services.notify.store.endpoints import EndpointStore
from services.notify.store.requests import Request
from services.notify.wire import endpoints as wire
from services.notify.wire.rpc import digest_of, page_from_wire, page_token, request_id_from_wire
from services.runtime.auth import Principal, Role, current_principal, require_client, require_receiver

#: who may register for any receiver, and approve
ENROLLERS = (Role.COORDINATOR, Role.DUTY_COORDINATOR, Role.OPERATOR)


class Directory(Protocol):
    """Where receivers are known."""

    async def desk(self, receiver_id: str) -> Desk:
        """Find a receiver, or raise NotFound."""

    async def has_confidential(self, receiver_id: str) -> bool:
        """Say whether any of its providers is a confidential site."""


@dataclass(frozen=True, slots=True, kw_only=True)
class EndpointDesk:
    """The methods on endpoints; see the proto of NotifyService."""

    endpoints: EndpointStore
    webhook: WebhookChannel
    rules: EgressRules
    directory: Directory
    offered: frozenset[Channel]  #: for which this house has a server or gateway
    now: Callable[[], datetime]
    random_token: Callable[[], str]  #: `secrets.token_urlsafe`

    async def register_webhook(self, request: Any) -> Any:
        """Keep a webhook and send it its challenge at once."""
        principal = current_principal()
        url = self.rules.read(request.url).url
        desk, client_id = await self._owner(principal, request.receiver_id)
        key = new_key()
        endpoint = Endpoint(
            endpoint_id=uuid4().hex,
            receiver_id=desk.receiver_id if desk else "",
            client_id=client_id,
            channel=Channel.WEBHOOK,
            state=EndpointState.UNPROVEN,
            order_no=require_order(request.order_no),
            quiet=wire.quiet_from_wire(request),
            time_zone=desk.time_zone if desk else "UTC",
            public_key=public_key_of(key),
            create_time=self.now(),
        )
        target = Target(endpoint=endpoint, address=url, signing_key=key)
        kept = wire.webhook_registered(endpoint).SerializeToString()
        first = await self._add(principal, request, target, kept)
        if first is not None:
            return wire.again("RegisterWebhook", first)
        return wire.webhook_registered((await self._challenge(principal, target, None))[0])

    async def register_endpoint(self, request: Any) -> Any:
        """Keep a mailbox or a telephone."""
        principal = current_principal()
        channel = wire.channel_from_wire(request.channel)
        address = read_mailbox(request.address) if channel is Channel.EMAIL else read_telephone(request.address)
        if channel not in self.offered:
            raise FailedPrecondition("this house must have a server or gateway for the channel first (settings)")
        desk, _ = await self._owner(principal, require_receiver_id(request.receiver_id))
        if desk is None:
            raise InvalidInput("receiver_id must not be empty")
        needs_approval = await self.directory.has_confidential(desk.receiver_id)
        endpoint = Endpoint(
            endpoint_id=uuid4().hex,
            receiver_id=desk.receiver_id,
            channel=channel,
            state=EndpointState.AWAITING_APPROVAL if needs_approval else EndpointState.ACTIVE,
            order_no=require_order(request.order_no),
            quiet=wire.quiet_from_wire(request),
            language=wire.language_from_wire(request.language),
            time_zone=desk.time_zone,
            create_time=self.now(),
        )
        response = wire.endpoint_registered(endpoint)
        target = Target(endpoint=endpoint, address=address, signing_key=None)
        first = await self._add(principal, request, target, response.SerializeToString())
        return response if first is None else wire.again("RegisterEndpoint", first)

    async def list(self, request: Any) -> Any:
        """List a page of endpoints."""
        principal = current_principal()
        limit, after = page_from_wire(request)
        receiver_id, client_id = request.receiver_id, request.client_id
        if receiver_id:
            require_receiver_id(receiver_id)
            client_id = ""
            if not principal.has(*ENROLLERS):
                require_receiver(principal, receiver_id)
        elif not principal.has(*ENROLLERS):
            client_id = principal.client_id
            require_client(principal, client_id)
        elif not client_id:
            raise InvalidInput("receiver_id must not be empty, unless client_id is given")
        found = await self.endpoints.list_page(receiver_id=receiver_id, client_id=client_id, limit=limit, after=after)
        last = (found[-1].create_time, found[-1].endpoint_id) if len(found) == limit else None
        return wire.endpoints_listed(found, page_token(last))

    async def update(self, request: Any) -> Any:
        """Change the order and the quiet hours of an endpoint."""
        kept, endpoint = await self._named(request)
        order_no, quiet = require_order(request.order_no), wire.quiet_from_wire(request)
        after, replayed = await self.endpoints.update(
            kept, current_principal(), endpoint.endpoint_id, order_no, quiet, self.now()
        )
        return wire.answered("Update", after, replayed=replayed)

    async def approve(self, request: Any) -> Any:
        """Approve an endpoint as the second person."""
        kept, endpoint = await self._named(request)
        after, replayed = await self.endpoints.approve(kept, current_principal(), endpoint.endpoint_id, self.now())
        return wire.answered("Approve", after, replayed=replayed)

    async def pause(self, request: Any) -> Any:
        """Send nothing more until it is resumed."""
        kept, endpoint = await self._named(request)
        after, replayed = await self.endpoints.pause_by(kept, current_principal(), endpoint.endpoint_id, self.now())
        return wire.answered("Pause", after, replayed=replayed)

    async def resume(self, request: Any) -> Any:
        """Put an endpoint into use again; a webhook proves itself anew."""
        kept, endpoint = await self._named(request)
        principal = current_principal()
        is_waiting = endpoint.state in {EndpointState.UNPROVEN, EndpointState.PAUSED}
        if is_waiting and endpoint.channel is Channel.WEBHOOK:
            target = await self.endpoints.target(endpoint.endpoint_id)
            if target is not None:
                await self.endpoints.take_challenge(principal, endpoint.endpoint_id, self.now())
                after, replayed = await self._challenge(principal, target, kept)
                return wire.answered("Resume", after, replayed=replayed)
        after, replayed = await self.endpoints.prove(kept, principal, endpoint.endpoint_id, self.now())
        return wire.answered("Resume", after, replayed=replayed)

    async def end(self, request: Any) -> Any:
        """End an endpoint."""
        kept, endpoint = await self._named(request)
        after, replayed = await self.endpoints.end(kept, current_principal(), endpoint.endpoint_id, self.now())
        return wire.answered("End", after, replayed=replayed)

    async def _owner(self, principal: Principal, receiver_id: str) -> tuple[Desk | None, str]:
        """Say whose a new endpoint is: a receiver's, which is found, or the calling system's."""
        if not receiver_id and principal.has(Role.CASE_SYSTEM):
            return None, principal.client_id
        require_receiver_id(receiver_id)
        if not principal.has(*ENROLLERS):
            require_receiver(principal, receiver_id)
        return await self.directory.desk(receiver_id), ""

    async def _add(self, principal: Principal, request: Any, target: Target, answer: bytes) -> bytes | None:
        receiver_id = target.endpoint.receiver_id
        needs_approval = bool(receiver_id) and await self.directory.has_confidential(receiver_id)
        return await self.endpoints.add(
            _kept(request, answer), principal, target, needs_approval=needs_approval, now=self.now()
        )

    async def _challenge(self, principal: Principal, target: Target, request: Request | None) -> tuple[Endpoint, bool]:
        endpoint_id = target.endpoint.endpoint_id
        code = await self.webhook.challenge(target, self.random_token())
        if code:
            return await self.endpoints.note_fault(principal, endpoint_id, code), False
        return await self.endpoints.prove(request, principal, endpoint_id, self.now())

    async def _named(self, request: Any) -> tuple[Request, Endpoint]:
        """Read which endpoint a command is about; another's looks the same as one that is absent."""
        kept = _kept(request, b"")
        endpoint = await self.endpoints.get(wire.endpoint_id_from_wire(request))
        principal = current_principal()
        if not principal.has(*ENROLLERS):
            if endpoint.client_id:
                require_client(principal, endpoint.client_id)
            else:
                require_receiver(principal, endpoint.receiver_id)
        return kept, endpoint


@dataclass(frozen=True, kw_only=True)
class EndpointMethods:
    """The part of NotifyServicer that answers for endpoints."""

    endpoint_desk: EndpointDesk | None = None  #: None: no key to seal addresses with was given

    async def RegisterWebhook(self, request: Any, context: Any) -> Any:
        """Keep a webhook and send it its challenge."""
        return await self._desk().register_webhook(request)

    async def RegisterEndpoint(self, request: Any, context: Any) -> Any:
        """Keep a mailbox or a telephone."""
        return await self._desk().register_endpoint(request)

    async def ListEndpoints(self, request: Any, context: Any) -> Any:
        """List endpoints."""
        return await self._desk().list(request)

    async def UpdateEndpoint(self, request: Any, context: Any) -> Any:
        """Change the order and the quiet hours of an endpoint."""
        return await self._desk().update(request)

    async def ApproveEndpoint(self, request: Any, context: Any) -> Any:
        """Approve an endpoint as the second person."""
        return await self._desk().approve(request)

    async def PauseEndpoint(self, request: Any, context: Any) -> Any:
        """Pause an endpoint."""
        return await self._desk().pause(request)

    async def ResumeEndpoint(self, request: Any, context: Any) -> Any:
        """Resume an endpoint."""
        return await self._desk().resume(request)

    async def EndEndpoint(self, request: Any, context: Any) -> Any:
        """End an endpoint."""
        return await self._desk().end(request)

    def _desk(self) -> EndpointDesk:
        if self.endpoint_desk is None:
            raise FailedPrecondition("endpoint_key_file must be set before anything can be sent to an address")
        return self.endpoint_desk


def _kept(request: Any, answer: bytes) -> Request:
    return Request(
        client_id=current_principal().client_id,
        request_id=request_id_from_wire(request),
        body_digest=digest_of(request),
        answer=answer,
    )
