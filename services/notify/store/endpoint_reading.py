"""Read endpoints; what is secret of them leaves only by `target`."""

from collections.abc import Sequence
from datetime import datetime
from typing import Any

from psycopg.rows import kwargs_row

from services.notify.endpoint import Endpoint
from services.notify.store.addresses import AddressSealer
from services.notify.store.endpoint_rows import COLUMNS, Target, endpoint_from_row, endpoint_of
from services.runtime.postgres import Pool, read


class EndpointReader:
    """
    Endpoints in PostgreSQL: what may be known of them.

    Args:
        pool: Of notify.

        sealer: Opens addresses and keys.
    """

    def __init__(self, pool: Pool, sealer: AddressSealer) -> None:
        self._pool = pool
        self._sealer = sealer

    async def get(self, endpoint_id: str) -> Endpoint:
        """
        Return an endpoint.

        Raises:
            NotFound: there is none.
        """
        async with read(self._pool) as connection:
            return await endpoint_of(connection, endpoint_id)

    async def active(self, *, receiver_id: str = "", client_id: str = "") -> Sequence[Endpoint]:
        """List what is in use of a receiver or of a sender's system, in its order of channels."""
        return await self._list(
            "state = 'active' AND (receiver_id = %(receiver_id)s OR client_id = %(client_id)s) "
            "ORDER BY order_no, create_time, endpoint_id",
            {"receiver_id": receiver_id or None, "client_id": client_id or None},
        )

    async def list_page(
        self, *, receiver_id: str = "", client_id: str = "", limit: int, after: tuple[datetime, str] | None
    ) -> Sequence[Endpoint]:
        """List endpoints, newest first, ended ones too; `after` is create time and id of the last one before."""
        return await self._list(
            """
            (receiver_id = %(receiver_id)s OR client_id = %(client_id)s)
            AND (%(time)s::timestamptz IS NULL OR (create_time, endpoint_id) < (%(time)s, %(id)s))
            ORDER BY create_time DESC, endpoint_id DESC LIMIT %(limit)s
            """,
            {
                "receiver_id": receiver_id or None,
                "client_id": client_id or None,
                "limit": limit,
                "time": after[0] if after else None,
                "id": after[1] if after else "",
            },
        )

    async def target(self, endpoint_id: str) -> Target | None:
        """Return an endpoint with its address and key, for a sender alone; None once it is ended."""
        async with read(self._pool) as connection:
            cursor = await connection.execute(
                "SELECT sealed_address, sealed_signing_key FROM endpoint WHERE endpoint_id = %s AND end_time IS NULL",
                [endpoint_id],
            )
            row = await cursor.fetchone()
            if row is None:
                return None
            endpoint = await endpoint_of(connection, endpoint_id)
        address, key = row
        return Target(
            endpoint=endpoint,
            address=self._sealer.unseal(endpoint_id, "address", bytes(address)).decode(),
            signing_key=key and self._sealer.unseal(endpoint_id, "signing_key", bytes(key)),
        )

    async def _list(self, condition: str, values: dict[str, Any]) -> Sequence[Endpoint]:
        async with read(self._pool) as connection:
            cursor = await connection.cursor(row_factory=kwargs_row(endpoint_from_row)).execute(
                f"SELECT {COLUMNS} FROM endpoint WHERE {condition}".encode(),  # noqa: S608 -- constants of this file
                values,
            )
            return await cursor.fetchall()
