"""Record, see and withdraw what a person has consented to."""

import uuid
from collections.abc import Sequence
from datetime import datetime, timedelta

from ihala import referral_wire
from ihala.answer import ReceiverClass
from ihala.enum_wire import number_of
from ihala.referral import Assent, Consent, ConsentMethod, GivenBy, Withdrawal
from ihala.referrals.v1 import referrals_pb2 as pb
from ihala.referrals.v1 import referrals_service_pb2 as service_pb
from ihala.referrals.v1 import referrals_service_pb2_grpc as ref_grpc

CONSENT_VALID = timedelta(days=30)  #: how long a consent holds if the caller names no end
PAGE_SIZE = 500


def new_request_id() -> str:
    """Make a request id for callers that keep none of their own."""
    return uuid.uuid4().hex


class Consents:
    """The part of `Ihala` that is about consent."""

    _referrals: ref_grpc.ReferralsServiceStub

    async def record_consent(
        self,
        case_ref: str,
        receivers: ReceiverClass | Sequence[str],
        fields: Sequence[str],
        *,
        given_by: GivenBy,
        method: ConsentMethod,
        purposes: Sequence[str] = ("referral",),
        start_time: datetime | None = None,
        end_time: datetime | None = None,
        valid_for: timedelta | None = None,
        child_assent: Assent | None = None,
        language: str = "",
        request_id: str | None = None,
    ) -> Consent:
        """
        Record a person's consent: which receivers, fields and purposes, until when (R1).

        Args:
            case_ref: The caller's case, opaque, `[A-Za-z0-9_-]{1,64}`.

            receivers: A class, for example `row.receiver_class`, or provider ids.

            fields: What may be disclosed, for example `row.needed_fields`.

            given_by: Who gave it.

            method: How.

            purposes: What for.

            start_time: From when; None: from now, by the server's clock.

            end_time: Until when.

            valid_for: For how long from its start, instead of `end_time`; 30 days if neither is given.

            child_assent: The child's own word (R37).

            language: In which language it was given, BCP 47.

            request_id: Makes a repeat harmless; None: a new one.
        """
        response = await self._referrals.RecordConsent(
            service_pb.RecordConsentRequest(
                request_id=request_id or new_request_id(),
                consent=referral_wire.consent_to_wire(
                    case_ref,
                    receivers,
                    fields=fields,
                    purposes=purposes,
                    start_time=start_time,
                    end_time=end_time,
                    valid_for=CONSENT_VALID if end_time is None and valid_for is None else valid_for,
                    given_by=given_by,
                    child_assent=child_assent,
                    method=method,
                    language=language,
                ),
            )
        )
        return referral_wire.consent_from_wire(response.consent)

    async def withdraw_consent(
        self,
        consent: Consent | str,
        withdrawal: Withdrawal,
        *,
        provider_id: str = "",
        request_id: str | None = None,
    ) -> Consent:
        """Withdraw a consent: for one receiver, for all sharing, or for the service itself (R3)."""
        response = await self._referrals.WithdrawConsent(
            service_pb.WithdrawConsentRequest(
                request_id=request_id or new_request_id(),
                consent_id=consent_id_of(consent),
                withdrawal=number_of(pb.Withdrawal, "WITHDRAWAL", withdrawal),
                provider_id=provider_id,
            )
        )
        return referral_wire.consent_from_wire(response.consent)

    async def get_consent(self, consent_id: str) -> Consent:
        """Return a consent of the caller's own."""
        response = await self._referrals.GetConsent(service_pb.GetConsentRequest(consent_id=consent_id))
        return referral_wire.consent_from_wire(response.consent)

    async def list_consents(self, case_ref: str) -> list[Consent]:
        """List the consents of a case, the newest first, at most 500."""
        response = await self._referrals.ListConsents(
            service_pb.ListConsentsRequest(case_ref=case_ref, page_size=PAGE_SIZE)
        )
        return [referral_wire.consent_from_wire(consent) for consent in response.consents]


def consent_id_of(consent: Consent | str) -> str:
    """Return the id of a consent that may be given as such."""
    return consent if isinstance(consent, str) else consent.consent_id
