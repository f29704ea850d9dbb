"""Request keys: by them a command that comes again is recognised, for ever."""

from collections.abc import Sequence
from datetime import datetime
from typing import Any

from psycopg.rows import dict_row
from psycopg.types.json import Jsonb

from services.errors import FailedPrecondition, InvalidInput, Reason
from services.referrals.model import Choice, CreatedOffer, CreatedReferral, RequestKey
from services.referrals.store.together import Together
from services.runtime.postgres import Connection


class AlreadyDone(Exception):
    """The same request was done by another call meanwhile: look its key up again."""


async def find(connection: Connection, client_id: str, request_id: str) -> RequestKey | None:
    """Find what a request id of a client has done."""
    async with connection.cursor(row_factory=dict_row) as cursor:
        await cursor.execute(
            """
            SELECT request_hmac, referral_id, subject_id, answer FROM request_key
            WHERE client_id = %(client_id)s AND request_id = %(request_id)s
            """,
            {"client_id": client_id, "request_id": request_id},
        )
        row = await cursor.fetchone()
    if row is None:
        return None
    stored = row["answer"]
    answers = tuple(map(_answer, stored)) if isinstance(stored, list) else ()
    answer = None if stored is None or answers else _answer(stored)
    return RequestKey(row["request_hmac"], row["referral_id"], row["subject_id"], answer, answers)


async def find_same(connection: Connection, client_id: str, request_id: str, digest: bytes) -> RequestKey | None:
    """
    Find what this very request has done.

    Raises:
        InvalidInput: REQUEST_ID_REUSED: the id was used with another body.

        FailedPrecondition: ERASED: its case was erased.
    """
    key = await find(connection, client_id, request_id)
    if key is None:
        return None
    if key.digest is None:
        raise erased()
    if key.digest != digest:
        raise InvalidInput("request_id must not be used again with another body", reason=Reason.REQUEST_ID_REUSED)
    return key


async def claim(
    connection: Connection,
    client_id: str,
    request_id: str,
    key: RequestKey,
    now: datetime,
) -> None:
    """
    Take a request id, first thing in the transaction that does it.

    Raises:
        AlreadyDone: Another call has it.
    """
    cursor = await connection.execute(
        """
        INSERT INTO request_key (client_id, request_id, request_hmac, referral_id, subject_id, create_time)
        VALUES (%(client_id)s, %(request_id)s, %(digest)s, %(referral_id)s, %(subject_id)s, %(now)s)
        ON CONFLICT DO NOTHING
        """,
        {
            "client_id": client_id,
            "request_id": request_id,
            "digest": key.digest,
            "referral_id": key.referral_id,
            "subject_id": key.subject_id,
            "now": now,
        },
    )
    if cursor.rowcount == 0:
        raise AlreadyDone


async def erase(connection: Connection, referral_id: str) -> None:
    """Forget what the requests of a referral said; that they were made is remembered."""
    await connection.execute(
        "UPDATE request_key SET request_hmac = NULL WHERE referral_id = %(referral_id)s", {"referral_id": referral_id}
    )


def keep_answer(together: Together, client_id: str, request_id: str, answer: CreatedReferral) -> None:
    """Keep an answer that never changes."""
    _keep(together, client_id, request_id, _stored(answer))


def keep_answers(together: Together, client_id: str, request_id: str, answers: Sequence[CreatedReferral]) -> None:
    """Keep the answers of a command that makes several referrals."""
    _keep(together, client_id, request_id, list(map(_stored, answers)))


def _keep(together: Together, client_id: str, request_id: str, stored: Any) -> None:
    together.add(
        "UPDATE request_key SET answer = %(answer)s WHERE client_id = %(of_client)s AND request_id = %(of_request)s",
        answer=Jsonb(stored),
        of_client=client_id,
        of_request=request_id,
    )


def _stored(answer: CreatedReferral) -> dict[str, Any]:
    return {
        "referral_id": answer.referral_id,
        "offers": [[each.offer_id, each.need_no, each.provider_id, list(each.labels)] for each in answer.offers],
        "create_time": answer.create_time.isoformat(),
        "lost_places": [[each.need_no, each.provider_id] for each in answer.lost_places],
    }


def _answer(stored: Any) -> CreatedReferral:
    return CreatedReferral(
        referral_id=stored["referral_id"],
        offers=tuple(CreatedOffer(*each[:3], *map(tuple, each[3:])) for each in stored["offers"]),
        create_time=datetime.fromisoformat(stored["create_time"]),
        lost_places=tuple(Choice(*each) for each in stored["lost_places"]),
    )


def erased() -> FailedPrecondition:
    """Say that what a request made was erased (R13)."""
    return FailedPrecondition("the case was erased", reason=Reason.ERASED)
