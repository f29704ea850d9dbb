"""Reads of confidential records, kept for good."""

import hashlib
from collections.abc import Sequence
from datetime import datetime

from services.runtime.postgres import Connection


async def keep_read(
    connection: Connection,
    *,
    client_id: str,
    actor: str,
    action: str,
    record_ids: Sequence[str],
    purpose: str | None,
    case_id: str | None,
    now: datetime,
) -> None:
    """Keep who read which records, what for and in which case; ids of records and cases as hashes."""
    await connection.execute(
        """
        INSERT INTO confidential_read (at, client_id, actor, action, record_hashes, purpose, case_hash)
        VALUES (%s, %s, %s, %s, %s, %s, %s)
        """,
        [now, client_id, actor, action, list(map(_hash, record_ids)), purpose, _hash(case_id) if case_id else None],
    )


def _hash(text: str) -> bytes:
    return hashlib.sha256(text.encode()).digest()
