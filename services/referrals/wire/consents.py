"""Consents, in messages."""

from datetime import datetime

from ihala.referrals.v1 import referrals_pb2 as pb
from ihala.referrals.v1 import referrals_service_pb2 as service_pb
from services.errors import InvalidInput
from services.referrals.model import (
    Assent,
    Consent,
    GivenBy,
    Method,
    OverrideGround,
    ReceiverClass,
    Withdrawal,
    checked_id,
)
from services.referrals.model.consent import MAX_LIFE
from services.referrals.wire.basics import (
    CLOCK_LEEWAY,
    enum_from_wire,
    enum_to_wire,
    optional_enum_from_wire,
    time_from_wire,
)
from services.runtime.times import time_to_wire
from services.taxonomy import canonical_language


def consent_from_wire(
    message: pb.Consent, *, consent_id: str, client_id: str, recorded_by: str, now: datetime
) -> Consent:
    """
    Read a consent to record.

    Its times are the server's, as far as the caller lets them be: a clock of the caller
    that goes wrong neither delays a consent of now nor ends it before its time.

    Raises:
        InvalidInput: A field breaks its rule.
    """
    if message.given_by == pb.GIVEN_BY_NOBODY or message.method == pb.CONSENT_METHOD_NOT_GIVEN:
        raise InvalidInput("consent.given_by must be somebody, and consent.method a way to give it")
    start_time = time_from_wire(message, "start_time") or now
    if now < start_time <= now + CLOCK_LEEWAY:
        start_time = now
    named = None
    if message.HasField("receiver_class"):
        named = ReceiverClass(
            codes=tuple(message.receiver_class.codes),
            area_cells=tuple(message.receiver_class.area_cells),
            vetted=message.receiver_class.vetted,
        )
    return Consent(
        consent_id=consent_id,
        client_id=client_id,
        case_ref=message.case_ref,
        provider_ids=tuple(checked_id(each, "consent.provider_ids") for each in message.provider_ids),
        receiver_class=named,
        fields=tuple(message.fields),
        purposes=tuple(message.purposes),
        start_time=start_time,
        end_time=_end_time(message, start_time),
        given_by=enum_from_wire(pb.GivenBy, GivenBy, message.given_by, "consent.given_by"),
        child_assent=optional_enum_from_wire(pb.Assent, Assent, message.child_assent, "consent.child_assent"),
        method=enum_from_wire(pb.ConsentMethod, Method, message.method, "consent.method"),
        language=canonical_language(message.language, "consent.language") if message.language else "",
        recorded_by=recorded_by,
        create_time=now,
    )


def _end_time(message: pb.Consent, start_time: datetime) -> datetime:
    end_time = time_from_wire(message, "end_time")
    if (end_time is None) != message.HasField("valid_for"):
        raise InvalidInput("consent.end_time must be given, or consent.valid_for, and not both")
    if end_time is not None:
        return end_time
    try:
        return start_time + message.valid_for.ToTimedelta()
    except (ValueError, OverflowError) as error:
        raise InvalidInput(f"consent.valid_for must be at most {MAX_LIFE.days} days") from error


def consent_to_wire(consent: Consent) -> pb.Consent:
    """Write a consent."""
    named = consent.receiver_class
    return pb.Consent(
        consent_id=consent.consent_id,
        case_ref=consent.case_ref,
        provider_ids=consent.provider_ids,
        receiver_class=None
        if named is None
        else pb.ReceiverClass(codes=named.codes, area_cells=named.area_cells, vetted=named.vetted),
        fields=consent.fields,
        purposes=consent.purposes,
        start_time=time_to_wire(consent.start_time),
        end_time=time_to_wire(consent.end_time),
        given_by=enum_to_wire(pb.GivenBy, consent.given_by),
        child_assent=enum_to_wire(pb.Assent, consent.child_assent),
        method=enum_to_wire(pb.ConsentMethod, consent.method),
        language=consent.language,
        recorded_by=consent.recorded_by,
        create_time=time_to_wire(consent.create_time),
        withdrawn_time=time_to_wire(consent.withdrawn_time),
        withdrawn_provider_ids=consent.withdrawn_provider_ids,
        override_ground=enum_to_wire(pb.OverrideGround, consent.override_ground),
        second_person=consent.second_person,
    )


def withdrawal_from_wire(request: service_pb.WithdrawConsentRequest) -> tuple[Withdrawal, str]:
    """
    Read in which way a consent is withdrawn, and for which provider; empty for all.

    Raises:
        InvalidInput: The way or its provider is missing, or a provider is named for nothing.
    """
    way = enum_from_wire(pb.Withdrawal, Withdrawal, request.withdrawal, "withdrawal")
    if (way is Withdrawal.THIS_RECEIVER) != bool(request.provider_id):
        raise InvalidInput("provider_id must be given for this_receiver, and for nothing else")
    return way, request.provider_id


def override_from_wire(request: service_pb.OverrideConsentRequest) -> tuple[OverrideGround, Assent | None]:
    """Read on what ground somebody goes ahead, and what the child says."""
    return (
        enum_from_wire(pb.OverrideGround, OverrideGround, request.ground, "ground"),
        optional_enum_from_wire(pb.Assent, Assent, request.child_assent, "child_assent"),
    )
