"""What a reason sets going (domain: decline reasons, each with its effect)."""

from collections.abc import Callable, Iterable, Mapping
from dataclasses import replace
from datetime import timedelta
from types import MappingProxyType
from typing import Final

from services.referrals.clocks import ALARM, WELFARE_CHECK
from services.referrals.model import UNANSWERED, Act, Cause, EventType, Offer, PlaceKey, TaskKind
from services.referrals.referral import Move, Turn
from services.referrals.scene.scene import Scene
from services.referrals.scene.tasks import close_tasks, open_task
from services.referrals.scene.waiting import go_on, pause_if_nobody_is_asked, wait_for_sender
from services.taxonomy import Effect


def follow(scene: Scene, offer: Offer, act: Act, effects: Iterable[Effect], population: str = "") -> None:
    """
    Let a reason have its effects on the referral.

    Effects on the world outside a referral, such as statistics and corrections of the
    directory, are the store's.

    Args:
        scene: The referral.

        offer: That came to nothing.

        act: Who said so.

        effects: Of the reason.

        population: That the reason is about; empty for those that were asked for.
    """
    for effect in effects:
        if effect is Effect.LOWER_PLACES:
            lower_places(scene, offer, population)
        elif effect in _STEPS:
            _STEPS[effect](scene, offer, act)


def lower_places(scene: Scene, offer: Offer, population: str = "") -> None:
    """Let nobody take places that the provider says are not there, until it reports again."""
    named = [population] if population else [item.population for item in offer.items]
    for each in named:
        place = scene.places.get(PlaceKey(offer.pool_id, each))
        if place is not None and (place.free or 0) > 0:
            scene.places[place.key] = replace(place, occupied=place.occupied + (place.free or 0))


def end_need(scene: Scene, offer: Offer, act: Act) -> None:
    """Ask nobody any more for a need that is none any more; a referral of which nothing is left ends."""
    for sibling in scene.siblings(offer):
        if sibling.state in UNANSWERED:
            scene.move(sibling, Move.CANCEL, act, reason="no_longer_needed", ring=False)
    close_tasks(scene, "cleared", act, is_meant=lambda task: task.need_no == offer.need_no)
    is_over = all(each.is_closed for each in scene.offers.values())
    others = [need_no for need_no in scene.needs if need_no != offer.need_no]
    if scene.referral.is_open and is_over and not any(map(scene.is_wanting, others)):
        scene.turn(Turn.REVOKE, act, EventType.REFERRAL_REVOKED, "no_longer_needed")


def _exclude(scene: Scene, offer: Offer, _act: Act) -> None:
    scene.excluded.add(offer.provider_id)


def _ask_sender(scene: Scene, offer: Offer, act: Act) -> None:
    if scene.is_wanting(offer.need_no):
        wait_for_sender(scene, offer.need_no, act.now)
        pause_if_nobody_is_asked(scene, act)


def _find_interpreter(scene: Scene, offer: Offer, act: Act) -> None:
    open_task(scene, TaskKind.MATCH_BY_HAND, Cause.INTERPRETER, offer, act.now + _soon(scene, offer), act)


def _recode(scene: Scene, offer: Offer, act: Act) -> None:
    open_task(scene, TaskKind.RESCREEN, Cause.RECODE, offer, act.now + _soon(scene, offer), act)


def _look_after(scene: Scene, offer: Offer, act: Act) -> None:
    open_task(scene, TaskKind.WELFARE_CHECK, Cause.LOST, offer, act.now + WELFARE_CHECK, act)


def _alarm(scene: Scene, offer: Offer, act: Act) -> None:
    owner = scene.house.manager_roster
    open_task(scene, TaskKind.WELFARE_CHECK, Cause.LOST, offer, act.now + ALARM, act, owner=owner)


def _rematch(scene: Scene, offer: Offer, act: Act) -> None:
    go_on(scene, offer, act)


def _soon(scene: Scene, offer: Offer) -> timedelta:
    return scene.house.clocks.by_urgency[offer.urgency].read


_STEPS: Final[Mapping[Effect, Callable[[Scene, Offer, Act], None]]] = MappingProxyType(
    {
        Effect.EXCLUDE_PROVIDER: _exclude,
        Effect.EXCLUDE_BOTH_WAYS: _exclude,
        Effect.ASK_SENDER: _ask_sender,
        Effect.FIND_INTERPRETER: _find_interpreter,
        Effect.RECODE_NEED: _recode,
        Effect.WELFARE_CHECK: _look_after,
        Effect.ALARM: _alarm,
        Effect.REMATCH: _rematch,
        Effect.END_REQUEST: end_need,
    }
)
