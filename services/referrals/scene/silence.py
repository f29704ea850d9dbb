"""What silence leads to: every clock that runs out ends in a task or in the next clock (R62)."""

from dataclasses import replace

from services.referrals import holds
from services.referrals.clocks import ARRIVE_AGAIN, REVIEW, WELFARE_CHECK
from services.referrals.model import (
    UNANSWERED,
    Act,
    Cause,
    DueKind,
    EventType,
    HoldState,
    TaskKind,
)
from services.referrals.referral import Move
from services.referrals.scene.answers import stop_ringing
from services.referrals.scene.scene import Scene


def let_time_pass(scene: Scene, offer_id: str, act: Act) -> None:
    """
    Take the next rung of an offer whose due time has passed; nothing happens before.

    Unread: somebody rings, and the provider has until the time to decide. Undecided:
    the offer expires, and if nobody else is asked, a person matches by hand. Not
    arrived: somebody sees after her. A running service: it is looked at.
    """
    offer = scene.offers[offer_id]
    if offer.due_time is None or offer.due_time > act.now:
        return
    clocks = scene.house.clocks
    if offer.due_kind is DueKind.READ:
        next_time = clocks.due_time(DueKind.DECIDE, offer.urgency, offer.create_time, act.now)
        rung = replace(offer, due_kind=DueKind.DECIDE, due_time=next_time, ring=True)
        scene.offers[offer_id] = rung
        scene.open_task(TaskKind.RING, _ringing_cause(scene, offer_id), rung, next_time, act)
    elif offer.state in UNANSWERED:
        expired = scene.move(offer, Move.EXPIRE, act, reason="no_response", ring=False)
        stop_ringing(scene, offer_id, act, "reached_nobody")
        scene.exhaust_if_nobody_is_left(expired, act)
    elif offer.due_kind is DueKind.ARRIVE:
        late = replace(offer, due_time=act.now + ARRIVE_AGAIN)
        scene.offers[offer_id] = late
        scene.open_task(TaskKind.WELFARE_CHECK, Cause.LATE, late, act.now + WELFARE_CHECK, act)
    else:
        running = replace(offer, due_kind=DueKind.FOLLOW_UP, due_time=act.now + REVIEW)
        scene.offers[offer_id] = running
        scene.open_task(TaskKind.WELFARE_CHECK, Cause.REVIEW, running, act.now + REVIEW, act)


def lapse_hold(scene: Scene, offer_id: str, act: Act) -> None:
    """Free the place of a hold that has run out, never the offer; nothing happens before."""
    hold = scene.holds.get(offer_id)
    if hold is None or hold.state is not HoldState.HELD or hold.expire_time > act.now:
        return
    scene.holds[offer_id] = holds.lapse(scene.places, hold)
    scene.note(EventType.HOLD_LAPSED, act, scene.offers[offer_id])


def _ringing_cause(scene: Scene, offer_id: str) -> Cause:
    # a provider without a receiver has been on the list since the offer was made
    rings = any(task.offer_id == offer_id and task.cause is Cause.NO_RECEIVER for task in scene.tasks.values())
    return Cause.NO_RECEIVER if rings else Cause.UNREAD
