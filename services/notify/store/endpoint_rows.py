"""What a row of the table of endpoints is read into."""

from dataclasses import dataclass
from typing import Any

from psycopg.rows import kwargs_row

from services.errors import NotFound
from services.notify.endpoint import Endpoint, EndpointState, QuietHours
from services.notify.model import Channel
from services.runtime.postgres import Connection

COLUMNS = """
    endpoint_id, coalesce(receiver_id, '') AS receiver_id, coalesce(client_id, '') AS client_id, channel, state,
    order_no, quiet_start, quiet_end, quiet_time_zone, language, time_zone, public_key, create_time, heard_time,
    pause_time, pause_code, end_time
"""


@dataclass(frozen=True, slots=True, kw_only=True, repr=False)
class Target:
    """An endpoint with what is secret of it; it says nothing of itself."""

    endpoint: Endpoint
    address: str
    signing_key: bytes | None  #: 32 bytes of ed25519, of a webhook


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
