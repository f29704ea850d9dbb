"""Records that stand in for a consent, and their second signatures (R5)."""

from datetime import datetime, timedelta
from typing import Final

from services.errors import FailedPrecondition, Reason
from services.referrals.model import Cause, Consent, Task
from services.referrals.store import consents
from services.runtime.postgres import Connection

SIGNED: Final = "signed"
LIFE: Final = timedelta(hours=72)  #: of an override that two have signed


async def add(connection: Connection, consent: Consent, sealed_reason: bytes) -> None:
    """Record an override."""
    await consents.add(connection, consent)
    await connection.execute(
        """
        UPDATE consent SET override_ground = %(ground)s, second_person = %(second_person)s,
                           sealed_reason = %(sealed_reason)s
        WHERE consent_id = %(consent_id)s
        """,
        {
            "ground": consent.override_ground and str(consent.override_ground),
            "second_person": consent.second_person,
            "sealed_reason": sealed_reason,
            "consent_id": consent.consent_id,
        },
    )


async def sign(connection: Connection, task: Task, outcome: str, actor: str, now: datetime) -> None:
    """
    Sign what one worker did alone, if the task asks for it; signed, it lasts as long as any other.

    Raises:
        FailedPrecondition: SECOND_PERSON_NEEDED: the signer is the worker.
    """
    if task.cause is not Cause.UNSIGNED or outcome != SIGNED:
        return
    cursor = await connection.execute(
        """
        UPDATE consent SET second_person = %(actor)s, end_time = greatest(end_time, create_time + %(life)s)
        WHERE consent_id = %(consent_id)s AND recorded_by <> %(actor)s AND create_time <= %(now)s
        """,
        {"actor": actor, "life": LIFE, "consent_id": task.consent_id, "now": now},
    )
    if cursor.rowcount == 0:
        raise second_person_needed()


def second_person_needed() -> FailedPrecondition:
    """Say that one worker's word will not do."""
    return FailedPrecondition("a second person must sign: another than the worker", reason=Reason.SECOND_PERSON_NEEDED)
