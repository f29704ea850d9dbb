"""What happens after a yes: on the way, there, not there, done."""

from dataclasses import replace

from services.referrals import holds
from services.referrals.clocks import WELFARE_CHECK
from services.referrals.model import (
    PLACED,
    Act,
    Cause,
    EventType,
    Need,
    OfferState,
    ReferralState,
    TaskKind,
)
from services.referrals.referral import Move, Turn
from services.referrals.scene.answers import book, note_overcommitted, place_need
from services.referrals.scene.scene import Scene
from services.referrals.scene.tasks import close_tasks, open_task
from services.referrals.scene.waiting import exhaust_if_nobody_is_left, go_on, pause_if_nobody_is_asked

#: she stands at a door that stayed shut: the next provider is looked for, besides
_NEEDS_ANOTHER = frozenset({"refused_at_door", "provider_withdrew", "unsafe"})


def depart(scene: Scene, offer_id: str, act: Act) -> None:
    """
    The person is on the way.

    Raises:
        FailedPrecondition: ILLEGAL_MOVE.
    """
    scene.move(scene.offers[offer_id], Move.DEPART, act)


def arrive(scene: Scene, offer_id: str, act: Act) -> None:
    """
    The person is there. Never refused, whatever the state; a second yes elsewhere makes a task.

    Saying so again while the service runs is a no-op.
    """
    offer = scene.offers[offer_id]
    if offer.state is OfferState.IN_PROGRESS:
        return
    was_placed = offer.state in PLACED
    if not was_placed:
        # nobody had booked: reality takes the place, free or not
        book(scene, offer, act, beyond_report=True)
    arrived = scene.move(
        offer,
        Move.ARRIVE,
        act,
        read_time=offer.read_time or act.occurred_time,
        arrive_time=act.occurred_time,
        ring=False,
        reason="",
    )
    hold = scene.holds.get(offer_id)
    if hold is not None:
        holds.arrive(scene.places, hold, act.occurred_time)
    if not was_placed:
        note_overcommitted(scene, arrived, act)
    need = scene.needs[offer.need_no]
    other = scene.offers.get(need.accepted_offer_id or "")
    if other is not None and other.offer_id != offer_id and other.state in PLACED:
        due_time = act.now + WELFARE_CHECK
        open_task(scene, TaskKind.TWO_YESES, Cause.TWO_YESES, arrived, due_time, act)
    if scene.referral.state is ReferralState.EXHAUSTED or need.accepted_offer_id != offer_id:
        place_need(scene, need, arrived, act)
    close_tasks(scene, "well", act, is_meant=lambda task: task.offer_id == offer_id and task.cause is Cause.LATE)


def fail(scene: Scene, offer_id: str, act: Act, *, reason: str) -> None:
    """
    The person did not arrive, or the place was none: somebody sees after her in minutes.

    Raises:
        FailedPrecondition: ILLEGAL_MOVE.
    """
    failed = scene.move(scene.offers[offer_id], Move.FAIL, act, reason=reason)
    open_task(scene, TaskKind.WELFARE_CHECK, Cause.FAILED, failed, act.now + WELFARE_CHECK, act)
    if reason in _NEEDS_ANOTHER:
        go_on(scene, failed, act)
    else:
        exhaust_if_nobody_is_left(scene, failed, act)


def complete(scene: Scene, offer_id: str, act: Act, *, outcome: str) -> None:
    """
    The service is done; the referral too, once every need was met.

    Raises:
        FailedPrecondition: ILLEGAL_MOVE.
    """
    done = scene.move(scene.offers[offer_id], Move.COMPLETE, act, reason=outcome)
    close_tasks(scene, "cleared", act, is_meant=lambda task: task.offer_id == offer_id and task.cause is Cause.REVIEW)
    need = scene.needs[done.need_no]
    if need.accepted_offer_id is None:
        scene.needs[done.need_no] = replace(need, accepted_offer_id=offer_id)
    complete_if_all_is_done(scene, act)
    # a need for which nobody was ever chosen waits for its sender
    pause_if_nobody_is_asked(scene, act)


def complete_if_all_is_done(scene: Scene, act: Act) -> None:
    """Complete a referral of which every need was met to its end, or settled by a person."""
    is_open = scene.referral.state in {ReferralState.ACTIVE, ReferralState.ON_HOLD}  # else it was ended before
    if is_open and all(_is_done(scene, need) for need in scene.needs.values()):
        scene.turn(Turn.COMPLETE, act, EventType.REFERRAL_COMPLETED)


def _is_done(scene: Scene, need: Need) -> bool:
    if need.is_settled:
        return True
    accepted = scene.offers.get(need.accepted_offer_id or "")
    return accepted is not None and accepted.state is OfferState.COMPLETED
