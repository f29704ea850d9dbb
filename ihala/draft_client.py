"""Ask without identity, send what was only asked, and take back what was a mistake."""

from collections.abc import Collection, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from enum import Enum

from ihala import referral_wire
from ihala.answer import MatchToken
from ihala.consent_client import consent_id_of, new_request_id
from ihala.enum_wire import time_from_wire
from ihala.referral import Briefing, Consent, Referral
from ihala.referrals.v1 import referrals_pb2 as pb
from ihala.referrals.v1 import referrals_service_pb2 as service_pb
from ihala.referrals.v1 import referrals_service_pb2_grpc as ref_grpc


class Awaiting(Enum):
    """What a draft waits for."""

    CONSENT = "consent"
    APPROVAL = "approval"


@dataclass(frozen=True, slots=True, kw_only=True)
class Probed:
    """The answer to `probe`; what never changes, so that a repeat equals the first answer."""

    referral_id: str
    offer_ids: Mapping[str, str]  #: offer id by provider id
    create_time: datetime | None
    is_replayed: bool


class Drafts:
    """The part of `Ihala` that comes before anybody is told of a person, or takes it back."""

    _referrals: ref_grpc.ReferralsServiceStub

    async def probe(
        self,
        token: MatchToken,
        choices: Sequence[tuple[int, str]],
        *,
        case_ref: str,
        person_ref: str = "",
        gates_confirmed: Collection[str] = (),
        request_id: str | None = None,
    ) -> Probed:
        """
        Ask providers without identity whether they could take somebody: no consent is needed yet (R10).

        The first that can holds the place for minutes; the others end. Then `send_offer`.

        Args:
            token: `answer.token`, at most 30 minutes old.

            choices: (need number, provider id) for each provider.

            case_ref: The caller's case.

            person_ref: The caller's person, opaque.

            gates_confirmed: As in `refer`.

            request_id: Makes a repeat harmless. None: a new one.

        Raises:
            FailedPrecondition: MATCH_STALE, PROVIDER_SUSPENDED, PROVIDER_NOT_REFERABLE, GATE_NOT_CONFIRMED.
        """
        response = await self._referrals.ProbeProviders(
            service_pb.ProbeProvidersRequest(
                request_id=request_id or new_request_id(),
                match_token=token.text,
                match_request=token.request,  # type: ignore[arg-type]  # opaque to the caller, ours all the same
                choices=referral_wire.choices_to_wire(choices, gates_confirmed),
                case_ref=case_ref,
                person_ref=person_ref,
            )
        )
        return Probed(
            referral_id=response.referral_id,
            offer_ids={offer.provider_id: offer.offer_id for offer in response.offers},
            create_time=time_from_wire(response, "create_time"),
            is_replayed=response.replayed,
        )

    async def send_offer(
        self,
        offer_id: str,
        token: MatchToken,
        *,
        consent: Consent | str,
        briefing: Briefing | None = None,
        gate_confirmed: bool = False,
        request_id: str | None = None,
    ) -> None:
        """
        Send an offer that was a draft, or waited for consent or approval: its provider is told who.

        Raises:
            FailedPrecondition: as `refer`; ALREADY_PLACED; SECOND_PERSON_NEEDED for one's own request for approval.
        """
        await self._referrals.SendOffer(
            service_pb.SendOfferRequest(
                request_id=request_id or new_request_id(),
                offer_id=offer_id,
                match_token=token.text,
                match_request=token.request,  # type: ignore[arg-type]  # as in `probe`
                consent_id=consent_id_of(consent),
                briefing=referral_wire.briefing_to_wire(briefing) if briefing else None,
                gate_confirmed=gate_confirmed,
            )
        )

    async def defer_offer(self, offer_id: str, awaiting: Awaiting, *, request_id: str | None = None) -> None:
        """Let a draft wait until the person has consented, or until another worker has approved it."""
        state = pb.OFFER_STATE_AWAITING_CONSENT if awaiting is Awaiting.CONSENT else pb.OFFER_STATE_AWAITING_APPROVAL
        await self._referrals.DeferOffer(
            service_pb.DeferOfferRequest(request_id=request_id or new_request_id(), offer_id=offer_id, awaiting=state)
        )

    async def void_offer(self, offer_id: str, *, request_id: str | None = None) -> None:
        """Say that an offer was made by mistake; its place is given back."""
        await self._referrals.VoidOffer(
            service_pb.VoidOfferRequest(request_id=request_id or new_request_id(), offer_id=offer_id)
        )

    async def void_referral(self, referral_id: str, *, request_id: str | None = None) -> Referral:
        """Say that a referral was made by mistake, with all of its offers."""
        response = await self._referrals.VoidReferral(
            service_pb.VoidReferralRequest(request_id=request_id or new_request_id(), referral_id=referral_id)
        )
        return referral_wire.referral_from_wire(response.referral)
