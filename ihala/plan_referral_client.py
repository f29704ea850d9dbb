"""Refer many people at once, as a plan has assigned them."""

from base64 import b64decode
from collections.abc import Collection, Mapping, Sequence
from dataclasses import dataclass

from google.protobuf.message import DecodeError

from ihala import referral_wire
from ihala.consent_client import consent_id_of, new_request_id
from ihala.matching.v1 import matching_pb2 as match_pb
from ihala.referral import Briefing, Consent
from ihala.referrals.v1 import referrals_service_pb2 as service_pb
from ihala.referrals.v1 import referrals_service_pb2_grpc as ref_grpc
from services.errors import InvalidInput


@dataclass(frozen=True, slots=True, kw_only=True)
class ToRefer:
    """A part of a plan that is referred: as it was assigned, or fewer of its people."""

    label: str
    need_no: int
    provider_id: str
    count: int
    items: Mapping[str, int]  #: places by population
    party_no: int = 0  #: of those who stay together; 0: each can go alone


@dataclass(frozen=True, slots=True, kw_only=True)
class PlannedReferral:
    """What became of all that one provider is asked for."""

    referral_id: str  #: empty: its places were taken meanwhile, and nothing was made
    offer_id: str  #: empty: nobody is asked yet for a need that a rule added (R35); it stays open
    provider_id: str
    labels: tuple[str, ...]  #: the groups whose people it is for


class PlanReferrals:
    """The part of `Ihala` that refers a plan."""

    _referrals: ref_grpc.ReferralsServiceStub

    async def refer_plan(
        self,
        match_token: str,
        parts: Sequence[ToRefer],
        *,
        case_ref: str,
        consent: Consent | str,
        briefing: Briefing | None = None,
        arranged: Collection[str] = (),
        request_id: str | None = None,
    ) -> Sequence[PlannedReferral]:
        """
        Ask each provider of a plan once, for all of its part, on one consent (R52).

        Args:
            match_token: The text that the plan has, at most 30 minutes old.

            parts: What to refer.

            case_ref: The case of the group.

            consent: Covers every provider, as a rule of a class.

            briefing: What receivers are told besides.

            arranged: Codes of needs that a rule adds and that are met elsewhere, for example LEG-GRD.

            request_id: Makes a repeat harmless. None: a new one.

        Raises:
            FailedPrecondition: as `refer`; nothing is made then.
        """
        token, plan = _token_of(match_token)
        response = await self._referrals.CreateReferrals(
            service_pb.CreateReferralsRequest(
                request_id=request_id or new_request_id(),
                match_token=token,
                plan_request=plan,
                assignments=[_assignment(part) for part in parts],
                case_ref=case_ref,
                consent_id=consent_id_of(consent),
                briefing=referral_wire.briefing_to_wire(briefing) if briefing else None,
                arranged_codes=arranged,
            )
        )
        return [_planned(each) for each in response.referrals]


def _token_of(text: str) -> tuple[str, match_pb.PlanMatchesRequest]:
    token, _, encoded = text.partition("~")
    try:
        plan = match_pb.PlanMatchesRequest.FromString(b64decode(encoded, altchars=b"-_", validate=True))
    except (ValueError, DecodeError):
        plan = match_pb.PlanMatchesRequest()
    if not token or not plan.groups:
        raise InvalidInput("match_token must be the text that a plan gave")
    return token, plan


def _assignment(part: ToRefer) -> match_pb.Assignment:
    return match_pb.Assignment(
        label=part.label,
        need_no=part.need_no,
        provider_id=part.provider_id,
        count=part.count,
        items=[match_pb.PlaceItem(population=each, count=count) for each, count in part.items.items()],
        party_no=part.party_no,
    )


def _planned(made: service_pb.CreateReferralResponse) -> PlannedReferral:
    if not made.referral_id:
        lost = made.lost_places[0].provider_id
        return PlannedReferral(referral_id="", offer_id="", provider_id=lost, labels=())
    if not made.offers:
        return PlannedReferral(referral_id=made.referral_id, offer_id="", provider_id="", labels=())
    (offer,) = made.offers
    return PlannedReferral(
        referral_id=made.referral_id,
        offer_id=offer.offer_id,
        provider_id=offer.provider_id,
        labels=tuple(offer.labels),
    )
