"""Commands that were given before: the first answer again, and nothing changed."""

from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Final

from services.errors import FailedPrecondition, InvalidInput, Reason
from services.runtime.postgres import Act, Connection, Pool, Process, transaction

KEPT: Final = timedelta(days=90)  #: an answer; that the command was given is known for good
_BATCH: Final = 1000
_DIRECTORY: Final = Process(client_id="directory")


@dataclass(frozen=True, slots=True, kw_only=True)
class RequestKey:
    """Which command of which caller."""

    client_id: str  #: the scope of request ids
    request_id: str
    method: str
    digest: bytes  #: of the body, after the door was closed


async def claim(connection: Connection, key: RequestKey, object_id: str, now: datetime) -> bytes | None:
    """
    Claim a request id for this transaction; a command that runs at the same time is waited for.

    Args:
        connection: In the transaction of the command.

        key: The command.

        object_id: The record that it will be about.

        now: The time of the command.

    Returns:
        None if the command is new: end with `remember`. Else the first answer.

    Raises:
        InvalidInput: the id was used with another body (REQUEST_ID_REUSED).

        FailedPrecondition: the answer was forgotten, because the record has
            become confidential since, or it is too old (ERASED).
    """
    cursor = await connection.execute(
        """
        INSERT INTO request_key (client_id, request_id, method, digest, object_id, create_time)
        VALUES (%s, %s, %s, %s, %s, %s) ON CONFLICT DO NOTHING
        """,
        [key.client_id, key.request_id, key.method, key.digest, object_id, now],
    )
    if cursor.rowcount:
        return None
    cursor = await connection.execute(
        "SELECT method, digest, answer FROM request_key WHERE client_id = %s AND request_id = %s",
        [key.client_id, key.request_id],
    )
    row = await cursor.fetchone()
    if row is None:
        raise RuntimeError("a request key is never deleted")
    method, digest, answer = row
    if answer is None:
        raise FailedPrecondition(
            "the first answer is kept no more: it is too old, or the record became confidential", reason=Reason.ERASED
        )
    if method != key.method or digest != key.digest:
        raise InvalidInput("request_id must not be used again for another command", reason=Reason.REQUEST_ID_REUSED)
    return bytes(answer)


async def remember(connection: Connection, key: RequestKey, answer: bytes) -> None:
    """Keep the answer of a new command."""
    await connection.execute(
        "UPDATE request_key SET answer = %s WHERE client_id = %s AND request_id = %s",
        [answer, key.client_id, key.request_id],
    )


async def forget(connection: Connection, object_ids: list[str]) -> None:
    """
    Forget what was sent and answered about records that become confidential: it could give them away.

    The command that makes them so has no answer yet, and stays.
    """
    await connection.execute(
        """
        UPDATE request_key SET answer = NULL, digest = NULL
        WHERE object_id = ANY(%s::uuid[]) AND answer IS NOT NULL
        """,
        [object_ids],
    )


async def forget_old(pool: Pool, now: datetime) -> int:
    """
    Forget a batch of answers that were given long ago: they hold whole records, and nobody repeats a command so late.

    The keys stay, so that a command is never done twice.

    Returns:
        How many answers; 0 once there is none left.
    """
    act = Act(action="request.forget", object_kind="request")
    async with transaction(pool, _DIRECTORY, act) as connection:
        cursor = await connection.execute(
            """
            UPDATE request_key SET answer = NULL, digest = NULL WHERE (client_id, request_id) IN (
                SELECT client_id, request_id FROM request_key
                WHERE create_time < %s AND answer IS NOT NULL
                ORDER BY create_time LIMIT %s FOR UPDATE SKIP LOCKED
            )
            """,
            [now - KEPT, _BATCH],
        )
        return cursor.rowcount
