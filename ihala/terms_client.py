"""Come to terms with a provider for the person: agree, refuse, answer, hand over, or go ahead without consent."""

from collections.abc import Sequence
from enum import Enum

from ihala import referral_wire, request_wire
from ihala.consent_client import new_request_id
from ihala.enum_wire import number_of
from ihala.person import Person
from ihala.referral import Assent, Briefing
from ihala.referrals.v1 import referrals_pb2 as pb
from ihala.referrals.v1 import referrals_service_pb2 as service_pb
from ihala.referrals.v1 import referrals_service_pb2_grpc as ref_grpc
from ihala.terms import Handover, handover_from_wire


class OverrideGround(Enum):
    """Why somebody goes ahead without consent (R5)."""

    DANGER_TO_LIFE = "danger_to_life"
    CHILD_BEST_INTERESTS = "child_best_interests"
    LEGAL_DUTY = "legal_duty"


class Bargains:
    """The part of `Ihala` that speaks for the person on offers that were made."""

    _referrals: ref_grpc.ReferralsServiceStub

    async def agree(self, offer_id: str, *, request_id: str | None = None) -> None:
        """
        Say that the person agrees to a "yes, if".

        Raises:
            FailedPrecondition: ALREADY_PLACED, CONSENT_WITHDRAWN, or nothing was proposed (ILLEGAL_MOVE).
        """
        await self._referrals.AgreeOffer(
            service_pb.AgreeOfferRequest(request_id=request_id or new_request_id(), offer_id=offer_id)
        )

    async def refuse(self, offer_id: str, reason: str, *, request_id: str | None = None) -> None:
        """Say that the person does not want it, or cannot: with a code of the person's side, which has its effects."""
        await self._referrals.RefuseOffer(
            service_pb.RefuseOfferRequest(request_id=request_id or new_request_id(), offer_id=offer_id, reason=reason)
        )

    async def answer_info(
        self,
        offer_id: str,
        answer: str,
        *,
        person: Person | None = None,
        briefing: Briefing | None = None,
        request_id: str | None = None,
    ) -> None:
        """
        Answer a provider's question.

        Args:
            offer_id: The offer.

            answer: `told`, `not_known` or `not_told`.

            person: For `told`: the facts that are new.

            briefing: For `told`: what is new of the briefing.

            request_id: Recognises a repeat.

        Raises:
            FailedPrecondition: CONSENT_NOT_COVERING, or nothing was asked (ILLEGAL_MOVE).
        """
        await self._referrals.AnswerInfo(
            service_pb.AnswerInfoRequest(
                request_id=request_id or new_request_id(),
                offer_id=offer_id,
                answer=answer,
                person=None if person is None else request_wire.person_to_wire(person),
                briefing=None if briefing is None else referral_wire.briefing_to_wire(briefing),
            )
        )

    async def override_consent(
        self,
        case_ref: str,
        *,
        ground: OverrideGround,
        sealed_reason: bytes,
        provider_ids: Sequence[str],
        second_person: str = "",
        child_assent: Assent | None = None,
        request_id: str | None = None,
    ) -> str:
        """
        Go ahead without consent (R5).

        Args:
            case_ref: The case.

            ground: Why.

            sealed_reason: The reason, sealed by the caller; nobody else opens it.

            provider_ids: Who may be asked.

            second_person: Who signs besides, opaque; empty at night alone.

            child_assent: What the child says.

            request_id: Recognises a repeat.

        Returns:
            What `refer` takes as consent.

        Raises:
            FailedPrecondition: SECOND_PERSON_NEEDED, or PROVIDER_NOT_REFERABLE at night.
        """
        response = await self._referrals.OverrideConsent(
            service_pb.OverrideConsentRequest(
                request_id=request_id or new_request_id(),
                case_ref=case_ref,
                ground=number_of(pb.OverrideGround, "OVERRIDE_GROUND", ground),
                sealed_reason=sealed_reason,
                second_person=second_person,
                provider_ids=provider_ids,
                child_assent=number_of(pb.Assent, "ASSENT", child_assent),
            )
        )
        return str(response.consent_id)

    async def submit_handover(
        self, offer_id: str, sealed: bytes, key_id: str, *, request_id: str | None = None
    ) -> None:
        """Leave a handover for the provider, sealed for it: never an address."""
        await self._referrals.SubmitHandover(
            service_pb.SubmitHandoverRequest(
                request_id=request_id or new_request_id(),
                handover=pb.Handover(offer_id=offer_id, sealed=sealed, key_id=key_id),
            )
        )

    async def get_handover(self, offer_id: str) -> Handover:
        """
        Return what the provider has left.

        Raises:
            NotFound: nothing yet, or not any more.
        """
        response = await self._referrals.GetHandover(service_pb.GetHandoverRequest(offer_id=offer_id))
        return handover_from_wire(response.handover)
