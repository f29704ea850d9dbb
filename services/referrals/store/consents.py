"""Consent records."""

from datetime import datetime
from typing import Any, LiteralString

from psycopg import sql
from psycopg.rows import dict_row

from services.referrals.model import Assent, Consent, GivenBy, Method, OverrideGround, ReceiverClass
from services.runtime.postgres import Connection


async def add(connection: Connection, consent: Consent) -> None:
    """Record a consent."""
    named = consent.receiver_class
    await connection.execute(
        """
        INSERT INTO consent (consent_id, client_id, case_ref, provider_ids, class_codes, class_area_cells,
                             class_vetted, fields, purposes, start_time, end_time, given_by, child_assent, method,
                             language, recorded_by, create_time)
        VALUES (%(consent_id)s, %(client_id)s, %(case_ref)s, %(provider_ids)s, %(class_codes)s, %(class_area_cells)s,
                %(class_vetted)s, %(fields)s, %(purposes)s, %(start_time)s, %(end_time)s, %(given_by)s,
                %(child_assent)s, %(method)s, %(language)s, %(recorded_by)s, %(create_time)s)
        """,
        {
            "consent_id": consent.consent_id,
            "client_id": consent.client_id,
            "case_ref": consent.case_ref,
            "provider_ids": list(consent.provider_ids),
            "class_codes": None if named is None else list(named.codes),
            "class_area_cells": [] if named is None else list(named.area_cells),
            "class_vetted": named is not None and named.vetted,
            "fields": list(consent.fields),
            "purposes": list(consent.purposes),
            "start_time": consent.start_time,
            "end_time": consent.end_time,
            "given_by": str(consent.given_by),
            "child_assent": consent.child_assent and str(consent.child_assent),
            "method": str(consent.method),
            "language": consent.language,
            "recorded_by": consent.recorded_by,
            "create_time": consent.create_time,
        },
    )


async def find(
    connection: Connection, client_id: str, consent_id: str | None, *, lock: LiteralString = ""
) -> Consent | None:
    """
    Find a consent of a client.

    Args:
        connection: In a transaction.

        client_id: Whose.

        consent_id: Which.

        lock: `FOR SHARE` while something is made on it, `FOR UPDATE` to withdraw it.
    """
    found = await _select(
        connection,
        f"WHERE client_id = %(client_id)s AND consent_id = %(consent_id)s {lock}",
        {"client_id": client_id, "consent_id": consent_id},
    )
    return found[0] if found else None


async def of_referral(connection: Connection, referral_id: str) -> Consent | None:
    """Return the consent that covers a referral; None while nobody was told of a person."""
    found = await _select(
        connection,
        "WHERE consent_id = (SELECT consent_id FROM referral WHERE referral_id = %(referral_id)s)",
        {"referral_id": referral_id},
    )
    return found[0] if found else None


async def of_case(
    connection: Connection, client_id: str, case_ref: str, after: tuple[datetime, str] | None, limit: int
) -> list[Consent]:
    """List the consents of a case, newest first, ties by id, after a key of that order."""
    beyond = "AND (create_time < %(time)s OR (create_time = %(time)s AND consent_id > %(last_id)s))" if after else ""
    return await _select(
        connection,
        f"""
        WHERE client_id = %(client_id)s AND case_ref = %(case_ref)s {beyond}
        ORDER BY create_time DESC, consent_id LIMIT %(limit)s
        """,
        {
            "client_id": client_id,
            "case_ref": case_ref,
            "time": after and after[0],
            "last_id": after and after[1],
            "limit": limit,
        },
    )


async def withdraw(connection: Connection, consent: Consent) -> None:
    """Write what was withdrawn of a locked consent."""
    await connection.execute(
        """
        UPDATE consent SET withdrawn_time = %(withdrawn_time)s, withdrawn_provider_ids = %(provider_ids)s
        WHERE consent_id = %(consent_id)s
        """,
        {
            "withdrawn_time": consent.withdrawn_time,
            "provider_ids": list(consent.withdrawn_provider_ids),
            "consent_id": consent.consent_id,
        },
    )


async def referrals_on(connection: Connection, consent_id: str) -> list[str]:
    """List the referrals that were made on a consent, by id."""
    cursor = await connection.execute(
        "SELECT referral_id FROM referral WHERE consent_id = %(consent_id)s ORDER BY referral_id",
        {"consent_id": consent_id},
    )
    return [row[0] for row in await cursor.fetchall()]


async def _select(connection: Connection, rest: LiteralString, parameters: dict[str, Any]) -> list[Consent]:
    async with connection.cursor(row_factory=dict_row) as cursor:
        await cursor.execute(sql.SQL("SELECT * FROM consent ") + sql.SQL(rest), parameters)
        return [_consent(row) for row in await cursor.fetchall()]


def _consent(row: dict[str, Any]) -> Consent:
    named = None
    if row["class_codes"] is not None:
        named = ReceiverClass(
            codes=tuple(row["class_codes"]),
            area_cells=tuple(row["class_area_cells"]),
            vetted=row["class_vetted"],
        )
    return Consent(
        consent_id=row["consent_id"],
        client_id=row["client_id"],
        case_ref=row["case_ref"],
        provider_ids=tuple(row["provider_ids"]),
        receiver_class=named,
        fields=tuple(row["fields"]),
        purposes=tuple(row["purposes"]),
        start_time=row["start_time"],
        end_time=row["end_time"],
        given_by=GivenBy(row["given_by"]),
        child_assent=Assent(row["child_assent"]) if row["child_assent"] else None,
        method=Method(row["method"]),
        language=row["language"],
        recorded_by=row["recorded_by"],
        create_time=row["create_time"],
        withdrawn_time=row["withdrawn_time"],
        withdrawn_provider_ids=tuple(row["withdrawn_provider_ids"]),
        override_ground=OverrideGround(row["override_ground"]) if row["override_ground"] else None,
        second_person=row["second_person"],
    )
