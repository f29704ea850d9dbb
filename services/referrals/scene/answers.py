"""What a provider answers: I am reading it, yes, no."""

from collections.abc import Collection
from dataclasses import replace

from services.errors import FailedPrecondition, InvalidInput, Reason
from services.referrals import holds
from services.referrals.model import (
    PLACED,
    RINGING,
    SEEKING,
    UNANSWERED,
    Act,
    Cause,
    EventType,
    Hold,
    HoldState,
    Need,
    Offer,
    OfferState,
    PlaceItem,
    ReferralState,
    TaskKind,
)
from services.referrals.referral import Move, Turn, illegal, transition
from services.referrals.scene.effects import follow
from services.referrals.scene.scene import Scene
from services.referrals.scene.tasks import close_tasks, open_task
from services.referrals.scene.waiting import look_for_next, resume
from services.taxonomy import decline_reason

SEALED = "sealed"
#: how a question ends that another has answered: as a sender's recall shows, so that nobody learns of the others
RECALLED = "no_longer_needed"


def acknowledge(scene: Scene, offer_id: str, act: Act) -> None:
    """
    A person has read the offer, or the answer to what the desk asked. Saying so again is a no-op while it is open.

    Raises:
        FailedPrecondition: The offer is closed (ILLEGAL_MOVE).
    """
    offer = scene.offers[offer_id]
    if offer.state is OfferState.PROBING:
        # a question has nothing to be read first: its answer is what counts
        return
    has_news = offer.state is OfferState.INFO_REQUESTED or offer.answer_time is not None
    if offer.read_time is not None and not offer.is_closed and not has_news:
        return
    scene.move(offer, Move.ACKNOWLEDGE, act, read_time=offer.read_time or act.occurred_time, ring=False)
    stop_ringing(scene, offer_id, act)


def accept(
    scene: Scene,
    offer_id: str,
    act: Act,
    *,
    beyond_report: bool = False,
    items: tuple[PlaceItem, ...] = (),
) -> None:
    """
    Yes: the hold becomes a booking, the first yes closes its open siblings.

    A provider may take a number of a group: the rest is a need of its own, and the
    next provider is looked for at once.

    Args:
        scene: The referral.

        offer_id: The offer.

        act: Who says so.

        beyond_report: The provider's word wins over its report.

        items: How many it takes; none: all.

    Raises:
        FailedPrecondition: ALREADY_PLACED, NO_PLACE or ILLEGAL_MOVE.

        InvalidInput: More than were asked for, or fewer of people who stay together.
    """
    offer = scene.offers[offer_id]
    require_wanted(scene, offer, Move.ACCEPT)
    rest = left_over(offer, items)
    if rest:
        hold = scene.holds.get(offer_id)
        if hold is not None:
            scene.holds[offer_id] = holds.leave(scene.places, hold, items)
        scene.offers[offer_id] = replace(offer, items=items)
        need = scene.needs[offer.need_no]
        scene.needs[offer.need_no] = replace(need, items=items)
        rest_no = max(scene.needs) + 1
        scene.needs[rest_no] = replace(need, need_no=rest_no, items=rest, next_time=None, next_kind=None)
        look_for_next(scene, rest_no, act.now)
    say_yes(scene, offer_id, Move.ACCEPT, act, beyond_report=beyond_report)


def has_accepted(scene: Scene, offer_id: str, items: Collection[PlaceItem] = ()) -> bool:
    """
    Say whether the offer's provider has said this very yes before, and it stands.

    Another number of a group is another answer.
    """
    offer = scene.offers[offer_id]
    is_same = not items or sorted(items, key=str) == sorted(offer.items, key=str)
    return offer.state in PLACED and is_same and scene.needs[offer.need_no].accepted_offer_id == offer_id


def left_over(offer: Offer, items: Collection[PlaceItem]) -> tuple[PlaceItem, ...]:
    """
    List how many of an offer's people are left when a provider takes a number of them.

    Raises:
        InvalidInput: More than were asked for, or fewer of people who stay together.
    """
    if not items:
        return ()
    asked = {item.population: item.count for item in offer.items}
    taken = {item.population: item.count for item in items}
    if len(taken) != len(items) or any(count > asked.get(each, 0) for each, count in taken.items()):
        raise InvalidInput("accept_items must be of the offer's items, each population once, and not more")
    rest = {each: count - taken.get(each, 0) for each, count in asked.items()}
    if any(rest.values()) and not offer.is_divisible:
        raise InvalidInput("accept_items must be all of the offer's items: these people stay together")
    return tuple(PlaceItem(each, count) for each, count in rest.items() if count)


def say_yes(scene: Scene, offer_id: str, move: Move, act: Act, *, beyond_report: bool) -> None:
    """
    Make a yes of a move: book, and close what it makes needless.

    Raises:
        FailedPrecondition: ALREADY_PLACED, NO_PLACE or ILLEGAL_MOVE.
    """
    offer = scene.offers[offer_id]
    require_wanted(scene, offer, move)
    book(scene, offer, act, beyond_report=beyond_report)
    accepted = scene.move(offer, move, act, read_time=offer.read_time or act.occurred_time, ring=False, reason="")
    note_overcommitted(scene, accepted, act)
    place_need(scene, scene.needs[offer.need_no], accepted, act)


def require_wanted(scene: Scene, offer: Offer, move: Move) -> None:
    """
    Refuse a yes of any kind that comes too late, before a place is touched.

    Raises:
        FailedPrecondition: ALREADY_PLACED, or ILLEGAL_MOVE.
    """
    if scene.needs[offer.need_no].accepted_offer_id not in {None, offer.offer_id}:
        raise FailedPrecondition("another offer was accepted first", reason=Reason.ALREADY_PLACED)
    transition(offer.state, move)
    if offer.is_question:
        # nobody has said whom it is about, and no consent was asked for it: no late yes makes it an offer (R1)
        raise illegal(offer.state, move)
    if not scene.referral.is_open:
        raise illegal(scene.referral.state, Turn.ACTIVATE)


def decline(scene: Scene, offer_id: str, act: Act, *, reason: str, population: str = "") -> None:
    """
    No, with a coded reason and what follows from it; a sealed one shows as `sealed`.

    Args:
        scene: The referral.

        offer_id: The offer.

        act: Who says so.

        reason: A code of the provider's side.

        population: For which there is no place; empty for those that were asked for.

    Raises:
        FailedPrecondition: ILLEGAL_MOVE.
    """
    offer, why = scene.offers[offer_id], decline_reason(reason)
    declined = scene.move(
        offer,
        Move.DECLINE,
        act,
        reason=SEALED if why.sealed else reason,
        read_time=offer.read_time or act.occurred_time,
        ring=False,
    )
    stop_ringing(scene, offer_id, act)
    follow(scene, declined, act, why.effects, population)


def stop_ringing(scene: Scene, offer_id: str, act: Act, outcome: str = "answered") -> None:
    """Close the tasks that asked somebody to ring for this offer."""
    close_tasks(scene, outcome, act, is_meant=lambda task: task.offer_id == offer_id and task.cause in RINGING)


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
            client_id=scene.referral.client_id,
            expire_time=act.now,
        )
    scene.holds[offer.offer_id] = holds.book(scene.places, hold, beyond_report=beyond_report)


def place_need(scene: Scene, need: Need, accepted: Offer, act: Act) -> None:
    """Write down the first yes, and close what it makes needless."""
    resume(scene, act)
    scene.needs[need.need_no] = replace(need, accepted_offer_id=accepted.offer_id)
    stop_ringing(scene, accepted.offer_id, act)
    for sibling in scene.siblings(accepted):
        if sibling.state in UNANSWERED:
            if sibling.is_question:
                scene.move(sibling, Move.CANCEL, act, reason=RECALLED, ring=False)
            else:
                scene.move(sibling, Move.SUPERSEDE, act, ring=False)
            stop_ringing(scene, sibling.offer_id, act, "cleared")
    close_tasks(
        scene,
        "placed",
        act,
        is_meant=lambda task: task.cause in SEEKING and task.need_no == need.need_no,
    )
    if scene.referral.state is ReferralState.EXHAUSTED and all(
        need.is_met or scene.is_asked(need.need_no) for need in scene.needs.values()
    ):
        scene.turn(Turn.ACTIVATE, act)


def note_overcommitted(scene: Scene, offer: Offer, act: Act) -> None:
    """Tell of places that are promised beyond the report, and make it somebody's task."""
    hold = scene.holds.get(offer.offer_id)
    if hold is not None and any(scene.places[key].is_overcommitted for key in hold.keys):
        scene.note(EventType.HOLD_OVERCOMMITTED, act, offer)
        due_time = act.now + scene.house.clocks.by_urgency[offer.urgency].read
        open_task(scene, TaskKind.OVERCOMMITTED, Cause.OVERCOMMITTED, offer, due_time, act)
