"""Erasure: when a referral has been over for long enough, the key of its case is destroyed (R13)."""

from dataclasses import replace
from datetime import datetime, timedelta
from typing import Final

from services.referrals.model import Act, EventType
from services.referrals.scene import House
from services.referrals.store import exclusions, facts, referrals, requests, scenes
from services.runtime.postgres import Act as AuditAct
from services.runtime.postgres import Pool, Process, read, transaction

BATCH: Final = 50
ACTOR: Final = Process(client_id="referrals.erasure")


async def erase_cases(pool: Pool, house: House, retention: timedelta, now: datetime) -> int:
    """
    Erase the cases of referrals that have been over for long enough; ids, codes and times stay.

    What was sealed cannot be opened from then on, in no backup either; a request that
    comes again is answered with ERASED.

    Args:
        pool: Of the service.

        house: For the events.

        retention: How long a case is kept after its last event.

        now: The time.

    Returns:
        How many were erased.
    """
    async with read(pool) as connection:
        over = await referrals.over_since(connection, now - retention, BATCH)
    act = Act(actor=ACTOR.client_id, occurred_time=now, now=now)
    erased = 0
    for referral_id in over:
        audit = AuditAct(action="referral.erase", object_kind="referral", object_id=referral_id)
        async with transaction(pool, ACTOR, audit) as connection:
            await requests.erase(connection, referral_id)
            locked = await scenes.lock(connection, house, [referral_id], skip_busy=True)
            for scene in locked.scenes:
                await facts.erase(connection, referral_id)
                await exclusions.forget(connection, scene.referral)
                scene.referral = replace(scene.referral, is_erased=True, person_ref="")
                scene.note(EventType.REFERRAL_ERASED, act)
            await locked.save(connection, now)
        erased += len(locked.scenes)
    return erased
