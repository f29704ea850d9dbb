"""What a provider answers: I am reading it, yes, no."""

from dataclasses import replace

from services.errors import FailedPrecondition, Reason
from services.referrals import holds
from services.referrals.model import (
    UNANSWERED,
    Act,
    Cause,
    EventType,
    Hold,
    HoldState,
    Need,
    Offer,
    OfferState,
    ReferralState,
    TaskKind,
)
from services.referrals.referral import Move, Turn, illegal, transition
from services.referrals.scene.scene import Scene

SEALED = "sealed"
_RINGING = frozenset({Cause.NO_RECEIVER, Cause.UNREAD})


def acknowledge(scene: Scene, offer_id: str, act: Act) -> None:
    """
    A person has read the offer. Saying so again is a no-op for as long as it is open.

    Raises:
        FailedPrecondition: The offer is closed (ILLEGAL_MOVE).
    """
    offer = scene.offers[offer_id]
    if offer.read_time is not None and not offer.is_closed and offer.state is not OfferState.INFO_REQUESTED:
        return
    scene.move(offer, Move.ACKNOWLEDGE, act, read_time=offer.read_time or act.occurred_time, ring=False)
    stop_ringing(scene, offer_id, act)


def accept(scene: Scene, offer_id: str, act: Act, *, beyond_report: bool = False) -> None:
    """
    Yes: the hold becomes a booking, the first yes closes its open siblings.

    Args:
        scene: The referral.

        offer_id: The offer.

        act: Who says so.

        beyond_report: The provider's word wins over its report.

    Raises:
        FailedPrecondition: ALREADY_PLACED, NO_PLACE or ILLEGAL_MOVE.
    """
    offer = scene.offers[offer_id]
    need = scene.needs[offer.need_no]
    if need.accepted_offer_id not in {None, offer_id}:
        raise FailedPrecondition("another offer was accepted first", reason=Reason.ALREADY_PLACED)
    transition(offer.state, Move.ACCEPT)  # before a place is touched
    if not scene.referral.is_open:
        raise illegal(scene.referral.state, Turn.ACTIVATE)
    book(scene, offer, act, beyond_report=beyond_report)
    accepted = scene.move(
        offer, Move.ACCEPT, act, read_time=offer.read_time or act.occurred_time, ring=False, reason=""
    )
    note_overcommitted(scene, accepted, act)
    place_need(scene, need, accepted, act)


def decline(scene: Scene, offer_id: str, act: Act, *, reason: str, is_sealed: bool = False) -> None:
    """
    No, with a coded reason; a sealed one is kept with the case's facts and shows as `sealed`.

    Raises:
        FailedPrecondition: ILLEGAL_MOVE.
    """
    offer = scene.offers[offer_id]
    declined = scene.move(
        offer,
        Move.DECLINE,
        act,
        reason=SEALED if is_sealed else reason,
        read_time=offer.read_time or act.occurred_time,
        ring=False,
    )
    stop_ringing(scene, offer_id, act)
    scene.exhaust_if_nobody_is_left(declined, act)


def stop_ringing(scene: Scene, offer_id: str, act: Act, outcome: str = "answered") -> None:
    """Close the tasks that asked somebody to ring for this offer."""
    scene.close_tasks(outcome, act, is_meant=lambda task: task.offer_id == offer_id and task.cause in _RINGING)


def book(scene: Scene, offer: Offer, act: Act, *, beyond_report: bool) -> None:
    """
    Turn the offer's hold into a booking; where nothing is held, take the places that are counted now.

    Raises:
        FailedPrecondition: NO_PLACE.
    """
    hold = scene.holds.get(offer.offer_id)
    if hold is None:
        items = holds.counted(scene.places, offer.pool_id, offer.items)
        if not items:
            return
        hold = Hold(
            offer_id=offer.offer_id,
            pool_id=offer.pool_id,
            items=items,
            state=HoldState.RELEASED,
            expire_time=act.now,
        )
    scene.holds[offer.offer_id] = holds.book(scene.places, hold, beyond_report=beyond_report)


def place_need(scene: Scene, need: Need, accepted: Offer, act: Act) -> None:
    """Write down the first yes, and close what it makes needless."""
    scene.resume(act)
    scene.needs[need.need_no] = replace(need, accepted_offer_id=accepted.offer_id)
    stop_ringing(scene, accepted.offer_id, act)
    for sibling in scene.siblings(accepted):
        if sibling.state in UNANSWERED:
            scene.move(sibling, Move.SUPERSEDE, act, ring=False)
            stop_ringing(scene, sibling.offer_id, act, "cleared")
    scene.close_tasks(
        "placed",
        act,
        is_meant=lambda task: task.cause is Cause.EXHAUSTED and task.need_no == need.need_no,
    )
    if scene.referral.state is ReferralState.EXHAUSTED and all(
        need.accepted_offer_id is not None or scene.is_asked(need.need_no) for need in scene.needs.values()
    ):
        scene.turn(Turn.ACTIVATE, act)


def note_overcommitted(scene: Scene, offer: Offer, act: Act) -> None:
    """Tell of places that are promised beyond the report, and make it somebody's task."""
    hold = scene.holds.get(offer.offer_id)
    if hold is not None and any(scene.places[key].is_overcommitted for key in hold.keys):
        scene.note(EventType.HOLD_OVERCOMMITTED, act, offer)
        due_time = act.now + scene.house.clocks.by_urgency[offer.urgency].read
        scene.open_task(TaskKind.OVERCOMMITTED, Cause.OVERCOMMITTED, offer, due_time, act)
