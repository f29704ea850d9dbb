"""Providers that shall not meet a person again; why is sealed with the case, or known to nobody (R8, R32)."""

from collections.abc import Collection
from datetime import datetime

from services.referrals.model import Referral
from services.runtime.postgres import Connection


def subject_of(case_ref: str, person_ref: str) -> str:
    """Name whom an exclusion is about: the sender's person, else its case."""
    return f"person:{person_ref}" if person_ref else f"case:{case_ref}"


async def add(connection: Connection, referral: Referral, provider_ids: Collection[str], now: datetime) -> None:
    """Keep providers from a person for good."""
    if not provider_ids:
        return
    async with connection.cursor() as cursor:
        await cursor.executemany(
            """
            INSERT INTO exclusion (client_id, subject, provider_id, create_time)
            VALUES (%(client_id)s, %(subject)s, %(provider_id)s, %(now)s) ON CONFLICT DO NOTHING
            """,
            [
                {
                    "client_id": referral.client_id,
                    "subject": subject_of(referral.case_ref, referral.person_ref),
                    "provider_id": provider_id,
                    "now": now,
                }
                for provider_id in sorted(provider_ids)
            ],
        )


async def of(connection: Connection, client_id: str, case_ref: str, person_ref: str) -> set[str]:
    """List the providers that a person shall not meet."""
    cursor = await connection.execute(
        "SELECT provider_id FROM exclusion WHERE client_id = %(client_id)s AND subject = %(subject)s",
        {"client_id": client_id, "subject": subject_of(case_ref, person_ref)},
    )
    return {row[0] for row in await cursor.fetchall()}


async def forget(connection: Connection, referral: Referral) -> None:
    """Forget whom a person shall not meet, once the last referral of that person is erased (R13)."""
    await connection.execute(
        """
        DELETE FROM exclusion WHERE client_id = %(client_id)s AND subject = %(subject)s
          AND NOT EXISTS (
              SELECT FROM referral
              WHERE client_id = %(client_id)s AND NOT is_erased AND referral_id <> %(referral_id)s
                AND CASE WHEN %(person_ref)s::text <> '' THEN person_ref = %(person_ref)s::text
                         ELSE person_ref = '' AND case_ref = %(case_ref)s END
          )
        """,
        {
            "client_id": referral.client_id,
            "subject": subject_of(referral.case_ref, referral.person_ref),
            "referral_id": referral.referral_id,
            "person_ref": referral.person_ref,
            "case_ref": referral.case_ref,
        },
    )
