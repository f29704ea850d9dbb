"""The due loop: offers and needs whose time has passed take their next rung (R46, R62)."""

from datetime import datetime
from typing import Final

import structlog

from services.errors import IhalaError
from services.referrals.model import Act, NextKind
from services.referrals.scene import House, let_time_pass, remind
from services.referrals.scene.tasks import escalate
from services.referrals.store import needs, offers, scenes, tasks
from services.runtime.postgres import Act as AuditAct
from services.runtime.postgres import Pool, Process, read, transaction

BATCH: Final = 50
ACTOR: Final = Process(client_id="referrals.due")

log = structlog.get_logger(__name__)


async def take_rungs(pool: Pool, house: House, now: datetime) -> int:
    """
    Let every offer whose due time has passed take its next rung, each in its own transaction.

    Several replicas may do this at once: a referral that another transaction has is left
    to it. One that fails is looked at again in the next round.

    Args:
        pool: Of the service.

        house: The jurisdiction.

        now: The time by which things are due.

    Returns:
        How many rungs were taken.
    """
    async with read(pool) as connection:
        due = await offers.due(connection, now, BATCH)
    taken = 0
    for offer in due:
        try:
            taken += await _take_rung(pool, house, offer.referral_id, offer.offer_id, now)
        except IhalaError as error:
            log.warning("rung.failed", reason=error.reason, offer_id=offer.offer_id)
    return taken


async def remind_senders(pool: Pool, house: House, now: datetime) -> int:
    """Make a task of every need whose sender has not said in time how to go on; return how many."""
    async with read(pool) as connection:
        due = await needs.due(connection, NextKind.SENDER, now, BATCH)
    act = Act(actor=ACTOR.client_id, occurred_time=now, now=now)
    taken = 0
    for need in due:
        audit = AuditAct(action="need.remind", object_kind="referral", object_id=need.referral_id)
        async with transaction(pool, ACTOR, audit) as connection:
            locked = await scenes.lock(connection, house, [need.referral_id], skip_busy=True)
            for scene in locked.scenes:
                remind(scene, need.need_no, act)
            await locked.save(connection, now)
        taken += len(locked.scenes)
    return taken


async def escalate_tasks(pool: Pool, house: House, now: datetime) -> int:
    """Give every task that nobody has taken in time to the manager's roster; return how many."""
    async with read(pool) as connection:
        overdue = await tasks.overdue(connection, house.manager_roster, now, BATCH)
    act = Act(actor=ACTOR.client_id, occurred_time=now, now=now)
    for each in overdue:
        audit = AuditAct(action="task.escalate", object_kind="task", object_id=each.task_id)
        async with transaction(pool, ACTOR, audit) as connection:
            if each.referral_id is None:
                await tasks.hand_over_one(connection, each, house.manager_roster)
                continue
            locked = await scenes.lock(connection, house, [each.referral_id], skip_busy=True)
            for scene in locked.scenes:
                escalate(scene, each.task_id, act)
            await locked.save(connection, now)
    return len(overdue)


async def _take_rung(pool: Pool, house: House, referral_id: str, offer_id: str, now: datetime) -> bool:
    act = Act(actor=ACTOR.client_id, occurred_time=now, now=now)
    audit = AuditAct(action="offer.let_time_pass", object_kind="offer", object_id=offer_id)
    async with transaction(pool, ACTOR, audit) as connection:
        locked = await scenes.lock(connection, house, [referral_id], skip_busy=True)
        for scene in locked.scenes:
            let_time_pass(scene, offer_id, act)
        await locked.save(connection, now)
    return bool(locked.scenes)
