"""Register, approve, pause and end the endpoints of receivers and senders."""

from datetime import datetime, timedelta
from typing import Final

from services.errors import Conflict, Exhausted, FailedPrecondition, Reason
from services.notify.endpoint import Endpoint, EndpointState, QuietHours
from services.notify.store import missed
from services.notify.store.endpoint_limits import require_room
from services.notify.store.endpoint_reading import EndpointReader
from services.notify.store.endpoint_rows import Target, endpoint_of, insert_endpoint
from services.notify.store.requests import Request, first_answer, keep_answer
from services.notify.store.rows import NOTIFY
from services.runtime.postgres import Act, Connection, Principal, transaction

HEARD_WITHIN: Final = timedelta(minutes=5)
CHALLENGED_EACH: Final = timedelta(seconds=10)


class EndpointStore(EndpointReader):
    """
    Endpoints in PostgreSQL: commands on them. Times come in as arguments.

    Args:
        pool: Of notify.

        sealer: Seals addresses and keys.
    """

    async def add(
        self, request: Request, principal: Principal, target: Target, *, needs_approval: bool, now: datetime
    ) -> bytes | None:
        """
        Keep a new endpoint, in the state that it has.

        Returns:
            The first answer to the same request, if there was one: nothing was done then.

        Raises:
            Conflict: there is an endpoint with this address already.

            Exhausted: whose it would be has `MAX_OPEN` already (QUOTA).

            InvalidInput: the request id was used with another body.
        """
        async with transaction(
            self._pool, principal, _act("create", target.endpoint.endpoint_id, request)
        ) as connection:
            if (answer := await first_answer(connection, request)) is not None:
                return answer
            await require_room(connection, target.endpoint, now)
            if not await insert_endpoint(
                connection, self._sealer, target, principal, needs_approval=needs_approval, now=now
            ):
                raise Conflict("address must be one that has no endpoint here yet")
            await keep_answer(connection, request, now)
        return None

    async def prove(
        self, request: Request | None, principal: Principal, endpoint_id: str, now: datetime
    ) -> tuple[Endpoint, bool]:
        """
        Put an endpoint into use that is proven or resumed, unless a second person must approve it first.

        Returns:
            The endpoint, and whether the same request had done it.
        """
        async with transaction(self._pool, principal, _act("prove", endpoint_id, request)) as connection:
            if request is not None and await first_answer(connection, request) is not None:
                return await endpoint_of(connection, endpoint_id), True
            await connection.execute(
                """
                UPDATE endpoint SET pause_time = NULL, pause_code = '',
                    state = CASE WHEN needs_approval AND approve_time IS NULL THEN 'awaiting_approval' ELSE 'active' END
                WHERE endpoint_id = %s AND state IN ('unproven', 'paused')
                """,
                [endpoint_id],
            )
            await missed.tell(connection, endpoint_id, now)
            if request is not None:
                await keep_answer(connection, request, now)
            return await endpoint_of(connection, endpoint_id), False

    async def take_challenge(self, principal: Principal, endpoint_id: str, now: datetime) -> None:
        """
        Take the turn to challenge an endpoint again.

        Raises:
            Exhausted: it was challenged a moment ago: whoever is there need not know of us (QUOTA).
        """
        async with transaction(self._pool, principal, _act("challenge", endpoint_id)) as connection:
            taken = await connection.execute(
                """
                UPDATE endpoint SET challenge_time = %(now)s
                WHERE endpoint_id = %(endpoint_id)s AND coalesce(challenge_time, create_time) <= %(before)s
                """,
                {"now": now, "before": now - CHALLENGED_EACH, "endpoint_id": endpoint_id},
            )
            if not taken.rowcount:
                raise Exhausted(
                    "an endpoint may be challenged once in ten seconds", retry_after_s=CHALLENGED_EACH.total_seconds()
                )

    async def note_fault(self, principal: Principal, endpoint_id: str, code: str) -> Endpoint:
        """Note why an endpoint that is not in use did not prove itself."""
        async with transaction(self._pool, principal, _act("challenge", endpoint_id, reason=code)) as connection:
            await connection.execute(
                "UPDATE endpoint SET pause_code = %s WHERE endpoint_id = %s AND state IN ('unproven', 'paused')",
                [code, endpoint_id],
            )
            return await endpoint_of(connection, endpoint_id)

    async def update(
        self,
        request: Request,
        principal: Principal,
        endpoint_id: str,
        order_no: int,
        quiet: QuietHours | None,
        now: datetime,
    ) -> tuple[Endpoint, bool]:
        """Give an endpoint another place in the order and other quiet hours; say whether the same request had."""
        async with transaction(self._pool, principal, _act("update", endpoint_id, request)) as connection:
            replayed = await first_answer(connection, request) is not None
            if not replayed:
                await connection.execute(
                    """
                    UPDATE endpoint SET order_no = %s, quiet_start = %s, quiet_end = %s, quiet_time_zone = %s
                    WHERE endpoint_id = %s
                    """,
                    [
                        order_no,
                        quiet and quiet.start,
                        quiet and quiet.end,
                        quiet and quiet.time_zone,
                        endpoint_id,
                    ],
                )
                await keep_answer(connection, request, now)
            return await endpoint_of(connection, endpoint_id), replayed

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

    async def hear(self, endpoint: Endpoint, now: datetime) -> None:
        """Note that an endpoint took something, once in `HEARD_WITHIN`: not every alert is worth a row in the audit."""
        if endpoint.heard_time is not None and now - endpoint.heard_time < HEARD_WITHIN:
            return
        async with transaction(self._pool, NOTIFY, _act("hear", endpoint.endpoint_id)) as connection:
            await connection.execute(
                "UPDATE endpoint SET heard_time = %s WHERE endpoint_id = %s AND end_time IS NULL",
                [now, endpoint.endpoint_id],
            )


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
