"""A question without identity: could you take …? And what may become of its yes (R10, domain: probe)."""

from collections.abc import Iterable
from dataclasses import replace

from services.errors import FailedPrecondition, Reason
from services.referrals import holds
from services.referrals.clocks import PROBE_TTL
from services.referrals.model import (
    ASSESSMENT,
    Act,
    EventType,
    HoldState,
    Need,
    Offer,
    OfferState,
    Referral,
)
from services.referrals.referral import Move, Turn, illegal, transition
from services.referrals.scene.answers import RECALLED, stop_ringing
from services.referrals.scene.asking import Ask, draft_of, request
from services.referrals.scene.bargaining import keep_place
from services.referrals.scene.scene import House, Scene
from services.referrals.scene.tasks import ring_by_hand
from services.referrals.scene.waiting import resume


def probe(house: House, referral: Referral, needs: Iterable[Need], asks: Iterable[Ask], act: Act) -> Scene:
    """
    Ask several providers at once, without a person: nothing is held until one says that it could.

    Args:
        house: The jurisdiction.

        referral: As a draft, without consent.

        needs: All of the match request.

        asks: Whom to ask.

        act: Who asks.
    """
    scene = Scene(house, referral, {need.need_no: need for need in needs})
    scene.note(EventType.REFERRAL_CREATED, act)
    for each in asks:
        draft = replace(draft_of(scene, each, act), is_question=True)
        asked = scene.move(draft, Move.PROBE, act, due_time=act.now + PROBE_TTL[draft.urgency])
        ring_by_hand(scene, asked, asked.due_time, act)
    return scene


def answer_probe(
    scene: Scene, offer_id: str, act: Act, *, assess_first: bool = False, beyond_report: bool = False
) -> None:
    """
    Say that the provider could take her: the first to say so holds the place, and ends the other probes.

    One that must see her first holds nothing and ends nobody's probe.

    Raises:
        FailedPrecondition: NO_PLACE, or ILLEGAL_MOVE.
    """
    offer = scene.offers[offer_id]
    transition(offer.state, Move.ANSWER_PROBE)
    if not scene.referral.is_open:
        raise illegal(scene.referral.state, Turn.ACTIVATE)
    if not assess_first:
        keep_place(scene, offer, act, beyond_report=beyond_report)
    conditions = (ASSESSMENT,) if assess_first else ()
    read_time = offer.read_time or act.occurred_time
    scene.move(offer, Move.ANSWER_PROBE, act, read_time=read_time, ring=False, conditions=conditions)
    stop_ringing(scene, offer_id, act)
    if assess_first:
        return
    for sibling in scene.siblings(offer):
        if sibling.state is OfferState.PROBING:
            scene.move(sibling, Move.CANCEL, act, reason=RECALLED, ring=False)
            stop_ringing(scene, sibling.offer_id, act, "cleared")


def send(scene: Scene, offer_id: str, act: Act) -> None:
    """
    Send an offer that was a draft: its clocks begin, and the place is held on, or again.

    A place that went meanwhile is the provider's word against its report: its yes decides.

    Raises:
        FailedPrecondition: ALREADY_PLACED, or ILLEGAL_MOVE.
    """
    offer = scene.offers[offer_id]
    transition(offer.state, Move.REQUEST)
    if scene.needs[offer.need_no].accepted_offer_id is not None:
        raise FailedPrecondition("an offer was accepted for this need", reason=Reason.ALREADY_PLACED)
    resume(scene, act)
    if not scene.referral.is_open:
        raise illegal(scene.referral.state, Turn.ACTIVATE)
    items = holds.counted(scene.places, offer.pool_id, offer.items)
    if holds.is_free(scene.places, offer.pool_id, items):
        keep_place(scene, offer, act, beyond_report=False)
    hold = scene.holds.get(offer_id)
    if hold is not None and hold.state is HoldState.HELD:
        until = scene.house.clocks.hold_expire_time(offer.urgency, act.now)
        scene.holds[offer_id] = replace(hold, expire_time=max(hold.expire_time, until))
    # its clocks run from here, and nobody has read what is told now
    sent = replace(
        offer, create_time=act.now, conditions=(), read_time=None, ring=not offer.receiver_id, is_question=False
    )
    request(scene, sent, act)


def defer(scene: Scene, offer_id: str, act: Act, *, for_approval: bool) -> Offer:
    """
    Let a draft wait for the person's consent, or for somebody's approval.

    Raises:
        FailedPrecondition: ILLEGAL_MOVE.
    """
    move = Move.ASK_APPROVAL if for_approval else Move.ASK_CONSENT
    return scene.move(scene.offers[offer_id], move, act)
