"""What silence leads to: every clock that runs out ends in a rung, in a task or in the next clock (R46, R62)."""

from dataclasses import replace

from services.referrals import holds
from services.referrals.clocks import ARRIVE_AGAIN, LEAST_RUNG, REVIEW, WELFARE_CHECK
from services.referrals.model import (
    UNANSWERED,
    Act,
    Cause,
    DueKind,
    EventType,
    HoldState,
    NextKind,
    OfferState,
    TaskKind,
)
from services.referrals.referral import Move
from services.referrals.scene.answers import stop_ringing
from services.referrals.scene.scene import Scene, where_of
from services.referrals.scene.tasks import open_task
from services.referrals.scene.waiting import go_on, look_for_next
from services.taxonomy import Rung

_WAITS_FOR_SENDER = frozenset({OfferState.PROPOSED, OfferState.INFO_REQUESTED})


def let_time_pass(scene: Scene, offer_id: str, act: Act) -> None:
    """
    Take the next rung of an offer whose due time has passed; nothing happens before.

    Unread: somebody rings, and the provider has until the time to decide. Undecided:
    the offer expires, and the next provider is looked for. A sender that is waited for
    is reminded by a task first. Not
    arrived: somebody sees after her. A running service: it is looked at.
    """
    while climb(scene, offer_id, act):
        pass
    offer = scene.offers[offer_id]
    if offer.due_time is None or offer.due_time > act.now:
        return
    clocks = scene.house.clocks
    if offer.due_kind is DueKind.READ:
        next_time = clocks.due_time(DueKind.DECIDE, offer.urgency, offer.create_time, act.now, where_of(offer))
        rung = replace(offer, due_kind=DueKind.DECIDE, due_time=next_time, ring=True)
        scene.offers[offer_id] = rung
        scene.note(EventType.OFFER_OVERDUE, act, rung)
        open_task(scene, TaskKind.RING, _ringing_cause(scene, offer_id), rung, next_time, act)
    elif offer.state in _WAITS_FOR_SENDER and not _is_reminded(scene, offer_id):
        # a provider that is willing is not lost for a sender's silence
        due_time = max(act.now + LEAST_RUNG, act.now + clocks.by_urgency[offer.urgency].read)
        reminded = replace(offer, due_time=due_time)
        scene.offers[offer_id] = reminded
        scene.note(EventType.OFFER_OVERDUE, act, reminded)
        open_task(scene, TaskKind.MATCH_BY_HAND, Cause.SENDER_SILENT, reminded, due_time, act)
    elif offer.state in UNANSWERED:
        expired = scene.move(offer, Move.EXPIRE, act, reason="no_response", ring=False)
        stop_ringing(scene, offer_id, act, "reached_nobody")
        go_on(scene, expired, act)
    elif offer.due_kind is DueKind.ARRIVE:
        late = replace(offer, due_time=act.now + ARRIVE_AGAIN)
        scene.offers[offer_id] = late
        scene.note(EventType.OFFER_OVERDUE, act, late)
        open_task(scene, TaskKind.WELFARE_CHECK, Cause.LATE, late, act.now + WELFARE_CHECK, act)
    else:
        running = replace(offer, due_kind=DueKind.FOLLOW_UP, due_time=act.now + REVIEW)
        scene.offers[offer_id] = running
        scene.note(EventType.OFFER_OVERDUE, act, running)
        open_task(scene, TaskKind.WELFARE_CHECK, Cause.REVIEW, running, act.now + REVIEW, act)


def _is_reminded(scene: Scene, offer_id: str) -> bool:
    return any(task.offer_id == offer_id and task.cause is Cause.SENDER_SILENT for task in scene.tasks.values())


def climb(scene: Scene, offer_id: str, act: Act) -> bool:
    """
    Climb the next rung of the ladder if silence has lasted long enough (R46).

    Second channel and deputy are for whoever rings: an event says so. The next offers are
    looked for beside this one, as far as the consent covers them. Duty and manager get a task.
    """
    offer = scene.offers[offer_id]
    if offer.rung_time is None or offer.rung_time > act.now:
        return False
    clocks = scene.house.clocks
    _span, rung = clocks.ladder[offer.urgency][offer.rung_no]
    rung_no = offer.rung_no + 1
    silent_since = offer.answer_time or offer.create_time
    rung_time = clocks.rung_time(offer.urgency, rung_no, silent_since, where_of(offer))
    if rung in {Rung.DUTY_TASK, Rung.MANAGER}:
        offer = replace(offer, ring=True)
    climbed = replace(offer, rung_no=rung_no, rung_time=rung_time)
    scene.offers[offer_id] = climbed
    due_time = clocks.due_time(DueKind.DECIDE, offer.urgency, offer.create_time, act.now, where_of(offer))
    if rung is Rung.DUTY_TASK:
        open_task(scene, TaskKind.RING, _ringing_cause(scene, offer_id), climbed, due_time, act)
    elif rung is Rung.MANAGER:
        open_task(scene, TaskKind.RING, Cause.MANAGER, climbed, due_time, act, owner=scene.house.manager_roster)
    elif rung is Rung.NEXT_OFFERS:
        if scene.needs[offer.need_no].next_kind is not NextKind.REMATCH:
            look_for_next(scene, offer.need_no, act.now)
    elif offer.receiver_id:  # nobody is enrolled elsewhere: no channel, no deputy
        scene.note(EventType.ALERT_RUNG, act, climbed, reason=rung)
    return True


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
