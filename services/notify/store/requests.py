"""Recognise a command that is repeated, in the transaction that does it."""

from dataclasses import dataclass
from datetime import datetime

from services.errors import InvalidInput, Reason
from services.runtime.postgres import Connection


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
    if bytes(body_digest) != request.body_digest:
        raise InvalidInput("request_id must be new for another request", reason=Reason.REQUEST_ID_REUSED)
    return bytes(answer)


async def keep_answer(connection: Connection, request: Request, now: datetime) -> None:
    """Keep what a repeat will be answered."""
    await connection.execute(
        "INSERT INTO request_key (client_id, request_id, body_digest, answer, create_time) VALUES (%s, %s, %s, %s, %s)",
        [request.client_id, request.request_id, request.body_digest, request.answer, now],
    )
