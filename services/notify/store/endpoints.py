"""Keep the endpoints of receivers and senders; what is secret of them leaves only by `target`."""

from collections.abc import Sequence
from datetime import datetime
from typing import Any

from psycopg.rows import kwargs_row

from services.errors import Conflict, FailedPrecondition, Reason
from services.notify.endpoint import Endpoint, EndpointState
from services.notify.store.addresses import AddressSealer
from services.notify.store.endpoint_rows import COLUMNS, Target, endpoint_from_row, endpoint_of
from services.notify.store.requests import Request, first_answer, keep_answer
from services.notify.store.rows import NOTIFY
from services.runtime.postgres import Act, Connection, Pool, Principal, read, transaction


class EndpointStore:
    """
    Endpoints in PostgreSQL. Times come in as arguments.

    Args:
        pool: Of notify.

        sealer: Seals addresses and keys.
    """

    def __init__(self, pool: Pool, sealer: AddressSealer) -> None:
        self._pool = pool
        self._sealer = sealer

    async def add(
        self, request: Request, principal: Principal, target: Target, *, needs_approval: bool, now: datetime
    ) -> bytes | None:
        """
        Keep a new endpoint, in the state that it has.

        Returns:
            The first answer to the same request, if there was one: nothing was done then.

        Raises:
            Conflict: there is an endpoint with this address already.

            InvalidInput: the request id was used with another body.
        """
        endpoint, quiet = target.endpoint, target.endpoint.quiet
        async with transaction(self._pool, principal, _act("create", endpoint.endpoint_id, request)) as connection:
            if (answer := await first_answer(connection, request)) is not None:
                return answer
            row = {
                "endpoint_id": endpoint.endpoint_id,
                "receiver_id": endpoint.receiver_id or None,
                "client_id": endpoint.client_id or None,
                "channel": endpoint.channel,
                "state": endpoint.state,
                "order_no": endpoint.order_no,
                "quiet_start": quiet.start if quiet else None,
                "quiet_end": quiet.end if quiet else None,
                "quiet_time_zone": quiet.time_zone if quiet else None,
                "language": endpoint.language,
                "time_zone": endpoint.time_zone,
                "sealed_address": self._seal(endpoint, "address", target.address.encode()),
                "address_digest": self._sealer.digest(endpoint.channel, target.address),
                "sealed_signing_key": target.signing_key and self._seal(endpoint, "signing_key", target.signing_key),
                "public_key": endpoint.public_key,
                "needs_approval": needs_approval,
                "create_time": now,
                "create_client_id": principal.client_id,
                "create_actor": principal.actor or "",
            }
            kept = await connection.execute(
                f"""
                INSERT INTO endpoint ({", ".join(row)}) VALUES ({", ".join(f"%({name})s" for name in row)})
                ON CONFLICT DO NOTHING
                """,  # noqa: S608 -- names of columns, written above
                row,
            )
            if not kept.rowcount:
                raise Conflict("address must be one that has no endpoint here yet")
            await keep_answer(connection, request, now)
        return None

    async def prove(self, principal: Principal, endpoint_id: str, now: datetime) -> Endpoint:
        """Note that an endpoint echoed its challenge: it is in use, unless a second person must approve it first."""
        async with transaction(self._pool, principal, _act("prove", endpoint_id)) as connection:
            await connection.execute(
                """
                UPDATE endpoint SET heard_time = %s, pause_time = NULL, pause_code = '',
                    state = CASE WHEN needs_approval AND approve_time IS NULL THEN 'awaiting_approval' ELSE 'active' END
                WHERE endpoint_id = %s AND state IN ('unproven', 'paused')
                """,
                [now, endpoint_id],
            )
            return await endpoint_of(connection, endpoint_id)

    async def approve(
        self, request: Request, principal: Principal, endpoint_id: str, now: datetime
    ) -> tuple[Endpoint, bool]:
        """
        Approve an endpoint as the second person: with another credential, and as another actor if they name any.

        Returns:
            The endpoint, and whether the same request had approved it.

        Raises:
            NotFound: there is none.

            FailedPrecondition: the principal registered it (SECOND_PERSON_NEEDED), or it does not wait for it.
        """
        async with transaction(self._pool, principal, _act("approve", endpoint_id, request)) as connection:
            if await first_answer(connection, request) is not None:
                return await endpoint_of(connection, endpoint_id), True
            cursor = await connection.execute(
                """
                UPDATE endpoint
                SET state = 'active', approve_time = %(now)s,
                    approve_client_id = %(client_id)s, approve_actor = %(actor)s
                WHERE endpoint_id = %(endpoint_id)s AND state = 'awaiting_approval'
                  AND create_client_id <> %(client_id)s AND (create_actor = '' OR create_actor <> %(actor)s)
                """,
                {
                    "now": now,
                    "client_id": principal.client_id,
                    "actor": principal.actor or "",
                    "endpoint_id": endpoint_id,
                },
            )
            endpoint = await endpoint_of(connection, endpoint_id)
            if endpoint.state is EndpointState.AWAITING_APPROVAL:
                raise FailedPrecondition(
                    "a second person must approve it: another than who registered it",
                    reason=Reason.SECOND_PERSON_NEEDED,
                )
            if not cursor.rowcount:
                raise FailedPrecondition("the endpoint must wait for an approval", reason=Reason.ILLEGAL_MOVE)
            await keep_answer(connection, request, now)
        return endpoint, False

    async def pause(self, endpoint_id: str, code: str, now: datetime) -> None:
        """Send nothing more to an endpoint, since it said so itself; one that is not in use stays as it is."""
        async with transaction(self._pool, NOTIFY, _act("pause", endpoint_id, reason=code)) as connection:
            await _pause(connection, endpoint_id, code, now)

    async def pause_by(
        self, request: Request, principal: Principal, endpoint_id: str, now: datetime
    ) -> tuple[Endpoint, bool]:
        """Send nothing more to an endpoint until a person resumes it; say whether the same request had done it."""
        async with transaction(self._pool, principal, _act("pause", endpoint_id, request)) as connection:
            replayed = await first_answer(connection, request) is not None
            if not replayed:
                await _pause(connection, endpoint_id, "by_hand", now)
                await keep_answer(connection, request, now)
            return await endpoint_of(connection, endpoint_id), replayed

    async def end(
        self, request: Request, principal: Principal, endpoint_id: str, now: datetime
    ) -> tuple[Endpoint, bool]:
        """End an endpoint and destroy its address; twice is once. Say whether the same request had ended it."""
        async with transaction(self._pool, principal, _act("end", endpoint_id, request)) as connection:
            replayed = await first_answer(connection, request) is not None
            await connection.execute(
                """
                UPDATE endpoint SET state = 'ended', end_time = %s, sealed_address = NULL, sealed_signing_key = NULL
                WHERE endpoint_id = %s AND end_time IS NULL
                """,
                [now, endpoint_id],
            )
            if not replayed:
                await keep_answer(connection, request, now)
            return await endpoint_of(connection, endpoint_id), replayed

    async def hear(self, endpoint_id: str, now: datetime) -> None:
        """Note that an endpoint took something."""
        async with transaction(self._pool, NOTIFY, _act("hear", endpoint_id)) as connection:
            await connection.execute("UPDATE endpoint SET heard_time = %s WHERE endpoint_id = %s", [now, endpoint_id])

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

    def _seal(self, endpoint: Endpoint, column: str, value: bytes) -> bytes:
        return self._sealer.seal(endpoint.endpoint_id, column, value)


async def _pause(connection: Connection, endpoint_id: str, code: str, now: datetime) -> None:
    await connection.execute(
        """
        UPDATE endpoint SET state = 'paused', pause_time = %s, pause_code = %s
        WHERE endpoint_id = %s AND state = 'active'
        """,
        [now, code, endpoint_id],
    )


def _act(verb: str, endpoint_id: str, request: Request | None = None, reason: str | None = None) -> Act:
    return Act(
        action=f"endpoint.{verb}",
        object_kind="endpoint",
        object_id=endpoint_id,
        request_id=request.request_id if request else None,
        reason=reason,
    )
