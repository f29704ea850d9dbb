"""How a need goes on for which nobody is asked: the next provider by itself, or a word of the sender."""

from collections.abc import Iterable
from dataclasses import replace
from typing import Final

from services.errors import FailedPrecondition
from services.referrals.model import Act, Cause, EventType, NextKind, Offer, ReferralState, TaskKind
from services.referrals.referral import Turn
from services.referrals.scene.arrivals import complete_if_all_is_done
from services.referrals.scene.asking import Ask, ask_one, require_referable
from services.referrals.scene.scene import Scene
from services.referrals.scene.tasks import close_tasks, open_need_task
from services.referrals.scene.waiting import (
    exhaust_if_nobody_is_left,
    pause_if_nobody_is_asked,
    resume,
    wait_for_sender,
)

#: how a match by hand ends a need: somebody takes her, or nobody is needed any more
_SETTLING: Final = frozenset({"placed", "cleared"})


def is_due(scene: Scene, need_no: int, kind: NextKind, act: Act) -> bool:
    """Say whether a need's clock of that kind has run out, and the need still waits."""
    need = scene.needs[need_no]
    return (
        scene.referral.is_open
        and not need.is_met
        and need.next_kind is kind
        and need.next_time is not None
        and need.next_time <= act.now
    )


def ask_next(scene: Scene, need_no: int, asks: Iterable[Ask], act: Act) -> Offer | None:
    """
    Ask the first of those who come next; if there is none, and nobody else is asked, a person matches by hand.

    Nothing happens before the need's clock has run out, so that doing it twice asks one.

    Returns:
        The new offer, or None.
    """
    if not is_due(scene, need_no, NextKind.REMATCH, act):
        return None
    _stop(scene, need_no)
    known = {offer.provider_id for offer in scene.offers.values() if offer.need_no == need_no}
    for each in asks:
        if each.provider.provider_id in known or not _is_referable(each, act):
            continue
        offer = ask_one(scene, each, act)
        if offer is not None:
            _wake(scene, act)
            return offer
    give_up(scene, need_no, act)
    return None


def give_up(scene: Scene, need_no: int, act: Act) -> None:
    """Call for a hand for a need that nobody is left for."""
    _stop(scene, need_no)
    offers = [offer for offer in scene.offers.values() if offer.need_no == need_no]
    if offers:
        exhaust_if_nobody_is_left(scene, max(offers, key=lambda offer: offer.offer_no), act)
    elif scene.is_wanting(need_no):  # the rest of a group: nobody was asked for it yet
        need = scene.needs[need_no]
        due_time = act.now + scene.house.clocks.by_urgency[need.urgency].read
        open_need_task(scene, TaskKind.MATCH_BY_HAND, Cause.EXHAUSTED, need, due_time, act)
        if scene.referral.state is ReferralState.ACTIVE:
            scene.turn(Turn.EXHAUST, act, EventType.REFERRAL_EXHAUSTED)


def close_task(scene: Scene, task_id: str, outcome: str, act: Act) -> None:
    """
    Close a task as a person says it ended.

    Somebody who was to match by hand, and has, or says that nobody is needed any more,
    settles the need: it calls for nobody again, unless its sender asks somebody.
    """
    task = scene.tasks[task_id]
    close_tasks(scene, outcome, act, is_meant=lambda each: each.task_id == task_id)
    need_no = task.need_no
    if task.kind is not TaskKind.MATCH_BY_HAND or outcome not in _SETTLING or need_no is None:
        return
    if scene.is_wanting(need_no):
        _stop(scene, need_no)
        scene.needs[need_no] = replace(scene.needs[need_no], is_settled=True)
        scene.note(EventType.NEED_SETTLED, act, reason=scene.needs[need_no].code)
        _wake_exhausted(scene, act)
        complete_if_all_is_done(scene, act)


def wait_again(scene: Scene, need_no: int, act: Act) -> None:
    """Leave a need to its sender: the consent covers nobody any more."""
    _stop(scene, need_no)
    if scene.is_wanting(need_no):
        wait_for_sender(scene, need_no, act.now)
    pause_if_nobody_is_asked(scene, act)


def remind(scene: Scene, need_no: int, act: Act) -> None:
    """Make it somebody's task that the sender has not said how to go on; nothing happens before its time."""
    if not is_due(scene, need_no, NextKind.SENDER, act):
        return
    _stop(scene, need_no)
    if scene.is_wanting(need_no):
        need = scene.needs[need_no]
        due_time = act.now + scene.house.clocks.by_urgency[need.urgency].read
        open_need_task(scene, TaskKind.MATCH_BY_HAND, Cause.SENDER_SILENT, need, due_time, act)


def _stop(scene: Scene, need_no: int) -> None:
    scene.needs[need_no] = replace(scene.needs[need_no], next_time=None, next_kind=None)


def _wake(scene: Scene, act: Act) -> None:
    resume(scene, act)
    _wake_exhausted(scene, act)


def _wake_exhausted(scene: Scene, act: Act) -> None:
    if scene.referral.state is ReferralState.EXHAUSTED and all(
        need.is_met or scene.is_asked(need.need_no) for need in scene.needs.values()
    ):
        scene.turn(Turn.ACTIVATE, act)


def _is_referable(each: Ask, act: Act) -> bool:
    try:
        require_referable(each, act)
    except FailedPrecondition:
        return False
    return True
