"""Say where a desk, or one's own system, is told that there is something: webhooks, mailboxes, telephones."""

import uuid
from collections.abc import AsyncIterator
from dataclasses import dataclass
from datetime import datetime, time
from typing import Any

from ihala.enum_wire import numbers_of, time_from_wire, word_of
from ihala.notify.v1 import notify_pb2 as pb
from ihala.notify.v1 import notify_pb2_grpc as notify_grpc
from ihala.profile import Profile
from ihala.service_client import ServiceClient

PAGE_SIZE = 200
MINUTES = 60
CHALLENGE_WAIT_S = 25.0  #: an address has 15 s to answer its challenge


@dataclass(frozen=True, slots=True, kw_only=True)
class Quiet:
    """When what is neither immediate nor an emergency waits."""

    start: time
    end: time  #: before the start: on the next day
    time_zone: str  #: whose clock it is, IANA


@dataclass(frozen=True, slots=True, kw_only=True)
class Endpoint:
    """An address to which alerts are sent; the address itself never comes back."""

    endpoint_id: str
    receiver_id: str  #: whose alerts go there; empty for a system's
    client_id: str  #: the system whose referrals' events go there; empty for a receiver's
    channel: str  #: `webhook`, `email`, `sms` or `push`
    state: str  #: `unproven`, `awaiting_approval`, `active`, `paused` or `ended`
    order_no: int  #: the lower, the earlier
    quiet: Quiet | None
    language: str
    time_zone: str
    public_key: str  #: of a webhook: what its signatures are verified with, `whpk_…`
    create_time: datetime | None
    heard_time: datetime | None  #: None: never
    pause_time: datetime | None
    pause_code: str  #: why it is paused or unproven
    end_time: datetime | None  #: None: it is not


class Endpoints(ServiceClient):
    """
    The endpoints of the notify service; an asynchronous context manager.

    Args:
        profile: Where it is and who calls.

        actor: The worker on whose behalf calls are made, opaque.
    """

    def __init__(self, profile: Profile, *, actor: str | None = None) -> None:
        super().__init__(profile, "notify", actor=actor)
        self._stub = notify_grpc.NotifyServiceStub(self._channel)

    async def register_webhook(
        self,
        url: str,
        *,
        receiver_id: str = "",
        order_no: int = 0,
        quiet: Quiet | None = None,
        request_id: str | None = None,
    ) -> Endpoint:
        """
        Register a webhook; it is sent a signed challenge before this returns.

        Args:
            url: An https address of a public name on port 443.

            receiver_id: Whose alerts go there; empty for the calling case system's own.

            order_no: Its place among the channels of the receiver, in [0, 100].

            quiet: When it is left in peace; None: never.

            request_id: Makes a repeat harmless.

        Returns:
            The endpoint: `unproven` with a `pause_code` if it did not echo the challenge.
        """
        response = await self._stub.RegisterWebhook(
            pb.RegisterWebhookRequest(
                request_id=request_id or uuid.uuid4().hex,
                receiver_id=receiver_id,
                url=url,
                order_no=order_no,
                quiet=_quiet_to_wire(quiet),
            ),
            timeout=CHALLENGE_WAIT_S,
        )
        return _endpoint_from_wire(response.endpoint)

    async def register(
        self,
        receiver_id: str,
        channel: str,
        address: str,
        *,
        order_no: int = 0,
        quiet: Quiet | None = None,
        language: str = "",
        request_id: str | None = None,
    ) -> Endpoint:
        """
        Register a mailbox or a telephone of a receiver.

        Args:
            receiver_id: Whose alerts go there.

            channel: `email` or `sms`.

            address: A mail address, or a telephone number as +218….

            order_no: Its place among the channels of the receiver, in [0, 100].

            quiet: When it is left in peace; None: never.

            language: Of what a person reads: `ar`, `en` or `fr`; empty means `en`.

            request_id: Makes a repeat harmless.
        """
        [number] = numbers_of(pb.Channel, "CHANNEL", [channel], "channel")
        response = await self._stub.RegisterEndpoint(
            pb.RegisterEndpointRequest(
                request_id=request_id or uuid.uuid4().hex,
                receiver_id=receiver_id,
                channel=number,
                address=address,
                order_no=order_no,
                quiet=_quiet_to_wire(quiet),
                language=language,
            )
        )
        return _endpoint_from_wire(response.endpoint)

    async def list(self, *, receiver_id: str = "", client_id: str = "") -> AsyncIterator[Endpoint]:
        """List the endpoints of a receiver, or of a system, the newest first, ended ones among them."""
        token = ""
        while True:
            page = await self._stub.ListEndpoints(
                pb.ListEndpointsRequest(
                    receiver_id=receiver_id, client_id=client_id, page_size=PAGE_SIZE, page_token=token
                )
            )
            for each in page.endpoints:
                yield _endpoint_from_wire(each)
            token = page.next_page_token
            if not token:
                return

    async def update(self, endpoint_id: str, *, order_no: int, quiet: Quiet | None) -> Endpoint:
        """Give an endpoint another place in the order of channels, and other quiet hours."""
        response = await self._stub.UpdateEndpoint(
            pb.UpdateEndpointRequest(
                request_id=uuid.uuid4().hex,
                endpoint_id=endpoint_id,
                order_no=order_no,
                quiet=_quiet_to_wire(quiet),
            )
        )
        return _endpoint_from_wire(response.endpoint)

    async def approve(self, endpoint_id: str) -> Endpoint:
        """Approve an endpoint as the second person."""
        return await self._command("Approve", endpoint_id)

    async def pause(self, endpoint_id: str) -> Endpoint:
        """Send nothing more to an endpoint until it is resumed."""
        return await self._command("Pause", endpoint_id)

    async def resume(self, endpoint_id: str) -> Endpoint:
        """Put an endpoint into use again; a webhook is challenged anew."""
        return await self._command("Resume", endpoint_id)

    async def end(self, endpoint_id: str) -> Endpoint:
        """End an endpoint and destroy its address."""
        return await self._command("End", endpoint_id)

    async def _command(self, verb: str, endpoint_id: str) -> Endpoint:
        request = getattr(pb, f"{verb}EndpointRequest")(request_id=uuid.uuid4().hex, endpoint_id=endpoint_id)
        response = await getattr(self._stub, f"{verb}Endpoint")(request, timeout=CHALLENGE_WAIT_S)
        return _endpoint_from_wire(response.endpoint)


def _quiet_to_wire(quiet: Quiet | None) -> pb.QuietHours | None:
    if quiet is None:
        return None
    return pb.QuietHours(
        start_minute=quiet.start.hour * MINUTES + quiet.start.minute,
        end_minute=quiet.end.hour * MINUTES + quiet.end.minute,
        time_zone=quiet.time_zone,
    )


def _quiet_from_wire(endpoint: pb.Endpoint) -> Quiet | None:
    if not endpoint.HasField("quiet"):
        return None
    quiet = endpoint.quiet
    return Quiet(
        start=time(*divmod(quiet.start_minute, MINUTES)),
        end=time(*divmod(quiet.end_minute, MINUTES)),
        time_zone=quiet.time_zone,
    )


def _endpoint_from_wire(endpoint: Any) -> Endpoint:
    return Endpoint(
        endpoint_id=endpoint.endpoint_id,
        receiver_id=endpoint.receiver_id,
        client_id=endpoint.client_id,
        channel=word_of(pb.Channel, "CHANNEL", endpoint.channel),
        state=word_of(pb.EndpointState, "ENDPOINT_STATE", endpoint.state),
        order_no=endpoint.order_no,
        quiet=_quiet_from_wire(endpoint),
        language=endpoint.language,
        time_zone=endpoint.time_zone,
        public_key=endpoint.public_key,
        create_time=time_from_wire(endpoint, "create_time"),
        heard_time=time_from_wire(endpoint, "heard_time"),
        pause_time=time_from_wire(endpoint, "pause_time"),
        pause_code=endpoint.pause_code,
        end_time=time_from_wire(endpoint, "end_time"),
    )
