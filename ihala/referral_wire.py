"""Translate consents, referrals and their events between the SDK's values and the wire."""

from collections.abc import Collection, Sequence
from datetime import UTC, datetime, timedelta
from typing import Any

from ihala.answer import ReceiverClass
from ihala.enum_wire import member_of, number_of, numbers_of, time_from_wire, time_to_wire, word_of
from ihala.matching.v1 import matching_pb2 as match_pb
from ihala.person import Urgency
from ihala.referral import (
    Assent,
    Briefing,
    Consent,
    ConsentMethod,
    Cursor,
    Event,
    GivenBy,
    Hold,
    NeedState,
    Offer,
    Referral,
    Referred,
)
from ihala.referrals.v1 import referrals_pb2 as pb
from ihala.referrals.v1 import referrals_service_pb2 as service_pb
from ihala.terms import terms_from_wire


def choices_to_wire(
    choices: Sequence[tuple[int, str]], gates_confirmed: Collection[str]
) -> list[service_pb.OfferChoice]:
    """Write choices, each the number of a need and a provider, and whether somebody has spoken to its gate."""
    return [
        service_pb.OfferChoice(need_no=need_no, provider_id=provider_id, gate_confirmed=provider_id in gates_confirmed)
        for need_no, provider_id in choices
    ]


def consent_to_wire(
    case_ref: str,
    receivers: ReceiverClass | Sequence[str],
    *,
    fields: Sequence[str],
    purposes: Sequence[str],
    start_time: datetime | None,
    end_time: datetime | None,
    valid_for: timedelta | None,
    given_by: GivenBy,
    child_assent: Assent | None,
    method: ConsentMethod,
    language: str,
) -> pb.Consent:
    """Write a consent to be recorded."""
    message = pb.Consent(
        case_ref=case_ref,
        fields=fields,
        purposes=purposes,
        start_time=time_to_wire(start_time, "consent.start_time"),
        end_time=time_to_wire(end_time, "consent.end_time"),
        given_by=number_of(pb.GivenBy, "GIVEN_BY", given_by),
        child_assent=number_of(pb.Assent, "ASSENT", child_assent),
        method=number_of(pb.ConsentMethod, "CONSENT_METHOD", method),
        language=language,
    )
    if valid_for is not None:
        message.valid_for.FromTimedelta(valid_for)
    if isinstance(receivers, ReceiverClass):
        message.receiver_class.CopyFrom(
            pb.ReceiverClass(codes=receivers.codes, area_cells=receivers.area_cells, vetted=receivers.vetted)
        )
    else:
        message.provider_ids.extend(receivers)
    return message


def states_to_wire(words: Sequence[str]) -> list[Any]:
    """
    Write states of referrals.

    Raises:
        InvalidInput: there is no such state (UNKNOWN_CODE).
    """
    return numbers_of(pb.ReferralState, "REFERRAL_STATE", words, "states")


def consent_from_wire(consent: pb.Consent) -> Consent:
    """Read a recorded consent."""
    return Consent(
        consent_id=consent.consent_id,
        case_ref=consent.case_ref,
        end_time=consent.end_time.ToDatetime(tzinfo=UTC),
        withdrawn_time=time_from_wire(consent, "withdrawn_time"),
        fields=tuple(consent.fields),
        purposes=tuple(consent.purposes),
        receivers=_receivers_from_wire(consent),
    )


def _receivers_from_wire(consent: pb.Consent) -> ReceiverClass | tuple[str, ...]:
    if not consent.HasField("receiver_class"):
        return tuple(consent.provider_ids)
    of = consent.receiver_class
    return ReceiverClass(tuple(of.codes), tuple(of.area_cells), of.vetted)


def briefing_to_wire(briefing: Briefing) -> pb.Briefing:
    """Write what receivers are told besides."""
    return pb.Briefing(
        brought_by=number_of(pb.BroughtBy, "BROUGHT_BY", briefing.brought_by),
        arrive_start_time=time_to_wire(briefing.arrive_start_time, "briefing.arrive_start_time"),
        arrive_end_time=time_to_wire(briefing.arrive_end_time, "briefing.arrive_end_time"),
        risk=number_of(pb.Risk, "RISK", briefing.risk),
        precaution=number_of(pb.Precaution, "PRECAUTION", briefing.precaution),
    )


def referred_from_wire(response: service_pb.CreateReferralResponse) -> Referred:
    """Read the answer to a referral."""
    return Referred(
        referral_id=response.referral_id,
        offer_ids={offer.provider_id: offer.offer_id for offer in response.offers},
        create_time=time_from_wire(response, "create_time"),
        lost_provider_ids=tuple(choice.provider_id for choice in response.lost_places),
        next_candidates=tuple((choice.need_no, choice.provider_id) for choice in response.next_candidates),
        is_replayed=response.replayed,
    )


def referral_from_wire(referral: pb.Referral) -> Referral:
    """Read a referral as its sender sees it."""
    return Referral(
        referral_id=referral.referral_id,
        case_ref=referral.case_ref,
        state=word_of(pb.ReferralState, "REFERRAL_STATE", referral.state),
        version=referral.version,
        create_time=time_from_wire(referral, "create_time"),
        needs=tuple(
            NeedState(
                need_no=need.need_no,
                code=need.code,
                urgency=member_of(Urgency, match_pb.Urgency, "URGENCY", need.urgency),
                accepted_offer_id=need.accepted_offer_id,
            )
            for need in referral.needs
        ),
        offers=tuple(_offer_from_wire(offer) for offer in referral.offers),
        consent_id=referral.consent_id,
        is_erased=referral.erased,
    )


def event_from_wire(event: pb.ReferralEvent, epoch: str) -> Event:
    """Read one transition; its cursor resumes after it."""
    return Event(
        event_id=event.event_id,
        type=event.type,
        case_ref=event.referral.case_ref,
        referral_id=event.referral_id,
        offer_id=event.offer_id,
        occurred_time=time_from_wire(event, "occurred_time"),
        recorded_time=time_from_wire(event, "recorded_time"),
        actor=event.actor,
        on_behalf_of=event.on_behalf_of,
        via=word_of(pb.Via, "VIA", event.via),
        referral=referral_from_wire(event.referral),
        cursor=Cursor(epoch, event.revision),
    )


def hold_from_wire(hold: pb.Hold) -> Hold:
    """Read a claim on places."""
    return Hold(
        state=word_of(pb.HoldState, "HOLD_STATE", hold.state),
        items={item.population: item.count for item in hold.items},
        expire_time=time_from_wire(hold, "expire_time"),
    )


def _offer_from_wire(offer: pb.Offer) -> Offer:
    return Offer(
        offer_id=offer.offer_id,
        need_no=offer.need_no,
        provider_id=offer.provider_id,
        state=word_of(pb.OfferState, "OFFER_STATE", offer.state),
        version=offer.version,
        due_time=time_from_wire(offer, "due_time"),
        due_kind=word_of(pb.DueKind, "DUE_KIND", offer.due_kind),
        reason=offer.reason,
        hold=hold_from_wire(offer.hold) if offer.HasField("hold") else None,
        read_time=time_from_wire(offer, "read_time"),
        ring=offer.ring,
        terms=terms_from_wire(offer),
    )
