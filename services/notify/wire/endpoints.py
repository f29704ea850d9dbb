"""Translate what NotifyService says of endpoints."""

from collections.abc import Sequence
from datetime import time
from typing import Any, Final

from ihala.notify.v1 import notify_pb2 as pb
from services.errors import InvalidInput
from services.notify.endpoint import LANGUAGES, Endpoint, QuietHours
from services.notify.model import OPAQUE_ID, Channel, Device
from services.notify.wire.rpc import device_to_wire
from services.runtime.times import time_to_wire

MINUTES: Final = 60
MINUTES_OF_DAY: Final = 24 * MINUTES
DEFAULT_LANGUAGE: Final = "en"
#: what RegisterEndpoint takes; a webhook has a method of its own, and a browser subscribes on the page
REGISTERED: Final = {pb.CHANNEL_EMAIL: Channel.EMAIL, pb.CHANNEL_SMS: Channel.SMS}


def endpoint_id_from_wire(request: Any) -> str:
    """
    Return which endpoint a command is about.

    Raises:
        InvalidInput: it names none.
    """
    if OPAQUE_ID.fullmatch(request.endpoint_id) is None:
        raise InvalidInput("endpoint_id must be an opaque id of 1 to 64 characters")
    return str(request.endpoint_id)


def channel_from_wire(number: int) -> Channel:
    """
    Return the channel to register for.

    Raises:
        InvalidInput: it is neither mail nor text messages.
    """
    channel = REGISTERED.get(number)  # type: ignore[call-overload]  # enums of the wire are numbers
    if channel is None:
        raise InvalidInput("channel must be EMAIL or SMS")
    return Channel(channel)


def language_from_wire(language: str) -> str:
    """
    Return the language that a person reads.

    Raises:
        InvalidInput: alerts are not written in it.
    """
    if (language or DEFAULT_LANGUAGE) not in LANGUAGES:
        raise InvalidInput("language must be ar, en or fr")
    return language or DEFAULT_LANGUAGE


def quiet_from_wire(request: Any) -> QuietHours | None:
    """
    Return the quiet hours of a request; None if it has none.

    Raises:
        InvalidInput: they are no hours, or their time zone is none.
    """
    if not request.HasField("quiet"):
        return None
    quiet = request.quiet
    for name in ("start_minute", "end_minute"):
        if not 0 <= getattr(quiet, name) < MINUTES_OF_DAY:
            raise InvalidInput(f"quiet.{name} must be in [0, {MINUTES_OF_DAY - 1}]")
    return QuietHours(start=_clock(quiet.start_minute), end=_clock(quiet.end_minute), time_zone=str(quiet.time_zone))


def endpoint_to_wire(endpoint: Endpoint) -> Any:
    """Write an endpoint; there is no address in it."""
    quiet = endpoint.quiet
    return pb.Endpoint(
        endpoint_id=endpoint.endpoint_id,
        receiver_id=endpoint.receiver_id,
        client_id=endpoint.client_id,
        channel=pb.Channel.Value(f"CHANNEL_{endpoint.channel.name}"),
        state=pb.EndpointState.Value(f"ENDPOINT_STATE_{endpoint.state.name}"),
        order_no=endpoint.order_no,
        quiet=None if quiet is None else _quiet_to_wire(quiet),
        language=endpoint.language,
        time_zone=endpoint.time_zone,
        public_key=endpoint.public_key,
        create_time=time_to_wire(endpoint.create_time),
        heard_time=time_to_wire(endpoint.heard_time),
        pause_time=time_to_wire(endpoint.pause_time),
        pause_code=endpoint.pause_code,
        end_time=time_to_wire(endpoint.end_time),
    )


def webhook_registered(endpoint: Endpoint) -> Any:
    """Answer RegisterWebhook."""
    device = None
    if endpoint.receiver_id:
        device = device_to_wire(
            Device(
                device_id=endpoint.endpoint_id,
                receiver_id=endpoint.receiver_id,
                channel=endpoint.channel,
                create_time=endpoint.create_time,
                heard_time=endpoint.heard_time,
                end_time=endpoint.end_time,
            )
        )
    return pb.RegisterWebhookResponse(device=device, endpoint=endpoint_to_wire(endpoint))


def endpoint_registered(endpoint: Endpoint) -> Any:
    """Answer RegisterEndpoint."""
    return pb.RegisterEndpointResponse(endpoint=endpoint_to_wire(endpoint))


def again(method: str, answer: bytes) -> Any:
    """Answer a registration as it was answered the first time, for example of `RegisterWebhook`."""
    response = getattr(pb, f"{method}Response").FromString(answer)
    response.replayed = True
    return response


def answered(verb: str, endpoint: Endpoint, *, replayed: bool) -> Any:
    """Answer a command on an endpoint, for example `Pause`."""
    return getattr(pb, f"{verb}EndpointResponse")(endpoint=endpoint_to_wire(endpoint), replayed=replayed)


def endpoints_listed(endpoints: Sequence[Endpoint], token: str) -> Any:
    """Answer ListEndpoints."""
    return pb.ListEndpointsResponse(endpoints=map(endpoint_to_wire, endpoints), next_page_token=token)


def _quiet_to_wire(quiet: QuietHours) -> Any:
    return pb.QuietHours(start_minute=_minute(quiet.start), end_minute=_minute(quiet.end), time_zone=quiet.time_zone)


def _clock(minute: int) -> time:
    return time(minute // MINUTES, minute % MINUTES)


def _minute(clock: time) -> int:
    return clock.hour * MINUTES + clock.minute
