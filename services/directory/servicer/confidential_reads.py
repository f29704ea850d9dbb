"""Every read of a confidential record leaves a row that says who read it, what for and in which case (R15)."""

import re
from collections.abc import Iterable
from typing import Any, Final

from services.directory.model import refuse
from services.directory.servicer.commands import Directory, actor_of
from services.directory.store.confidential_reads import keep_read
from services.directory.wire.reports_wire import confidential_ids
from services.runtime.auth import current_principal
from services.runtime.postgres import Act, transaction

PURPOSE_METADATA_KEY: Final = "x-ihala-purpose"  #: a code, for example `referral`
CASE_METADATA_KEY: Final = "x-ihala-case"  #: an opaque id of the caller's, kept as a hash
_PURPOSE: Final = re.compile(r"[a-z][a-z0-9_]{0,31}", re.ASCII)
_CASE: Final = re.compile(r"[A-Za-z0-9_.@-]{1,64}", re.ASCII)


async def note_reads(directory: Directory, context: Any, action: str, shown: Iterable[Any]) -> None:
    """
    Write down who is about to read what, before the answer leaves; nothing if none of it is confidential.

    Args:
        directory: What the methods share.

        context: The call, whose metadata may name the purpose and the case.

        action: For the audit, for example "provider.get".

        shown: Records as they will be shown.

    Raises:
        Unavailable: it cannot be written down, so it cannot be read.
    """
    ids = confidential_ids(shown)
    if ids:
        await note_read(directory, context, action, ids)


async def note_read(directory: Directory, context: Any, action: str, ids: list[str]) -> None:
    """Write down who is about to read confidential records; no ids mean all of them, in the feed."""
    principal = current_principal()
    said = dict(context.invocation_metadata() or ())
    purpose, case_id = said.get(PURPOSE_METADATA_KEY), said.get(CASE_METADATA_KEY)
    if purpose is not None and not _PURPOSE.fullmatch(str(purpose)):
        raise refuse(PURPOSE_METADATA_KEY, "must be a code of at most 32 characters in lower_snake_case")
    if case_id is not None and not _CASE.fullmatch(str(case_id)):
        raise refuse(CASE_METADATA_KEY, "must be an opaque id of 1 to 64 characters")
    act = Act(
        action=f"{action}.confidential",
        object_kind=action.partition(".")[0],
        object_id=ids[0] if len(ids) == 1 else None,
        reason=None if purpose is None else str(purpose),
    )
    async with transaction(directory.pool, principal, act) as connection:
        await keep_read(
            connection,
            client_id=principal.client_id,
            actor=actor_of(principal),
            action=action,
            record_ids=ids,
            purpose=None if purpose is None else str(purpose),
            case_id=None if case_id is None else str(case_id),
            now=directory.now(),
        )
