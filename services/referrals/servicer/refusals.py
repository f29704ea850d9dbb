"""Refusals that are alike: a provider that turns away one kind of person is looked at by a person of ours."""

from datetime import datetime, timedelta
from typing import Final

from services.referrals.model import Cause, Offer, Task, TaskKind
from services.referrals.servicer.desk import Desk
from services.referrals.store import declines, facts, rosters, tasks
from services.referrals.wire.asking import person_of
from services.runtime.postgres import Connection
from services.taxonomy import DeclineReason, Urgency

#: reasons that are about the house and not about who comes
OF_THE_HOUSE: Final = frozenset(
    {
        "no_capacity",
        "can_take_from",
        "staff_unavailable",
        "service_not_offered",
        "outside_area",
        "temporarily_closed",
        "access_blocked",
        "no_supplies_or_power",
        "already_with_us",
        "cannot_split_group",
        "group_too_large",
    }
)
MANY: Final = 3  #: refusals of people who are alike
WITHIN: Final = timedelta(days=90)
LOOK_WITHIN: Final = timedelta(days=7)


async def likeness_of(connection: Connection, desk: Desk, offer: Offer, reason: DeclineReason) -> bytes | None:
    """
    Digest what is known of whom a provider refuses: its id and the person's status class.

    The digest is keyed, so that nobody can tell from it of which class the person is (R31).

    Returns:
        None for a reason about the house, and where no status is known.
    """
    if reason.code in OF_THE_HOUSE:
        return None
    kept = await facts.read_part(connection, desk.sealer, offer.referral_id, facts.REQUEST)
    status = person_of(kept).status_class
    return desk.digest_of(f"refusal/{offer.provider_id}/{status}") if status else None


async def review(connection: Connection, desk: Desk, offer: Offer, likeness: bytes | None, now: datetime) -> None:
    """Make it a person's task once refusals repeat; one at a time for a provider."""
    if likeness is None or await declines.count_alike(connection, likeness, now - WITHIN) < MANY:
        return
    if await tasks.of_provider(connection, offer.provider_id, Cause.REFUSALS):
        return
    task = Task(
        task_id=desk.house.new_id(),
        kind=TaskKind.REVIEW_REFUSALS,
        cause=Cause.REFUSALS,
        provider_id=offer.provider_id,
        # nobody is woken for it
        urgency=Urgency.NORMAL,
        due_time=now + LOOK_WITHIN,
        owner=desk.house.duty_roster,
        create_time=now,
    )
    for each in await rosters.assign(connection, desk.house, [task], now):
        await tasks.put(connection, each)
