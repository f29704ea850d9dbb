"""What refusals say of providers' records, sent to the directory: an editor decides there."""

import hashlib
from datetime import datetime
from typing import Final

import structlog

from services.errors import InvalidInput, NotFound
from services.referrals.clients import Corrections
from services.referrals.store import declines
from services.runtime.postgres import Act as AuditAct
from services.runtime.postgres import Pool, Process, read, transaction

BATCH: Final = 20
ACTOR: Final = Process(client_id="referrals.corrections")

log = structlog.get_logger(__name__)


async def send_corrections(pool: Pool, directory: Corrections, now: datetime) -> int:
    """
    Tell the directory of refusals that say something of a record; return how many.

    At least once: the directory recognises a repeat by its request id, which says nothing
    of the offer. A provider that is gone needs no correction.

    Raises:
        Unavailable: The directory or the database cannot be reached; the rest goes later.
    """
    async with read(pool) as connection:
        waiting = await declines.to_send(connection, BATCH)
    for each in waiting:
        request_id = hashlib.sha256(f"correction/{each.offer_id}/{each.reason}".encode()).hexdigest()
        try:
            await directory.correct(request_id, each.provider_id, each.reason, each.code)
        except (NotFound, InvalidInput) as error:
            log.warning("correction.refused", reason=error.reason)
        audit = AuditAct(action="decline.send", object_kind="offer", object_id=each.offer_id)
        async with transaction(pool, ACTOR, audit) as connection:
            await declines.mark_sent(connection, each.offer_id, now)
    return len(waiting)
