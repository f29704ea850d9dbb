"""Keep whom to ring about the referrals of a system, as the system itself says."""

from collections.abc import Sequence
from datetime import datetime

from services.notify.store.requests import Request, first_answer, keep_answer
from services.runtime.postgres import Act, Pool, Principal, read, transaction


class ContactStore:
    """Contacts of senders in PostgreSQL."""

    def __init__(self, pool: Pool) -> None:
        self._pool = pool

    async def put(self, request: Request, principal: Principal, phones: Sequence[str], now: datetime) -> bool:
        """
        Keep whom to ring about the caller's referrals, in place of what was kept before; nobody: forget it.

        Returns:
            True if the same request did it before.

        Raises:
            InvalidInput: the request id was used with another body.
        """
        act = Act(
            action="contact.set",
            object_kind="client",
            object_id=principal.client_id,
            request_id=request.request_id,
        )
        async with transaction(self._pool, principal, act) as connection:
            if await first_answer(connection, request) is not None:
                return True
            values = {"client": principal.client_id, "phones": list(phones), "now": now}
            if phones:
                await connection.execute(
                    """
                    INSERT INTO sender_contact (client_id, phones, update_time) VALUES (%(client)s, %(phones)s, %(now)s)
                    ON CONFLICT (client_id) DO UPDATE SET phones = excluded.phones, update_time = excluded.update_time
                    """,
                    values,
                )
            else:
                await connection.execute("DELETE FROM sender_contact WHERE client_id = %(client)s", values)
            await keep_answer(connection, request, now)
        return False

    async def phones(self, client_id: str) -> tuple[str, ...]:
        """Return the numbers of a system, the one to ring first at the front; empty: none is known."""
        async with read(self._pool) as connection:
            found = await connection.execute("SELECT phones FROM sender_contact WHERE client_id = %s", [client_id])
            row = await found.fetchone()
        return tuple(row[0]) if row else ()
