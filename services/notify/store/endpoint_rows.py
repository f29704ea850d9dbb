"""How a row of the table of endpoints is written and read."""

from dataclasses import dataclass
from datetime import datetime
from typing import Any

from psycopg.rows import kwargs_row

from services.errors import NotFound
from services.notify.endpoint import Endpoint, EndpointState, QuietHours
from services.notify.model import Channel
from services.notify.store.addresses import AddressSealer
from services.runtime.postgres import Connection, Principal

COLUMNS = """
    endpoint_id, coalesce(receiver_id, '') AS receiver_id, coalesce(client_id, '') AS client_id,
    coalesce(device_id, '') AS device_id, channel, state,
    order_no, quiet_start, quiet_end, quiet_time_zone, language, time_zone, public_key, create_time, heard_time,
    pause_time, pause_code, end_time
"""


@dataclass(frozen=True, slots=True, kw_only=True, repr=False)
class Target:
    """An endpoint with what is secret of it; it says nothing of itself."""

    endpoint: Endpoint
    address: str
    signing_key: bytes | None  #: 32 bytes of ed25519, of a webhook


async def insert_endpoint(
    connection: Connection,
    sealer: AddressSealer,
    target: Target,
    principal: Principal,
    *,
    needs_approval: bool,
    now: datetime,
) -> bool:
    """Keep a new endpoint, in the state that it has; say whether its address had none there yet."""
    endpoint, quiet = target.endpoint, target.endpoint.quiet
    sealed_key = target.signing_key and sealer.seal(endpoint.endpoint_id, "signing_key", target.signing_key)
    row = {
        "endpoint_id": endpoint.endpoint_id,
        "receiver_id": endpoint.receiver_id or None,
        "client_id": endpoint.client_id or None,
        "device_id": endpoint.device_id or None,
        "channel": endpoint.channel,
        "state": endpoint.state,
        "order_no": endpoint.order_no,
        "quiet_start": quiet.start if quiet else None,
        "quiet_end": quiet.end if quiet else None,
        "quiet_time_zone": quiet.time_zone if quiet else None,
        "language": endpoint.language,
        "time_zone": endpoint.time_zone,
        "sealed_address": sealer.seal(endpoint.endpoint_id, "address", target.address.encode()),
        "address_digest": sealer.digest(endpoint.channel, target.address),
        "sealed_signing_key": sealed_key,
        "public_key": endpoint.public_key,
        "needs_approval": needs_approval,
        "create_time": now,
        "create_client_id": principal.client_id,
        "create_actor": principal.actor or "",
    }
    names, values = ", ".join(row), ", ".join(f"%({name})s" for name in row)
    kept = await connection.execute(
        f"INSERT INTO endpoint ({names}) VALUES ({values}) ON CONFLICT DO NOTHING",  # noqa: S608 -- names written above
        row,
    )
    return bool(kept.rowcount)


async def end_endpoints_of_device(connection: Connection, device_id: str, now: datetime) -> None:
    """End what wakes a browser, in the transaction that ends the browser as a device."""
    await connection.execute(
        """
        UPDATE endpoint SET state = 'ended', end_time = %s, sealed_address = NULL, sealed_signing_key = NULL
        WHERE device_id = %s AND end_time IS NULL
        """,
        [now, device_id],
    )


async def endpoint_of(connection: Connection, endpoint_id: str) -> Endpoint:
    """
    Return an endpoint.

    Raises:
        NotFound: there is none.
    """
    cursor = await connection.cursor(row_factory=kwargs_row(endpoint_from_row)).execute(
        f"SELECT {COLUMNS} FROM endpoint WHERE endpoint_id = %s",  # noqa: S608 -- a constant of this file
        [endpoint_id],
    )
    endpoint = await cursor.fetchone()
    if endpoint is None:
        raise NotFound("there is no such object")
    return endpoint


def endpoint_from_row(
    *, channel: str, state: str, quiet_start: Any, quiet_end: Any, quiet_time_zone: str | None, **facts: Any
) -> Endpoint:
    """Read an endpoint from a row that has `COLUMNS`."""
    quiet = None
    if quiet_time_zone is not None:
        quiet = QuietHours(start=quiet_start, end=quiet_end, time_zone=quiet_time_zone)
    return Endpoint(channel=Channel(channel), state=EndpointState(state), quiet=quiet, **facts)
