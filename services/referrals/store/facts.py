"""Values of cases, sealed: the only table that has any."""

import json
from collections.abc import Mapping

from services.referrals.store.sealing import Sealer, seal, unseal
from services.referrals.store.together import Together
from services.runtime.postgres import Connection

REQUEST = "request"  #: the match request with its safety envelope, until the referral closes
BRIEFING = "briefing"  #: what receivers are told besides
AREA = "area"  #: where the person is, coarsely: for those who are asked without identity


def reason_of(offer_id: str) -> str:
    """Name the part that holds a sealed reason."""
    return f"reason/{offer_id}"


def add(together: Together, sealer: Sealer, parts: Mapping[str, Mapping[str, bytes]]) -> None:
    """Seal the facts of new referrals, by referral and part, each referral's under a new key."""
    keys = {referral_id: sealer.new_key(referral_id) for referral_id in parts}  # one key a referral
    together.add(
        "INSERT INTO case_key (key_id, wrapped)"
        " SELECT key_id, wrapped FROM jsonb_populate_recordset(NULL::case_key, %(case_key)s::jsonb)",
        case_key=json.dumps(
            [{"key_id": referral_id, "wrapped": _written(wrapped)} for referral_id, (_key, wrapped) in keys.items()]
        ),
    )
    together.add(
        "INSERT INTO case_facts (referral_id, part, key_id, sealed)"
        " SELECT referral_id, part, referral_id, sealed"
        " FROM jsonb_populate_recordset(NULL::case_facts, %(case_facts)s::jsonb)",
        case_facts=json.dumps(
            [
                {
                    "referral_id": referral_id,
                    "part": part,
                    "sealed": _written(seal(keys[referral_id][0], value, referral_id, part)),
                }
                for referral_id, of_referral in parts.items()
                for part, value in of_referral.items()
            ]
        ),
    )


def _written(value: bytes) -> str:
    return f"\\x{value.hex()}"  # as PostgreSQL reads bytes in a text


async def add_part(connection: Connection, sealer: Sealer, referral_id: str, part: str, value: bytes) -> None:
    """Seal one more fact of a referral, or another in its place."""
    key_id = referral_id
    key = sealer.unwrap(key_id, await _wrapped(connection, key_id))
    await _put(connection, referral_id, part, key_id, seal(key, value, referral_id, part))


async def read_part(connection: Connection, sealer: Sealer, referral_id: str, part: str) -> bytes:
    """
    Open one fact of a referral; empty if there is none.

    Raises:
        FailedPrecondition: ERASED.
    """
    cursor = await connection.execute(
        """
        SELECT key_id, wrapped, sealed FROM case_facts JOIN case_key USING (key_id)
        WHERE referral_id = %(referral_id)s AND part = %(part)s
        """,
        {"referral_id": referral_id, "part": part},
    )
    row = await cursor.fetchone()
    if row is None:
        return b""
    key_id, wrapped, sealed = row
    return unseal(sealer.unwrap(key_id, wrapped), sealed, referral_id, part)


async def erase(connection: Connection, referral_id: str) -> None:
    """Destroy the key of a referral, and what it sealed."""
    await connection.execute(
        "UPDATE case_key SET wrapped = NULL WHERE key_id = %(referral_id)s", {"referral_id": referral_id}
    )
    await connection.execute("DELETE FROM case_facts WHERE referral_id = %(referral_id)s", {"referral_id": referral_id})


async def _wrapped(connection: Connection, key_id: str) -> bytes | None:
    cursor = await connection.execute("SELECT wrapped FROM case_key WHERE key_id = %(key_id)s", {"key_id": key_id})
    row = await cursor.fetchone()
    return None if row is None else row[0]


async def _put(connection: Connection, referral_id: str, part: str, key_id: str, sealed: bytes) -> None:
    await connection.execute(
        """
        INSERT INTO case_facts (referral_id, part, key_id, sealed)
        VALUES (%(referral_id)s, %(part)s, %(key_id)s, %(sealed)s)
        ON CONFLICT (referral_id, part) DO UPDATE SET key_id = excluded.key_id, sealed = excluded.sealed
        """,
        {"referral_id": referral_id, "part": part, "key_id": key_id, "sealed": sealed},
    )
