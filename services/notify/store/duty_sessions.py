"""Keep who is signed in to the duty page, by digests of their cookies."""

from datetime import datetime, timedelta
from typing import Final

from services.notify.store.rows import NOTIFY
from services.runtime.postgres import Act, Pool, read, transaction

IDLE: Final = timedelta(minutes=30)  #: without a look, where nothing wakes the browser; an open page looks all the time
LIFE: Final = timedelta(hours=14)  #: a night's shift with its handing over
USED_EVERY: Final = timedelta(minutes=1)
HEARS: Final = timedelta(minutes=3)  #: after a look; an open page looks every half minute, and each minute counts
#: whoever is woken at night must not have to ask for a code first
_IS_WOKEN: Final = "EXISTS (SELECT FROM duty_push WHERE duty_push.token_digest = duty_session.token_digest)"


class DutySessionStore:
    """Sessions in PostgreSQL, so that a page goes on ringing after a restart."""

    def __init__(self, pool: Pool) -> None:
        self._pool = pool

    async def begin(self, token: bytes, coordinator: str, now: datetime) -> None:
        """Begin a session, and forget those that have ended."""
        act = Act(action="duty.sign_in", object_kind="duty_session", object_id=coordinator)
        async with transaction(self._pool, NOTIFY, act) as connection:
            await connection.execute(
                f"DELETE FROM duty_session WHERE (start_time <= %s OR used_time <= %s) AND NOT {_IS_WOKEN}",  # noqa: S608
                [now - LIFE, now - IDLE],
            )
            await connection.execute(
                """
                INSERT INTO duty_session (token_digest, coordinator, start_time, used_time) VALUES (%s, %s, %s, %s)
                """,
                [token, coordinator, now, now],
            )

    async def find(self, token: bytes, now: datetime) -> str | None:
        """Return whose session it is, and count this as its use; None if there is none, or it has ended."""
        async with read(self._pool) as connection:
            cursor = await connection.execute(
                f"""
                SELECT coordinator, used_time FROM duty_session
                WHERE token_digest = %s AND start_time > %s AND (used_time > %s OR {_IS_WOKEN})
                """,  # noqa: S608 -- a constant of this file
                [token, now - LIFE, now - IDLE],
            )
            row = await cursor.fetchone()
        if row is None:
            return None
        coordinator, used_time = row
        if now - used_time >= USED_EVERY:
            act = Act(action="duty.use", object_kind="duty_session", object_id=coordinator)
            async with transaction(self._pool, NOTIFY, act) as connection:
                await connection.execute("UPDATE duty_session SET used_time = %s WHERE token_digest = %s", [now, token])
        return str(coordinator)

    async def present(self, now: datetime) -> dict[str, bool]:
        """
        Name those who can be rung: a page of theirs is open, or their browser is woken.

        Returns:
            Of each whether it hears, as far as is known: the push service may not have taken the last signal.
        """
        async with read(self._pool) as connection:
            found = await connection.execute(
                """
                SELECT coordinator, bool_or(used_time > %(looked)s OR coalesce(is_reached, false))
                FROM duty_session LEFT JOIN duty_push USING (token_digest)
                WHERE start_time > %(live)s AND (used_time > %(looked)s OR is_reached IS NOT NULL)
                GROUP BY coordinator
                """,
                {"live": now - LIFE, "looked": now - HEARS},
            )
            return dict(await found.fetchall())

    async def end(self, token: bytes, coordinator: str) -> None:
        """End a session."""
        act = Act(action="duty.sign_out", object_kind="duty_session", object_id=coordinator)
        async with transaction(self._pool, NOTIFY, act) as connection:
            await connection.execute("DELETE FROM duty_session WHERE token_digest = %s", [token])
