"""Offers as their receivers see them, in messages: staged by state (R10)."""

from typing import Any, cast

from ihala.matching.v1 import matching_pb2
from ihala.referrals.v1 import referrals_pb2 as pb
from services.referrals.disclosure import Shown
from services.referrals.model import Hold, Offer, Via
from services.referrals.wire.asking import briefing_of, person_of
from services.referrals.wire.basics import enum_from_wire, enum_to_wire
from services.referrals.wire.referrals import facts_of, hold_to_wire, items_to_wire
from services.runtime.times import time_to_wire


def view_to_wire(
    offer: Offer, hold: Hold | None, shown: Shown, *, request: bytes = b"", briefing: bytes = b"", area_cell: str = ""
) -> pb.OfferView:
    """
    Write an offer with what may be shown of it.

    Args:
        offer: The offer.

        hold: Its hold.

        shown: The allow-list of this reader at this stage.

        request: The kept match request, opened; needed if facts of the person are shown.

        briefing: The kept briefing, opened; needed if facts of it are shown.

        area_cell: The coarse area where the person is; needed if it is shown.
    """
    view = pb.OfferView(
        offer_id=offer.offer_id,
        provider_id=offer.provider_id,
        state=enum_to_wire(pb.OfferState, offer.state),
        version=offer.version,
        due_time=time_to_wire(offer.due_time),
        due_kind=enum_to_wire(pb.DueKind, offer.due_kind),
        urgency=enum_to_wire(matching_pb2.Urgency, offer.urgency),
        items=items_to_wire(offer.items),
        hold=hold_to_wire(hold),
        create_time=time_to_wire(offer.create_time),
        reason=offer.reason,
        read_time=time_to_wire(offer.read_time),
        receiver_id=offer.receiver_id,
        conditions=offer.conditions,
        arrive_start_time=time_to_wire(offer.arrive_start_time),
        stay_end_time=time_to_wire(offer.stay_end_time),
        question=offer.question,
        answer=offer.answer,
        wait_until_time=time_to_wire(offer.wait_until_time),
        divisible=offer.is_divisible,
        answer_unread=offer.answer_time is not None,
    )
    if shown.code:
        view.code = offer.code
    if shown.area:
        view.area_cell = area_cell
    if shown.person:
        view.person.CopyFrom(cast("matching_pb2.Person", facts_of(person_of(request), shown.person)))
    if shown.briefing:
        view.briefing.CopyFrom(cast("pb.Briefing", facts_of(briefing_of(briefing), shown.briefing)))
    return view


def via_from_wire(request: Any) -> Via:
    """Read how an answer reached us; absent is from software."""
    return enum_from_wire(pb.Via, Via, request.via, "via") if request.via else Via.SYSTEM
