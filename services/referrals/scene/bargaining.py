"""Between yes and no: yes if, a question, a waiting list, and what the sender says for the person."""

from collections.abc import Collection
from dataclasses import dataclass, replace
from datetime import datetime, timedelta
from typing import Final

from services.errors import InvalidInput, Reason
from services.referrals import holds
from services.referrals.model import (
    ANSWERS,
    CONDITIONS,
    QUESTIONS,
    Act,
    Cause,
    DueKind,
    Hold,
    HoldState,
    Offer,
    OfferState,
)
from services.referrals.referral import Move, illegal
from services.referrals.scene.answers import SEALED, require_wanted, say_yes, stop_ringing
from services.referrals.scene.effects import follow
from services.referrals.scene.scene import Scene, where_of
from services.referrals.scene.tasks import close_tasks, ring_by_hand
from services.referrals.scene.waiting import pause_if_nobody_is_asked, resume
from services.taxonomy import decline_reason

MAX_WAIT: Final = timedelta(days=30)


@dataclass(frozen=True, slots=True, kw_only=True)
class YesIf:
    """What a yes hangs on."""

    conditions: tuple[str, ...]  #: at least one of `CONDITIONS`
    arrive_start_time: datetime | None = None
    stay_end_time: datetime | None = None

    def __post_init__(self) -> None:
        if not self.conditions:
            raise InvalidInput("conditions must name at least one")
        checked(self.conditions, CONDITIONS, "conditions")
        if "earliest_arrival" in self.conditions and self.arrive_start_time is None:
            raise InvalidInput("arrive_start_time must be given for earliest_arrival")
        if "longest_stay" in self.conditions and self.stay_end_time is None:
            raise InvalidInput("stay_end_time must be given for longest_stay")


def checked(codes: Collection[str], known: Collection[str], field: str) -> None:
    """
    Refuse codes that are not in a list.

    Raises:
        InvalidInput: UNKNOWN_CODE.
    """
    if not set(codes) <= set(known):
        raise InvalidInput(f"{field} must be of {', '.join(known)}", reason=Reason.UNKNOWN_CODE)


def propose(scene: Scene, offer_id: str, act: Act, yes_if: YesIf, *, beyond_report: bool = False) -> None:
    """
    Yes, if: the place is kept while the person decides.

    Raises:
        FailedPrecondition: ALREADY_PLACED, NO_PLACE or ILLEGAL_MOVE.
    """
    offer = scene.offers[offer_id]
    require_wanted(scene, offer, Move.PROPOSE)
    keep_place(scene, offer, act, beyond_report=beyond_report)
    proposed = scene.move(
        offer,
        Move.PROPOSE,
        act,
        read_time=offer.read_time or act.occurred_time,
        ring=False,
        conditions=yes_if.conditions,
        arrive_start_time=yes_if.arrive_start_time,
        stay_end_time=yes_if.stay_end_time,
    )
    hold = scene.holds.get(offer_id)
    if hold is not None and proposed.due_time is not None:
        # a reminder comes between the time to decide and the end: the place is kept until then
        until = proposed.due_time + scene.house.clocks.by_urgency[offer.urgency].read
        scene.holds[offer_id] = replace(hold, expire_time=max(hold.expire_time, until))
    stop_ringing(scene, offer_id, act)
    resume(scene, act)


def keep_place(scene: Scene, offer: Offer, act: Act, *, beyond_report: bool) -> None:
    """
    Hold the offer's places, again if they have lapsed; beyond the report nothing is held.

    Raises:
        FailedPrecondition: NO_PLACE.
    """
    hold = scene.holds.get(offer.offer_id)
    if hold is not None and hold.state is HoldState.HELD:
        return
    items = holds.counted(scene.places, offer.pool_id, offer.items)
    if not items or (beyond_report and not holds.is_free(scene.places, offer.pool_id, items)):
        return
    expire_time = scene.house.clocks.hold_expire_time(offer.urgency, act.now)
    taken = Hold(
        offer_id=offer.offer_id,
        pool_id=offer.pool_id,
        items=items,
        state=HoldState.HELD,
        client_id=scene.referral.client_id,
        expire_time=expire_time,
    )
    holds.take(scene.places, taken)
    scene.holds[offer.offer_id] = taken


def agree(scene: Scene, offer_id: str, act: Act) -> None:
    """
    The person agrees to a yes, if; the provider's word stands, whatever was reported since.

    Raises:
        FailedPrecondition: ALREADY_PLACED or ILLEGAL_MOVE.
    """
    say_yes(scene, offer_id, Move.AGREE, act, beyond_report=True)


def refuse(scene: Scene, offer_id: str, act: Act, *, reason: str) -> None:
    """
    The person does not want it, or cannot: with a coded reason, and what follows from it.

    Raises:
        FailedPrecondition: ILLEGAL_MOVE.
    """
    why = decline_reason(reason)
    refused = scene.move(
        scene.offers[offer_id], Move.DECLINE_FOR_PERSON, act, reason=SEALED if why.sealed else reason, ring=False
    )
    stop_ringing(scene, offer_id, act, "cleared")
    close_tasks(scene, "cleared", act, is_meant=lambda task: task.offer_id == offer_id and task.cause is Cause.LATE)
    follow(scene, refused, act, why.effects)
    pause_if_nobody_is_asked(scene, act)


def ask_info(scene: Scene, offer_id: str, act: Act, *, question: str) -> None:
    """
    The provider asks something from a closed list.

    Raises:
        InvalidInput: UNKNOWN_CODE.

        FailedPrecondition: ILLEGAL_MOVE.
    """
    checked([question], QUESTIONS, "question")
    offer = scene.offers[offer_id]
    read_time = offer.read_time or act.occurred_time
    scene.move(offer, Move.ASK_INFO, act, question=question, answer="", read_time=read_time, ring=False)
    stop_ringing(scene, offer_id, act)


def answer_info(scene: Scene, offer_id: str, act: Act, *, answer: str) -> None:
    """
    The sender answers a question; what was told is shown from now on, as far as the consent covers it.

    The desk that asked is rung again as for a new offer, until somebody reads the answer.

    Raises:
        InvalidInput: UNKNOWN_CODE.

        FailedPrecondition: ILLEGAL_MOVE: nothing was asked.
    """
    checked([answer], ANSWERS, "answer")
    offer = scene.offers[offer_id]
    if offer.state is not OfferState.INFO_REQUESTED:
        raise illegal(offer.state, Move.ACKNOWLEDGE)
    fields = offer.needed_fields
    if answer == "told" and offer.question not in fields:
        fields = (*fields, offer.question)
    answered = scene.move(
        offer,
        Move.ACKNOWLEDGE,
        act,
        answer=answer,
        answer_time=act.now,
        needed_fields=fields,
        ring=not offer.receiver_id,
        **scene.ladder_of(offer, act.now),
    )
    stop_ringing(scene, offer_id, act)
    clocks = scene.house.clocks
    read_time = clocks.due_time(DueKind.READ, offer.urgency, act.now, act.now, where_of(offer))
    ring_by_hand(scene, answered, min(filter(None, (read_time, answered.due_time))), act)


def waitlist(scene: Scene, offer_id: str, act: Act, *, until: datetime) -> None:
    """
    The provider has no place now, and says until when there may be one.

    Raises:
        InvalidInput: The wait is over already, or longer than 30 days.

        FailedPrecondition: ILLEGAL_MOVE.
    """
    if not act.now < until <= act.now + MAX_WAIT:
        raise InvalidInput(f"wait_until_time must be in the future, at most {MAX_WAIT.days} days")
    offer = scene.offers[offer_id]
    scene.move(
        offer,
        Move.WAITLIST,
        act,
        due_time=until,
        wait_until_time=until,
        read_time=offer.read_time or act.occurred_time,
        ring=False,
    )
    stop_ringing(scene, offer_id, act)
