"""Keep every attempt, and what was given up until a person clears it."""

from collections.abc import Sequence
from datetime import datetime

from psycopg.rows import class_row

from services.errors import NotFound
from services.notify.history import DeadLetter
from services.notify.model import Attempt
from services.notify.store import missed
from services.notify.store.requests import Request, first_answer, keep_answer
from services.notify.store.rows import NOTIFY
from services.notify.store.wanted import want_task
from services.runtime.postgres import Act, Connection, Pool, Principal, read, transaction
from services.taxonomy import Urgency

_COLUMNS = """
    dead_letter_id, dead_letter.create_time, reason AS code, coalesce(stream, '') AS stream,
    coalesce(alert_id, '') AS alert_id, coalesce(channel, '') AS channel, coalesce(endpoint_id, '') AS endpoint_id,
    coalesce(alert.receiver_id, '') AS receiver_id, coalesce(alert.client_id, '') AS client_id, cleared_time
"""


async def log(connection: Connection, attempts: Sequence[Attempt], now: datetime, code: str = "") -> None:
    """Write down that attempts were made, and why they failed; without a code they went out."""
    async with connection.cursor() as cursor:
        await cursor.executemany(
            """
            INSERT INTO attempt (alert_id, channel, endpoint_id, attempt_no, attempt_time, code)
            VALUES (%s, %s, %s, %s, %s, %s) ON CONFLICT DO NOTHING
            """,
            [(each.alert.alert_id, each.channel, each.endpoint_id, each.number, now, code) for each in attempts],
        )


async def bury_delivery(connection: Connection, attempt: Attempt, code: str, now: datetime) -> None:
    """Keep a delivery that was given up, in the transaction that gives it up."""
    alert = attempt.alert
    await connection.execute(
        """
        INSERT INTO dead_letter (alert_id, channel, endpoint_id, reason, create_time) VALUES (%s, %s, %s, %s, %s)
        """,
        [alert.alert_id, attempt.channel, attempt.endpoint_id, code, now],
    )
    if alert.client_id:
        await missed.note_given_up(connection, attempt.endpoint_id, alert.alert_id, alert.revision)
        # nothing else rings for a sender: somebody must tell it; once a day, however much waits
        await want_task(
            connection,
            f"sender-{attempt.endpoint_id}-{now:%Y%m%d}",
            alert.urgency,
            now,
            client_id=alert.client_id,
        )


class LetterStore:
    """Dead letters in PostgreSQL."""

    def __init__(self, pool: Pool) -> None:
        self._pool = pool

    async def bury_message(
        self, stream: str, sequence: int, subject: str, payload: bytes, reason: str, now: datetime
    ) -> None:
        """Keep a message that nobody could read, and ask for a person who looks at it."""
        act = Act(action="message.bury", object_kind="message", object_id=f"{stream}:{sequence}", reason=reason)
        async with transaction(self._pool, NOTIFY, act) as connection:
            await connection.execute(
                """
                INSERT INTO dead_letter (stream, sequence, subject, payload, reason, create_time)
                VALUES (%s, %s, %s, %s, %s, %s) ON CONFLICT DO NOTHING
                """,
                [stream, sequence, subject, payload, reason, now],
            )
            # it may have been an offer of any urgency
            await want_task(connection, f"message-{stream}-{sequence}", Urgency.IMMEDIATE, now)

    async def list_page(
        self, limit: int, after: tuple[datetime, str] | None, *, with_cleared: bool
    ) -> list[DeadLetter]:
        """
        List dead letters, newest first; never what was in a message.

        Args:
            limit: How many at most.

            after: Create time and id of the last one of the page before.

            with_cleared: Those too that a person has cleared.
        """
        async with read(self._pool) as connection:
            cursor = await connection.cursor(row_factory=class_row(DeadLetter)).execute(
                f"""
                SELECT {_COLUMNS} FROM dead_letter LEFT JOIN alert USING (alert_id)
                WHERE (%(with_cleared)s OR cleared_time IS NULL)
                  AND (%(time)s::timestamptz IS NULL
                       OR (dead_letter.create_time, dead_letter_id) < (%(time)s, %(id)s))
                ORDER BY dead_letter.create_time DESC, dead_letter_id DESC LIMIT %(limit)s
                """,  # noqa: S608 -- a constant of this file
                {
                    "with_cleared": with_cleared,
                    "limit": limit,
                    "time": after[0] if after else None,
                    "id": after[1] if after else "",
                },
            )
            return await cursor.fetchall()

    async def clear(
        self, request: Request, principal: Principal, dead_letter_id: str, now: datetime
    ) -> tuple[DeadLetter, bool]:
        """
        Note that a person has seen to a dead letter; clearing it twice changes nothing.

        Returns:
            The dead letter, and whether the same request had cleared it.

        Raises:
            NotFound: there is none.

            InvalidInput: the request id was used with another body.
        """
        act = Act(
            action="dead_letter.clear",
            object_kind="dead_letter",
            object_id=dead_letter_id,
            request_id=request.request_id,
        )
        async with transaction(self._pool, principal, act) as connection:
            replayed = await first_answer(connection, request) is not None
            await connection.execute(
                """
                UPDATE dead_letter SET cleared_time = %s, cleared_by = %s
                WHERE dead_letter_id = %s AND cleared_time IS NULL
                """,
                [now, principal.actor or principal.client_id, dead_letter_id],
            )
            cursor = await connection.cursor(row_factory=class_row(DeadLetter)).execute(
                f"SELECT {_COLUMNS} FROM dead_letter LEFT JOIN alert USING (alert_id) WHERE dead_letter_id = %s",  # noqa: S608
                [dead_letter_id],
            )
            letter = await cursor.fetchone()
            if letter is None:
                raise NotFound("there is no such object")
            if not replayed:
                await keep_answer(connection, request, now)
        return letter, replayed
