"""What a need waits for while nobody is asked: a clock or a task, so that no referral falls asleep (R62)."""

from dataclasses import replace
from datetime import datetime

from services.referrals.model import Act, Cause, EventType, NextKind, Offer, ReferralState, TaskKind, TaskState
from services.referrals.referral import Turn
from services.referrals.scene.scene import Scene
from services.referrals.scene.tasks import open_task


def keep_awake(scene: Scene, now: datetime) -> None:
    """
    Give each need that nothing and nobody watches the sender's clock, and stop clocks that are needless.

    The last step of every act: whatever a move has left behind, no referral falls asleep.
    """
    for need_no, need in scene.needs.items():
        if need.next_time is not None and (not scene.referral.is_open or need.is_met):
            scene.needs[need_no] = replace(need, next_time=None, next_kind=None)
        elif scene.referral.is_open and not _is_watched(scene, need_no):
            wait_for_sender(scene, need_no, now)


def _is_watched(scene: Scene, need_no: int) -> bool:
    """Say whether a need that is not met has somebody to answer, a clock, or a task that somebody owns (R62)."""
    need = scene.needs[need_no]
    return (
        need.is_met
        or need.next_time is not None
        or scene.is_asked(need_no)
        or any(task.state is not TaskState.CLOSED and task.need_no in {need_no, None} for task in scene.tasks.values())
    )


def wait_for_sender(scene: Scene, need_no: int, now: datetime) -> None:
    """Start the clock by which the sender must have said how to go on with a need."""
    need = scene.needs[need_no]
    next_time = scene.house.clocks.sender_time(need.urgency, now)
    scene.needs[need_no] = replace(need, next_time=next_time, next_kind=NextKind.SENDER)


def look_for_next(scene: Scene, need_no: int, next_time: datetime) -> None:
    """Start the clock after which the next provider is looked for."""
    scene.needs[need_no] = replace(scene.needs[need_no], next_time=next_time, next_kind=NextKind.REMATCH)


def pause_if_nobody_is_asked(scene: Scene, act: Act) -> None:
    """Let a referral wait for its sender when the sender's own act has left nobody to answer."""
    looks_further = any(need.next_kind is NextKind.REMATCH for need in scene.needs.values())
    is_over = all(offer.is_closed for offer in scene.offers.values())
    if scene.referral.state is ReferralState.ACTIVE and is_over and not looks_further:
        scene.turn(Turn.PAUSE, act)


def resume(scene: Scene, act: Act) -> None:
    """Let a referral go on that has waited for somebody to be asked or to answer, or begin that was a question."""
    if scene.referral.state is ReferralState.ON_HOLD:
        scene.turn(Turn.RESUME, act)
    elif scene.referral.state is ReferralState.DRAFT:
        scene.turn(Turn.ACTIVATE, act)


def go_on(scene: Scene, offer: Offer, act: Act) -> None:
    """Look for the next provider when the last offer of a need came to nothing."""
    need = scene.needs[offer.need_no]
    if scene.referral.consent_id is None:
        return  # nobody may be told of a person yet: the sender's clock starts
    if scene.is_wanting(offer.need_no) and need.next_kind is not NextKind.REMATCH:
        look_for_next(scene, offer.need_no, scene.house.clocks.rematch_time(need.urgency, act.now))


def exhaust_if_nobody_is_left(scene: Scene, offer: Offer, act: Act) -> None:
    """Call for a hand when the last offer of a need came to nothing (R62)."""
    if not scene.is_wanting(offer.need_no):
        return
    need = replace(scene.needs[offer.need_no], next_time=None, next_kind=None)
    scene.needs[offer.need_no] = need
    due_time = act.now + scene.house.clocks.by_urgency[need.urgency].read
    open_task(scene, TaskKind.MATCH_BY_HAND, Cause.EXHAUSTED, offer, due_time, act)
    if scene.referral.state is ReferralState.ACTIVE:
        scene.turn(Turn.EXHAUST, act, EventType.REFERRAL_EXHAUSTED)
