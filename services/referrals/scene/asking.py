"""A match turned into offers: who may be asked, what is held, and which clock starts."""

from collections.abc import Iterable
from dataclasses import dataclass, replace
from datetime import datetime

from services.errors import FailedPrecondition, Reason
from services.referrals import holds
from services.referrals.clocks import Where
from services.referrals.model import (
    Act,
    Choice,
    DueKind,
    EventType,
    Hold,
    HoldState,
    Need,
    Offer,
    PlaceItem,
    Provider,
    ReachOut,
    Referral,
    ReferralState,
    Vetting,
)
from services.referrals.referral import Move, Turn
from services.referrals.scene.scene import House, Scene, where_of
from services.referrals.scene.tasks import ring_by_hand
from services.referrals.scene.waiting import pause_if_nobody_is_asked, resume


@dataclass(frozen=True, slots=True)
class Ask:
    """A choice with what matching said of it."""

    choice: Choice
    provider: Provider
    items: tuple[PlaceItem, ...]  #: places that would be held, where they are counted
    needed_fields: tuple[str, ...]  #: what the provider's rules need to know
    part_id: str = ""  #: of all that the provider is asked for at once


def require_referable(ask: Ask, act: Act) -> None:
    """
    Refuse a provider that may not be asked.

    Raises:
        FailedPrecondition: PROVIDER_SUSPENDED, or PROVIDER_NOT_REFERABLE.
    """
    require_in_use(ask.provider, act.now)


def require_in_use(provider: Provider, now: datetime) -> None:
    """
    Refuse a provider that may not be asked, or whose yes would not be safe any more.

    Raises:
        FailedPrecondition: PROVIDER_SUSPENDED, or PROVIDER_NOT_REFERABLE.
    """
    if provider.vetting is Vetting.SUSPENDED:
        raise FailedPrecondition("the provider is suspended", reason=Reason.PROVIDER_SUSPENDED)
    if provider.reach_out is ReachOut.NONE or not provider.is_in_force(now):
        raise FailedPrecondition("the provider takes no referrals", reason=Reason.PROVIDER_NOT_REFERABLE)


def create(
    house: House, referral: Referral, needs: Iterable[Need], places: holds.Places, asks: Iterable[Ask], act: Act
) -> tuple[Scene, list[Offer | None]]:
    """
    Make a referral with its offers.

    Args:
        house: The jurisdiction.

        referral: As a draft.

        needs: All of the match request; one without a choice stays open.

        places: Locked, changed in place.

        asks: Whom to ask.

        act: Who makes it.

    Returns:
        The scene, and for each ask its offer, or None if its last place was taken by
        another meanwhile.
    """
    scene = Scene(house, referral, {need.need_no: need for need in needs}, places=places)
    scene.turn(Turn.ACTIVATE, act, EventType.REFERRAL_CREATED)
    return scene, [ask_one(scene, each, act) for each in asks]


def leave_open(house: House, referral: Referral, needs: Iterable[Need], places: holds.Places, act: Act) -> Scene:
    """Make a referral that asks nobody yet: it waits for its sender to say whom, and does not fall asleep."""
    scene, _none = create(house, referral, needs, places, (), act)
    pause_if_nobody_is_asked(scene, act)
    return scene


def ask(scene: Scene, each: Ask, act: Act) -> Offer | None:
    """
    Ask a further provider.

    Returns:
        The offer, or None if its last place was taken by another meanwhile.

    Raises:
        FailedPrecondition: ALREADY_PLACED, or ILLEGAL_MOVE for a referral that has ended.
    """
    if scene.needs[each.choice.need_no].accepted_offer_id is not None:  # one that was settled may be asked for again
        raise FailedPrecondition("an offer was accepted for this need", reason=Reason.ALREADY_PLACED)
    offer = ask_one(scene, each, act)
    if offer is not None:
        resume(scene, act)
    if offer is not None and scene.referral.state is ReferralState.EXHAUSTED:
        scene.turn(Turn.ACTIVATE, act)
    return offer


def ask_one(scene: Scene, each: Ask, act: Act) -> Offer | None:
    """Make one offer and hold its places, unless one of them is gone."""
    draft = draft_of(scene, each, act)
    clocks = scene.house.clocks
    items = holds.counted(scene.places, draft.pool_id, draft.items)
    if not holds.is_free(scene.places, draft.pool_id, items):
        return None
    if items:
        hold = Hold(
            offer_id=draft.offer_id,
            pool_id=draft.pool_id,
            items=items,
            state=HoldState.HELD,
            client_id=scene.referral.client_id,
            expire_time=clocks.hold_expire_time(draft.urgency, act.now),
        )
        holds.take(scene.places, hold)
        scene.holds[draft.offer_id] = hold
    return request(scene, draft, act)


def draft_of(scene: Scene, each: Ask, act: Act) -> Offer:
    """Write an offer down that nobody has been told of."""
    provider, need = each.provider, scene.needs[each.choice.need_no]
    where = Where(provider.country_code, provider.time_zone)
    return Offer(
        offer_id=scene.house.new_id(),
        referral_id=scene.referral.referral_id,
        offer_no=len(scene.offers),
        need_no=need.need_no,
        part_id=each.part_id,
        code=need.code,
        urgency=need.urgency,
        provider_id=provider.provider_id,
        receiver_id="" if provider.rings_by_hand else provider.receiver_id,
        pool_id=provider.pool_id,
        country_code=provider.country_code,
        time_zone=provider.time_zone,
        area_cell=provider.area_cell,
        items=each.items,
        is_divisible=bool(need.items),
        needed_fields=each.needed_fields,
        ring=provider.rings_by_hand,
        create_time=act.now,
        due_kind=DueKind.READ,
        due_time=scene.house.clocks.due_time(DueKind.READ, need.urgency, act.now, act.now, where),
    )


def request(scene: Scene, draft: Offer, act: Act) -> Offer:
    """
    Send an offer: the ladder of its class begins.

    Raises:
        FailedPrecondition: ILLEGAL_MOVE.
    """
    where, clocks = where_of(draft), scene.house.clocks
    offer = scene.move(
        draft,
        Move.REQUEST,
        act,
        due_time=clocks.due_time(DueKind.READ, draft.urgency, act.now, act.now, where),
        **scene.ladder_of(draft, act.now),
    )
    # whoever asks has gone on with the need
    scene.needs[offer.need_no] = replace(scene.needs[offer.need_no], next_time=None, next_kind=None, is_settled=False)
    ring_by_hand(scene, offer, offer.due_time, act)
    return offer
