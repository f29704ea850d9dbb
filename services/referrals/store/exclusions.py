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
