"""The sweeper of holds: the only one that lets a hold lapse, one a transaction."""

from collections.abc import Callable
from datetime import datetime
from typing import Final

from services.referrals.due import SteadyClock
from services.referrals.model import Act
from services.referrals.scene import House, lapse_hold
from services.referrals.store import offers, scenes
from services.runtime import failpoints
from services.runtime.postgres import Act as AuditAct
from services.runtime.postgres import Pool, Process, read, transaction

BATCH: Final = 50
ACTOR: Final = Process(client_id="referrals.sweeper")


class Sweeper:
    """
    Frees the places of holds that have run out, never their offers.

    It stands still while the clock has jumped, see `SteadyClock`.

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
        self._clock = SteadyClock("sweeper", now=now, monotonic_s=monotonic_s)

    async def sweep(self) -> int:
        """Let what has run out lapse, and return how much that was."""
        now = self._clock.now()
        if now is None:
            return 0
        async with read(self._pool) as connection:
            run_out = await offers.with_run_out_holds(connection, now, BATCH)
        if run_out:
            failpoints.reach("E1")
        return sum([await self._lapse(offer.referral_id, offer.offer_id, now) for offer in run_out])

    async def _lapse(self, referral_id: str, offer_id: str, now: datetime) -> bool:
        act = Act(actor=ACTOR.client_id, occurred_time=now, now=now)
        audit = AuditAct(action="hold.lapse", object_kind="offer", object_id=offer_id)
        async with transaction(self._pool, ACTOR, audit) as connection:
            locked = await scenes.lock(connection, self._house, [referral_id], skip_busy=True)
            for scene in locked.scenes:
                lapse_hold(scene, offer_id, act)
            await locked.save(connection, now)
            failpoints.reach("E2")
        return bool(locked.scenes)
