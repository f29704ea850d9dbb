"""Recognise a command that is repeated, in the transaction that does it."""

from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Final

from services.errors import FailedPrecondition, InvalidInput, Reason
from services.runtime.postgres import Act, Connection, Pool, Process, transaction

KEPT: Final = timedelta(days=90)  #: an answer; that the command was given is known for good
_BATCH: Final = 1000
_NOTIFY: Final = Process(client_id="notify")


@dataclass(frozen=True, slots=True, kw_only=True)
class Request:
    """A command by its id, whose scope is the credential."""

    client_id: str
    request_id: str
    body_digest: bytes  #: of everything that was asked
    answer: bytes  #: what a repeat will be answered


async def first_answer(connection: Connection, request: Request) -> bytes | None:
    """
    Return what was answered the first time; None if this is the first time.

    Two that come at once take turns: the second one waits here for the first to commit.

    Raises:
        InvalidInput: the id was used with another body (REQUEST_ID_REUSED).

        FailedPrecondition: the answer is kept no more (ERASED).
    """
    await connection.execute(
        "SELECT pg_advisory_xact_lock(hashtextextended(%s || ' ' || %s, 0))", [request.client_id, request.request_id]
    )
    cursor = await connection.execute(
        "SELECT body_digest, answer FROM request_key WHERE client_id = %s AND request_id = %s",
        [request.client_id, request.request_id],
    )
    row = await cursor.fetchone()
    if row is None:
        return None
    body_digest, answer = row
    if answer is None:
        raise FailedPrecondition("the first answer is kept no more: it is too old", reason=Reason.ERASED)
    if bytes(body_digest) != request.body_digest:
        raise InvalidInput("request_id must be new for another request", reason=Reason.REQUEST_ID_REUSED)
    return bytes(answer)


async def keep_answer(connection: Connection, request: Request, now: datetime) -> None:
    """Keep what a repeat will be answered."""
    await connection.execute(
        "INSERT INTO request_key (client_id, request_id, body_digest, answer, create_time) VALUES (%s, %s, %s, %s, %s)",
        [request.client_id, request.request_id, request.body_digest, request.answer, now],
    )


async def forget_old(pool: Pool, now: datetime) -> int:
    """
    Forget a batch of answers that were given long ago: they name devices and endpoints, and nobody repeats so late.

    The keys stay, so that a command is never done twice.

    Returns:
        How many answers; 0 once there is none left.
    """
    act = Act(action="request.forget", object_kind="request")
    async with transaction(pool, _NOTIFY, act) as connection:
        cursor = await connection.execute(
            """
            UPDATE request_key SET answer = NULL, body_digest = NULL WHERE (client_id, request_id) IN (
                SELECT client_id, request_id FROM request_key
                WHERE create_time < %s AND answer IS NOT NULL
                ORDER BY create_time LIMIT %s FOR UPDATE SKIP LOCKED
            )
            """,
            [now - KEPT, _BATCH],
        )
        return cursor.rowcount
