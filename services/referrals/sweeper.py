"""The sweeper of holds: the only one that lets a hold lapse, one a transaction."""

from collections.abc import Callable
from datetime import datetime, timedelta
from typing import Final

import structlog

from services.referrals.model import Act
from services.referrals.scene import House, lapse_hold
from services.referrals.store import offers, scenes
from services.runtime.postgres import Act as AuditAct
from services.runtime.postgres import Pool, Process, read, transaction

BATCH: Final = 50
MAX_JUMP: Final = timedelta(seconds=60)
ACTOR: Final = Process(client_id="referrals.sweeper")

log = structlog.get_logger(__name__)


class Sweeper:
    """
    Frees the places of holds that have run out, never their offers.

    It stops itself for as long as the wall clock is further than 60 s from where the
    monotonic clock says it should be: a jump must not free all places at once. It goes
    on when the clock is back, or when the process is started anew.

    Args:
        pool: Of the service.

        house: The jurisdiction.

        now: The wall clock.

        monotonic_s: Seconds of a clock that never jumps.
    """

    def __init__(
        self, pool: Pool, house: House, *, now: Callable[[], datetime], monotonic_s: Callable[[], float]
    ) -> None:
        self._pool = pool
        self._house = house
        self._now = now
        self._monotonic_s = monotonic_s
        self._start = now(), monotonic_s()
        self._is_stopped = False

    async def sweep(self) -> int:
        """Let what has run out lapse, and return how much that was."""
        now = self._now()
        if self._has_jumped(now):
            return 0
        async with read(self._pool) as connection:
            run_out = await offers.with_run_out_holds(connection, now, BATCH)
        return sum([await self._lapse(offer.referral_id, offer.offer_id, now) for offer in run_out])

    def _has_jumped(self, now: datetime) -> bool:
        start, start_s = self._start
        expected = start + timedelta(seconds=self._monotonic_s() - start_s)
        has_jumped = abs(now - expected) > MAX_JUMP
        if has_jumped is not self._is_stopped:
            self._is_stopped = has_jumped
            log.error("sweeper.turned", state="stopped" if has_jumped else "running")
        if not has_jumped:
            # small steps, as of time servers, add up to no jump
            self._start = now, self._monotonic_s()
        return has_jumped

    async def _lapse(self, referral_id: str, offer_id: str, now: datetime) -> bool:
        act = Act(actor=ACTOR.client_id, occurred_time=now, now=now)
        audit = AuditAct(action="hold.lapse", object_kind="offer", object_id=offer_id)
        async with transaction(self._pool, ACTOR, audit) as connection:
            locked = await scenes.lock(connection, self._house, [referral_id], skip_busy=True)
            for scene in locked.scenes:
                lapse_hold(scene, offer_id, act)
            await locked.save(connection)
        return bool(locked.scenes)
