"""Referrals and their events, in messages for their senders."""

from collections.abc import Iterable, Mapping

from google.protobuf.message import Message

from ihala.matching.v1 import matching_pb2
from ihala.referrals.v1 import referrals_pb2 as pb
from ihala.referrals.v1 import referrals_service_pb2 as service_pb
from services.referrals.model import (
    Choice,
    CreatedReferral,
    Event,
    Hold,
    Offer,
    PlaceItem,
    ReferralState,
    Standing,
)
from services.referrals.wire.basics import enum_from_wire, enum_to_wire
from services.runtime.times import time_to_wire


def referral_to_wire(standing: Standing) -> pb.Referral:
    """Write a referral as it stands."""
    referral = standing.referral
    return pb.Referral(
        referral_id=referral.referral_id,
        case_ref=referral.case_ref,
        state=enum_to_wire(pb.ReferralState, referral.state),
        version=referral.version,
        create_time=time_to_wire(referral.create_time),
        needs=[
            pb.NeedState(
                need_no=need.need_no,
                code=need.code,
                urgency=enum_to_wire(matching_pb2.Urgency, need.urgency),
                accepted_offer_id=need.accepted_offer_id or "",
                next_time=time_to_wire(need.next_time),
                next_kind=enum_to_wire(pb.NextKind, need.next_kind),
                settled=need.is_settled,
            )
            for need in standing.needs
        ],
        offers=[_offer(offer, standing.holds.get(offer.offer_id)) for offer in standing.offers],
        consent_id=referral.consent_id or "",
        erased=referral.is_erased,
    )


def _offer(offer: Offer, hold: Hold | None) -> pb.Offer:
    return pb.Offer(
        offer_id=offer.offer_id,
        need_no=offer.need_no,
        provider_id=offer.provider_id,
        state=enum_to_wire(pb.OfferState, offer.state),
        version=offer.version,
        due_time=time_to_wire(offer.due_time),
        due_kind=enum_to_wire(pb.DueKind, offer.due_kind),
        reason=offer.reason,
        hold=hold_to_wire(hold),
        read_time=time_to_wire(offer.read_time),
        create_time=time_to_wire(offer.create_time),
        ring=offer.ring,
        conditions=offer.conditions,
        arrive_start_time=time_to_wire(offer.arrive_start_time),
        stay_end_time=time_to_wire(offer.stay_end_time),
        question=offer.question,
        answer=offer.answer,
        wait_until_time=time_to_wire(offer.wait_until_time),
    )


def hold_to_wire(hold: Hold | None) -> pb.Hold | None:
    """Write a hold; None stays absent."""
    if hold is None:
        return None
    return pb.Hold(
        state=enum_to_wire(pb.HoldState, hold.state),
        items=items_to_wire(hold.items),
        expire_time=time_to_wire(hold.expire_time),
    )


def items_to_wire(items: Iterable[PlaceItem]) -> list[matching_pb2.PlaceItem]:
    """Write places asked for."""
    return [matching_pb2.PlaceItem(population=item.population, count=item.count) for item in items]


def events_to_wire(events: Iterable[Event], standings: Mapping[str, Standing]) -> list[pb.ReferralEvent]:
    """Write events, each with the present state of its referral."""
    return [
        pb.ReferralEvent(
            revision=event.revision,
            event_id=event.event_id,
            referral_id=event.referral_id,
            offer_id=event.offer_id or "",
            offer_version=event.offer_version,
            type=event.type,
            occurred_time=time_to_wire(event.occurred_time),
            recorded_time=time_to_wire(event.recorded_time),
            actor=event.actor,
            on_behalf_of=event.on_behalf_of,
            via=enum_to_wire(pb.Via, event.via),
            referral=referral_to_wire(standings[event.referral_id]),
        )
        for event in events
    ]


def created_to_wire(
    created: CreatedReferral, *, replayed: bool, next_candidates: Iterable[Choice] = ()
) -> service_pb.CreateReferralResponse:
    """Write the answer to CreateReferral."""
    return service_pb.CreateReferralResponse(
        referral_id=created.referral_id,
        offers=[
            service_pb.CreatedOffer(
                offer_id=each.offer_id, need_no=each.need_no, provider_id=each.provider_id, labels=each.labels
            )
            for each in created.offers
        ],
        create_time=time_to_wire(created.create_time),
        lost_places=list(map(choice_to_wire, created.lost_places)),
        next_candidates=list(map(choice_to_wire, next_candidates)),
        replayed=replayed,
    )


def choice_to_wire(choice: Choice) -> service_pb.OfferChoice:
    """Write a choice."""
    return service_pb.OfferChoice(need_no=choice.need_no, provider_id=choice.provider_id)


def states_from_wire(request: service_pb.ListReferralsRequest) -> list[ReferralState]:
    """Read the states to list."""
    return [enum_from_wire(pb.ReferralState, ReferralState, state, "states") for state in request.states]


def facts_of(message: Message, names: Iterable[str]) -> Message:
    """Copy only the named facts of a message: an allow-list."""
    shown = type(message)()
    allowed = set(names)
    for field, value in message.ListFields():
        if field.name not in allowed:
            continue
        if field.message_type is not None:
            getattr(shown, field.name).CopyFrom(value)
        else:
            setattr(shown, field.name, value)
    return shown
