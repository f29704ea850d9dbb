"""How the sender or the person ends what was asked: one offer, all, or the consent (R3)."""

from services.referrals.clocks import WELFARE_CHECK
from services.referrals.model import (
    PLACED,
    SEEKING,
    UNANSWERED,
    Act,
    Cause,
    EventType,
    NextKind,
    Offer,
    OfferState,
    TaskKind,
)
from services.referrals.referral import Move, Turn
from services.referrals.scene.answers import stop_ringing
from services.referrals.scene.effects import follow
from services.referrals.scene.scene import Scene
from services.referrals.scene.tasks import close_tasks, open_task
from services.referrals.scene.waiting import pause_if_nobody_is_asked, wait_for_sender
from services.taxonomy import Effect, decline_reason

WITHDRAWN = "consent_withdrawn"
MISTAKE = "entered_in_error"
_ON_THE_WAY = frozenset({OfferState.ACCEPTED, OfferState.IN_TRANSIT})


def cancel(scene: Scene, offer_id: str, act: Act, *, reason: str) -> None:
    """
    The sender recalls one offer.

    Raises:
        FailedPrecondition: ILLEGAL_MOVE.
    """
    _cancel(scene, scene.offers[offer_id], act, reason)
    # who recalls says how to go on: the next provider is the sender's to choose
    follow(
        scene,
        scene.offers[offer_id],
        act,
        [effect for effect in decline_reason(reason).effects if effect is not Effect.REMATCH],
    )
    pause_if_nobody_is_asked(scene, act)


def revoke(scene: Scene, act: Act, *, reason: str) -> None:
    """
    The sender ends the referral: whatever has not begun is cancelled, and its places freed.

    Raises:
        FailedPrecondition: ILLEGAL_MOVE, if it has ended already.
    """
    for offer in _by_id(scene):
        if offer.state in UNANSWERED | _ON_THE_WAY:
            _cancel(scene, offer, act, reason)
    _end(scene, act, reason)


def withdraw(scene: Scene, act: Act, provider_id: str | None = None) -> None:
    """
    The person lets nothing more be told: offers that nobody accepted end, of one provider or of all.

    Whoever has her on the way or in care keeps what care tonight needs, and the place.
    """
    touched = False
    for offer in _by_id(scene):
        if offer.state in UNANSWERED and provider_id in {None, offer.provider_id}:
            _cancel(scene, offer, act, WITHDRAWN)
            touched = True
    if provider_id is None:
        for need_no, need in scene.needs.items():
            if need.next_kind is NextKind.REMATCH:  # nobody new may be asked
                wait_for_sender(scene, need_no, act.now)
    if touched or provider_id is None:
        scene.note(EventType.CONSENT_WITHDRAWN, act)
    pause_if_nobody_is_asked(scene, act)


def stop_service(scene: Scene, act: Act) -> None:
    """
    The person wants no service any more: what nobody accepted ends, and a person asks her where somebody did.

    A place that is booked is not released, and the referral stays open, until then (R3).
    """
    withdraw(scene, act)
    placed = [offer for offer in _by_id(scene) if offer.state in PLACED]
    for offer in placed:
        open_task(scene, TaskKind.WELFARE_CHECK, Cause.WITHDRAWN, offer, act.now + WELFARE_CHECK, act)
    if not placed and scene.referral.is_open:
        _end(scene, act, WITHDRAWN)


def void_offer(scene: Scene, offer_id: str, act: Act) -> None:
    """
    An offer was made by mistake: it ends, its place is free, and nobody is looked for in its place.

    Raises:
        FailedPrecondition: ILLEGAL_MOVE: it is void already.
    """
    _void(scene, scene.offers[offer_id], act)
    pause_if_nobody_is_asked(scene, act)


def void(scene: Scene, act: Act) -> None:
    """
    A referral was made by mistake, with all of its offers.

    Raises:
        FailedPrecondition: ILLEGAL_MOVE: it is void already.
    """
    scene.turn(Turn.VOID, act, EventType.REFERRAL_VOIDED, MISTAKE)
    for offer in _by_id(scene):
        if offer.state is not OfferState.ENTERED_IN_ERROR:
            _void(scene, offer, act)
    close_tasks(scene, "cleared", act, is_meant=lambda task: True)


def _void(scene: Scene, offer: Offer, act: Act) -> None:
    scene.move(offer, Move.VOID, act, reason=MISTAKE, ring=False)
    close_tasks(scene, "cleared", act, is_meant=lambda task: task.offer_id == offer.offer_id)


def _cancel(scene: Scene, offer: Offer, act: Act, reason: str) -> None:
    scene.move(offer, Move.CANCEL, act, reason=reason, ring=False)
    stop_ringing(scene, offer.offer_id, act, "cleared")
    close_tasks(
        scene, "cleared", act, is_meant=lambda task: task.offer_id == offer.offer_id and task.cause is Cause.LATE
    )


def _end(scene: Scene, act: Act, reason: str) -> None:
    scene.turn(Turn.REVOKE, act, EventType.REFERRAL_REVOKED, reason)
    close_tasks(scene, "cleared", act, is_meant=lambda task: task.cause in SEEKING)


def _by_id(scene: Scene) -> list[Offer]:
    return sorted(scene.offers.values(), key=lambda offer: offer.offer_id)
