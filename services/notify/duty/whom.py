"""
Decide whom a task rings: those of the roster that owns it, else everybody, so that none is silent (R61, R62).

Open pages and closed browsers ask the same. A roster that is paused owns nothing: referrals has given its tasks
to its stand-in, and what was not taken in time to the manager's.
"""

from collections.abc import Iterable, Mapping, Sequence
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
    Those who can be rung at one moment.

    Args:
        rosters: All there are.

        present: Names of those who have the page open, or whose browsers are woken, and whether each hears.

        now: The moment.
    """

    def __init__(self, rosters: Sequence[DutyRoster], present: Mapping[str, bool], now: datetime) -> None:
        self._on_duty = {each.roster_id: frozenset(each.on_duty) for each in rosters if not each.rests(now)}
        self._named = frozenset(name for each in rosters for name in each.named)
        self._present = present.keys()
        self._hearing = {name for name, hears in present.items() if hears}
        # whoever rests is left in peace while anybody else hears
        in_peace = resting(rosters, now)
        self._everybody = self._present - in_peace if self._hearing - in_peace else set(self._present)
        self._now = now

    def rung(self, task: DutyTask) -> AbstractSet[str]:
        """
        Name those whom a task rings; nobody if it does not ring.

        Where anybody hears, one of them does. Those who were not reached are tried again with the others.
        """
        if not task.rings(self._now):
            return frozenset()
        own = self._on_duty.get(task.owner, frozenset())
        if task.is_everybodys(self._now) or own.isdisjoint(self._hearing):
            return self._everybody
        return own & self._present

    def misses(self, name: str) -> bool:
        """Say whether there are rosters and none names somebody: perhaps they were written with another spelling."""
        return bool(self._named) and name not in self._named

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
    present = await sessions.present(now)
    try:
        rosters = await duty.rosters(by)
    except IhalaError as error:  # then everybody is rung
        log.warning("duty.without_rosters", reason=error.reason)
        rosters = []
    return Watch(rosters, present, now)
