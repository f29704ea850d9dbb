"""Endpoints and attempts of the channels' tests."""

from datetime import UTC, datetime, timedelta
from uuid import uuid4

from services.notify.channels.webhook_signing import new_key, public_key_of
from services.notify.endpoint import Endpoint, EndpointState, QuietHours
from services.notify.model import Alert, Attempt, Channel
from services.notify.store.addresses import AddressSealer
from services.notify.store.endpoint_rows import Target
from services.notify.store.endpoints import EndpointStore
from services.runtime.postgres import Pool, Process
from services.taxonomy import Urgency
from tests.notify.stores import NOON, a_request

SEALER = AddressSealer(b"k" * 32)
OPERATOR = Process(client_id="operator-1")


def endpoint_store(pool: Pool) -> EndpointStore:
    return EndpointStore(pool, SEALER)


def a_target(
    address: str,
    channel: Channel = Channel.WEBHOOK,
    *,
    state: EndpointState = EndpointState.ACTIVE,
    receiver_id: str = "house-1",
    client_id: str = "",
    language: str = "en",
    order_no: int = 0,
    quiet: QuietHours | None = None,
    create_time: datetime = NOON,
) -> Target:
    key = new_key() if channel is Channel.WEBHOOK else None
    return Target(
        endpoint=Endpoint(
            endpoint_id=uuid4().hex,
            receiver_id=receiver_id,
            client_id=client_id,
            channel=channel,
            state=state,
            order_no=order_no,
            quiet=quiet,
            language=language,
            time_zone="Africa/Tripoli",
            public_key=public_key_of(key) if key else "",
            create_time=create_time,
        ),
        address=address,
        signing_key=key,
    )


async def registered(store: EndpointStore, target: Target, *, needs_approval: bool = False) -> str:
    """Keep an endpoint, and return its id."""
    endpoint = target.endpoint
    await store.add(a_request(uuid4().hex), OPERATOR, target, needs_approval=needs_approval, now=endpoint.create_time)
    return endpoint.endpoint_id


def an_alert(
    *, urgency: Urgency = Urgency.IMMEDIATE, due_time: datetime | None = NOON + timedelta(minutes=10)
) -> Alert:
    return Alert(
        alert_id="alert-1",
        receiver_id="house-1",
        offer_id="offer-1",
        offer_version=1,
        urgency=urgency,
        due_time=due_time,
        create_time=NOON,
    )


def an_attempt(
    endpoint_id: str, channel: Channel = Channel.WEBHOOK, *, number: int = 1, alert: Alert | None = None
) -> Attempt:
    return Attempt(alert=alert or an_alert(), channel=channel, number=number, endpoint_id=endpoint_id)


def utc_now() -> datetime:
    return datetime.now(UTC)
