"""
Decide whom a task rings: those of the roster that owns it, else everybody, so that none is silent (R61, R62).

Open pages and closed browsers ask the same. A roster that is paused owns nothing: referrals has given its tasks
to its stand-in, and what was not taken in time to the manager's.
"""

from collections.abc import Iterable, Sequence
from collections.abc import Set as AbstractSet
from datetime import datetime

import structlog

from services.errors import IhalaError
from services.notify.duty.model import DutyRoster, DutyTask, resting
from services.notify.duty.parts import Duty
from services.notify.store.duty_sessions import DutySessionStore

log = structlog.get_logger(__name__)


class Watch:
    """
    Those who hear the bell at one moment.

    Args:
        rosters: All there are.

        hearing: Names of those who have the page open, or whose browsers are woken.

        now: The moment.
    """

    def __init__(self, rosters: Sequence[DutyRoster], hearing: AbstractSet[str], now: datetime) -> None:
        self._on_duty = {each.roster_id: frozenset(each.on_duty) for each in rosters if not each.rests(now)}
        self._hearing = hearing
        # whoever rests is left in peace while there is anybody else
        self._everybody = hearing - resting(rosters, now) or hearing
        self._now = now

    def rung(self, task: DutyTask) -> AbstractSet[str]:
        """Name those whom a task rings, at least one of those who hear; nobody if it does not ring."""
        if not task.rings(self._now):
            return frozenset()
        if task.is_everybodys(self._now):
            return self._everybody
        return self._on_duty.get(task.owner, frozenset()) & self._hearing or self._everybody

    def ringing(self, name: str, tasks: Iterable[DutyTask]) -> list[DutyTask]:
        """List those of the tasks that ring for one person."""
        return [task for task in tasks if name in self.rung(task)]


async def watch(duty: Duty, sessions: DutySessionStore, by: str, now: datetime) -> Watch:
    """
    Find out who hears, and of which rosters they are.

    Args:
        duty: Knows the rosters.

        sessions: Know who is signed in.

        by: Who looks.

        now: The time.

    Raises:
        Unavailable: PostgreSQL is away.
    """
    hearing = await sessions.hearing(now)
    try:
        rosters = await duty.rosters(by)
    except IhalaError as error:  # then everybody is rung
        log.warning("duty.without_rosters", reason=error.reason)
        rosters = []
    return Watch(rosters, hearing, now)
