"""
A provider's desk: read the offers made to it, and answer them.

`ihala.receiver` hands out alerts and answers them through a `Desk`; a program
that is told of offers in another way may use a `Desk` alone.
"""

import uuid
from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from ihala.desk_terms_client import DeskTerms
from ihala.enum_wire import member_of, number_of, time_from_wire, time_to_wire, word_of
from ihala.matching.v1 import matching_pb2 as match_pb
from ihala.person import Urgency
from ihala.profile import Profile
from ihala.referral import Hold, Via
from ihala.referral_wire import hold_from_wire
from ihala.referrals.v1 import referrals_pb2 as pb
from ihala.referrals.v1 import referrals_service_pb2 as service_pb
from ihala.referrals.v1 import referrals_service_pb2_grpc as ref_grpc
from ihala.service_client import ServiceClient
from ihala.terms import NO_TERMS, Terms, terms_from_wire


@dataclass(frozen=True, slots=True, kw_only=True)
class OfferView:
    """An offer as its receiver sees it; what it may know depends on where the offer stands (R10)."""

    offer_id: str
    provider_id: str
    receiver_id: str
    state: str
    version: int
    due_time: datetime | None
    due_kind: str
    urgency: Urgency | None
    code: str  #: the service asked for; empty until a person reads the offer
    facts: Mapping[str, Any]  #: facts that the provider's rules need, by name; empty until then
    briefing: Mapping[str, Any]  #: who brings, when, risks, by name; empty until then
    items: Mapping[str, int]  #: places asked for, by population
    hold: Hold | None
    read_time: datetime | None
    reason: str  #: why it is closed
    terms: Terms = NO_TERMS  #: on what it hangs
    area_cell: str = ""  #: of a question without identity: where the person is, an H3 cell of resolution 3
    is_divisible: bool = False  #: of a group of whom it may take a number
    is_answer_unread: bool = False  #: what the desk asked was answered, and nobody there has acknowledged it since


class Desk(DeskTerms, ServiceClient):
    """
    The receiver's side of referrals; an asynchronous context manager.

    Args:
        profile: Where referrals is and who calls.

        actor: Who sits at the desk, opaque; it stands in the audit log.

        on_behalf_of: The receiver for which a duty coordinator acts; empty for a receiver itself.

        via: How the answers reach the caller.
    """

    def __init__(
        self, profile: Profile, *, actor: str | None = None, on_behalf_of: str = "", via: Via = Via.SYSTEM
    ) -> None:
        super().__init__(profile, "referrals", actor=actor)
        self._stub = ref_grpc.ReferralsServiceStub(self._channel)
        self._for = on_behalf_of
        self._via = number_of(pb.Via, "VIA", via)

    async def list_offers(self, receiver_id: str) -> list[OfferView]:
        """List the receiver's open offers, the earliest due first, at most 500."""
        response = await self._stub.ListOffers(service_pb.ListOffersRequest(receiver_id=receiver_id, page_size=500))
        return [offer_from_wire(offer) for offer in response.offers]

    async def list_suspended(self, provider_id: str) -> list[OfferView]:
        """List what is open at a provider that a safeguarding flag was raised on (R33), for whoever is on duty."""
        request = service_pb.ListSuspendedOffersRequest(provider_id=provider_id, page_size=500)
        found: list[OfferView] = []
        while True:
            page = await self._stub.ListSuspendedOffers(request)
            found += map(offer_from_wire, page.offers)
            if not page.next_page_token:
                return found
            request.page_token = page.next_page_token

    async def read(self, offer_id: str) -> OfferView:
        """Read an offer as far as the desk may know it now; the reading is in the audit log."""
        response = await self._stub.ReadOffer(
            service_pb.ReadOfferRequest(offer_id=offer_id, on_behalf_of=self._for, via=self._via)
        )
        return offer_from_wire(response.offer)

    async def acknowledge(self, offer_id: str, **more: Any) -> OfferView:
        """Say that a person has read the offer."""
        return await self._command("Acknowledge", offer_id, **more)

    async def accept(
        self,
        offer_id: str,
        *,
        accept_beyond_report: bool = False,
        items: Mapping[str, int] | None = None,
        **more: Any,
    ) -> OfferView:
        """
        Say yes: to all, or to a number by population of an offer that is divisible.

        Raises:
            FailedPrecondition: ALREADY_PLACED; NO_PLACE unless `accept_beyond_report`.

            InvalidInput: more than were asked for, or fewer of people who stay together.
        """
        taken = [match_pb.PlaceItem(population=name, count=count) for name, count in (items or {}).items()]
        return await self._command(
            "Accept", offer_id, accept_beyond_report=accept_beyond_report, accept_items=taken, **more
        )

    async def decline(
        self,
        offer_id: str,
        reason: str,
        *,
        population: str = "",
        places_without_staff: bool = False,
        **more: Any,
    ) -> OfferView:
        """Say no, with a code of vocabulary `decline_reason`."""
        return await self._command(
            "Decline",
            offer_id,
            reason=reason,
            population=population,
            places_without_staff=places_without_staff,
            **more,
        )

    async def depart(self, offer_id: str, **more: Any) -> OfferView:
        """Say that the person is on the way."""
        return await self._command("Depart", offer_id, **more)

    async def arrive(self, offer_id: str, **more: Any) -> OfferView:
        """Say that the person has arrived; never refused."""
        return await self._command("Arrive", offer_id, **more)

    async def fail(self, offer_id: str, reason: str, **more: Any) -> OfferView:
        """Say that the person did not arrive, or that the place was none."""
        return await self._command("Fail", offer_id, reason=reason, **more)

    async def complete(self, offer_id: str, outcome: str, **more: Any) -> OfferView:
        """Say that the service is done, with a code of vocabulary `outcome`."""
        return await self._command("Complete", offer_id, outcome=outcome, **more)

    async def _command(
        self,
        verb: str,
        offer_id: str,
        *,
        request_id: str | None = None,
        expected_version: int = 0,
        occurred_time: datetime | None = None,
        **facts: Any,
    ) -> OfferView:
        method = verb if verb in {"AnswerProbe", "RequestInfo"} else f"{verb}Offer"
        request = getattr(service_pb, f"{method}Request")(
            offer_id=offer_id,
            request_id=request_id or uuid.uuid4().hex,
            expected_version=expected_version,
            on_behalf_of=self._for,
            via=self._via,
            occurred_time=time_to_wire(occurred_time, "occurred_time"),
            **facts,
        )
        response = await getattr(self._stub, method)(request)
        return offer_from_wire(response.offer)


def offer_from_wire(offer: pb.OfferView) -> OfferView:
    """Read an offer."""
    return OfferView(
        offer_id=offer.offer_id,
        provider_id=offer.provider_id,
        receiver_id=offer.receiver_id,
        state=word_of(pb.OfferState, "OFFER_STATE", offer.state),
        version=offer.version,
        due_time=time_from_wire(offer, "due_time"),
        due_kind=word_of(pb.DueKind, "DUE_KIND", offer.due_kind),
        urgency=member_of(Urgency, match_pb.Urgency, "URGENCY", offer.urgency),
        code=offer.code,
        facts=_facts_from_wire(offer.person),
        briefing=_briefing_from_wire(offer.briefing),
        items={item.population: item.count for item in offer.items},
        hold=hold_from_wire(offer.hold) if offer.HasField("hold") else None,
        read_time=time_from_wire(offer, "read_time"),
        reason=offer.reason,
        terms=terms_from_wire(offer),
        area_cell=offer.area_cell,
        is_divisible=offer.divisible,
        is_answer_unread=offer.answer_unread,
    )


def _facts_from_wire(person: Any) -> dict[str, Any]:
    facts: dict[str, Any] = {}
    if person.HasField("age"):
        age = person.age
        facts["age"] = (
            age.min_years if age.HasField("min_years") else None,
            age.max_years if age.HasField("max_years") else None,
        )
    for name, words, prefix in (
        ("sex", match_pb.Sex, "SEX"),
        ("gender", match_pb.Gender, "GENDER"),
        ("process", match_pb.Process, "PROCESS"),
    ):
        if person.HasField(name):
            facts[name] = word_of(words, prefix, getattr(person, name))
    if person.HasField("languages"):
        facts["languages"] = list(person.languages.languages)
    for name in ("family", "exploitation", "accessibility"):
        if person.HasField(name):
            facts[name] = list(getattr(person, name).codes)
    for name in ("unaccompanied", "has_documents", "status_class"):
        if person.HasField(name):
            facts[name] = getattr(person, name)
    return facts


def _briefing_from_wire(briefing: Any) -> dict[str, Any]:
    found = {
        "brought_by": word_of(pb.BroughtBy, "BROUGHT_BY", briefing.brought_by),
        "risk": word_of(pb.Risk, "RISK", briefing.risk),
        "precaution": word_of(pb.Precaution, "PRECAUTION", briefing.precaution),
        "arrive_start_time": time_from_wire(briefing, "arrive_start_time"),
        "arrive_end_time": time_from_wire(briefing, "arrive_end_time"),
    }
    return {name: value for name, value in found.items() if value}
