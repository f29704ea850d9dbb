"""A referrals service and a directory of one desk: what the page asks over real channels, and what it is told."""

from collections.abc import Callable
from datetime import datetime, timedelta
from typing import Any

import h3
from google.protobuf.timestamp_pb2 import Timestamp

from ihala.directory.v1 import directory_pb2 as dir_types
from ihala.directory.v1 import directory_service_pb2 as dir_pb
from ihala.directory.v1.directory_service_pb2_grpc import DirectoryServiceServicer
from ihala.matching.v1 import matching_pb2 as match_pb
from ihala.referrals.v1 import referrals_pb2 as pb
from ihala.referrals.v1 import referrals_service_pb2 as service_pb
from ihala.referrals.v1.referrals_service_pb2_grpc import ReferralsServiceServicer
from services.errors import FailedPrecondition, InvalidInput, NotFound, Reason, Unavailable
from services.runtime.auth import Role, current_principal

HOUSE = "house-1"
TRIPOLI_CELL = h3.latlng_to_cell(32.887, 13.187, 3)
#: words that no screen before the PIN may hold
CANARIES = ("Refuge of the Hill", "دار التلة", "ACC-EMG", "provider-1", "Tripoli", "emergency safe place", "Tigrinya")


def stamp(time: datetime) -> Timestamp:
    message = Timestamp()
    message.FromDatetime(time)
    return message


class FakeReferrals(ReferralsServiceServicer):
    """Offers of one desk; the moves of the state machine that the page can press."""

    def __init__(self, now: Callable[[], datetime]) -> None:
        self._now = now
        self.offers: dict[str, pb.OfferView] = {}
        self.commands: list[tuple[str, Any]] = []
        self.actors: list[str | None] = []
        self.answers: dict[str, Any] = {}
        self.refuse_next: Exception | None = None
        self.handovers: dict[str, pb.Handover] = {}
        self.is_without_handovers = False
        self.readers: list[str | None] = []

    def offer(self, offer_id: str = "offer-1", *, receiver_id: str = HOUSE, **more: Any) -> pb.OfferView:
        now = self._now()
        self.offers[offer_id] = pb.OfferView(
            offer_id=offer_id,
            provider_id="provider-1",
            receiver_id=receiver_id,
            state=pb.OFFER_STATE_REQUESTED,
            version=1,
            due_time=stamp(now + timedelta(minutes=25)),
            due_kind=pb.DUE_KIND_READ,
            urgency=match_pb.URGENCY_IMMEDIATE,
            items=[match_pb.PlaceItem(population="girls", count=1)],
            **more,
        )
        return self.offers[offer_id]

    async def ListOffers(self, request: Any, context: Any) -> Any:
        return service_pb.ListOffersResponse(
            offers=[self._view(each) for each in self.offers.values() if each.receiver_id == request.receiver_id]
        )

    async def ReadOffer(self, request: Any, context: Any) -> Any:
        return service_pb.ReadOfferResponse(offer=self._view(self._own(request)))

    async def AcknowledgeOffer(self, request: Any, context: Any) -> Any:
        return self._move("Acknowledge", request, pb.OFFER_STATE_RECEIVED)

    async def AcceptOffer(self, request: Any, context: Any) -> Any:
        return self._move("Accept", request, pb.OFFER_STATE_ACCEPTED)

    async def AnswerProbe(self, request: Any, context: Any) -> Any:
        return self._move("AnswerProbe", request, pb.OFFER_STATE_DRAFT)

    async def ProposeOffer(self, request: Any, context: Any) -> Any:
        return self._move("Propose", request, pb.OFFER_STATE_PROPOSED)

    async def RequestInfo(self, request: Any, context: Any) -> Any:
        return self._move("RequestInfo", request, pb.OFFER_STATE_INFO_REQUESTED)

    async def WaitlistOffer(self, request: Any, context: Any) -> Any:
        return self._move("Waitlist", request, pb.OFFER_STATE_WAITLISTED)

    async def GetHandover(self, request: Any, context: Any) -> Any:
        if self.is_without_handovers:
            raise Unavailable("what was left cannot be read now")
        offer, left = self._own(request), self.handovers.get(request.offer_id)
        if left is None or offer.state != pb.OFFER_STATE_ACCEPTED:
            raise NotFound("there is no such object")
        self.readers.append(current_principal().actor)
        return service_pb.GetHandoverResponse(handover=left)

    async def DeclineOffer(self, request: Any, context: Any) -> Any:
        return self._move("Decline", request, pb.OFFER_STATE_REJECTED)

    async def ArriveOffer(self, request: Any, context: Any) -> Any:
        return self._move("Arrive", request, pb.OFFER_STATE_IN_PROGRESS)

    async def FailOffer(self, request: Any, context: Any) -> Any:
        return self._move("Fail", request, pb.OFFER_STATE_FAILED)

    async def CompleteOffer(self, request: Any, context: Any) -> Any:
        return self._move("Complete", request, pb.OFFER_STATE_COMPLETED)

    def _own(self, request: Any) -> pb.OfferView:
        principal, offer = current_principal(), self.offers.get(request.offer_id)
        if principal.has(Role.SERVICE):
            assert request.via == pb.VIA_PAGE
            own = frozenset({request.on_behalf_of})
        else:
            own = principal.receiver_ids
        if offer is None or offer.receiver_id not in own:
            raise NotFound("there is no such object")
        return offer

    def _move(self, verb: str, request: Any, state: Any) -> Any:
        refusal, self.refuse_next = self.refuse_next, None
        if refusal is not None:
            raise refusal
        offer = self._own(request)
        if request.request_id in self.answers:
            return self.answers[request.request_id]
        self.commands.append((verb, request))
        self.actors.append(current_principal().actor)
        if verb != "Acknowledge" or offer.state != pb.OFFER_STATE_PROBING:
            offer.state = state
        if verb == "Propose":
            offer.conditions[:] = request.conditions
            for name in ("arrive_start_time", "stay_end_time"):
                if request.HasField(name):
                    getattr(offer, name).CopyFrom(getattr(request, name))
        if verb == "RequestInfo":
            offer.question, offer.answer = request.question, ""
        if verb == "Waitlist":
            offer.wait_until_time.CopyFrom(request.wait_until_time)
        offer.version += 1
        name = verb if verb in {"AnswerProbe", "RequestInfo"} else f"{verb}Offer"
        response = getattr(service_pb, f"{name}Response")(offer=self._view(offer))
        self.answers[request.request_id] = response
        return response

    def _view(self, offer: pb.OfferView) -> pb.OfferView:
        """Show what may be seen in this state (R10)."""
        view = pb.OfferView()
        view.CopyFrom(offer)
        if offer.state in {pb.OFFER_STATE_PROBING, pb.OFFER_STATE_DRAFT}:
            view.code = "ACC-EMG"
            view.area_cell = TRIPOLI_CELL
        if offer.state in {pb.OFFER_STATE_RECEIVED, pb.OFFER_STATE_ACCEPTED, pb.OFFER_STATE_IN_PROGRESS}:
            view.code = "ACC-EMG"
            view.person.CopyFrom(
                match_pb.Person(
                    age=match_pb.AgeRange(min_years=15, max_years=17, basis=match_pb.AGE_BASIS_STATED),
                    sex=match_pb.SEX_FEMALE,
                    languages=match_pb.LanguageList(languages=["ti"]),
                    unaccompanied=True,
                )
            )
            view.briefing.CopyFrom(
                pb.Briefing(
                    brought_by=pb.BROUGHT_BY_WORKER,
                    arrive_start_time=stamp(self._now() + timedelta(hours=1)),
                    arrive_end_time=stamp(self._now() + timedelta(hours=2)),
                    risk=pb.RISK_NONE_KNOWN,
                    precaution=pb.PRECAUTION_NONE,
                )
            )
        return view


class FakeDirectory(DirectoryServiceServicer):
    """The desk `house-1` in Tripoli with its one house."""

    def __init__(self) -> None:
        self.name = "Refuge of the Hill"
        self.places = {"girls": (6, 4)}
        self.reports: list[Any] = []
        self.is_away = False

    async def GetReceiver(self, request: Any, context: Any) -> Any:
        if not request.receiver_id.startswith("house-"):
            raise NotFound("there is no such object")
        return dir_pb.GetReceiverResponse(
            receiver=dir_types.Receiver(receiver_id=request.receiver_id, time_zone="Africa/Tripoli")
        )

    async def ListProviders(self, request: Any, context: Any) -> Any:
        if self.is_away:
            raise Unavailable("the directory is away")
        if request.receiver_id != HOUSE:
            return dir_pb.ListProvidersResponse()
        return dir_pb.ListProvidersResponse(providers=[self._house()])

    async def ReportPlaces(self, request: Any, context: Any) -> Any:
        for report in request.reports:
            if report.occupied > 1000:
                raise InvalidInput("reports[0].occupied must be in [0, 1000]")
            self.places[report.population] = (report.total, report.occupied)
        self.reports.append(request)
        return dir_pb.ReportPlacesResponse(provider=self._house())

    def _house(self) -> dir_types.Provider:
        return dir_types.Provider(
            provider_id="provider-1",
            receiver_id=HOUSE,
            time_zone="Africa/Tripoli",
            country_code="LY",
            names=[
                dir_types.LocalizedText(language="en", text=self.name),
                dir_types.LocalizedText(language="ar", text="دار التلة"),
            ],
            place_reports=[
                dir_types.PlaceReport(population=population, total=total, occupied=occupied)
                for population, (total, occupied) in self.places.items()
            ],
        )


def no_place() -> FailedPrecondition:
    return FailedPrecondition("no place is free", reason=Reason.NO_PLACE)


def already_placed() -> FailedPrecondition:
    return FailedPrecondition("another offer was accepted", reason=Reason.ALREADY_PLACED)
