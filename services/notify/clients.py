"""Call the referrals service and the directory for a desk: the answer page acts, and says for whom."""

from collections.abc import AsyncIterator, Mapping, Sequence
from datetime import datetime
from typing import Any
from uuid import uuid4

from ihala.directory.v1 import directory_pb2 as dir_types
from ihala.directory.v1 import directory_service_pb2 as dir_pb
from ihala.directory.v1 import directory_service_pb2_grpc as dir_grpc
from ihala.matching.v1 import matching_pb2 as match_pb
from ihala.referrals.v1 import referrals_pb2 as ref_types
from ihala.referrals.v1 import referrals_service_pb2 as ref_pb
from ihala.referrals.v1 import referrals_service_pb2_grpc as ref_grpc
from services.errors import NotFound
from services.notify.history import FeedCursor, FeedPage, WantedTask
from services.notify.model import Desk
from services.notify.shown import Handover, House, Offer, ReportedPlaces
from services.notify.wire.offers import handover_from_wire, house_from_wire, offer_from_wire, terms_to_wire
from services.runtime.auth import ACTOR_METADATA_KEY
from services.runtime.channel import Channel
from services.runtime.times import time_to_wire

PAGE_SIZE = 100
MOST_HEARD = 500  #: of one call
VIA = ref_types.VIA_PAGE
WHOLE_NAMES = frozenset({"AnswerProbe", "RequestInfo"})  #: of methods


class RemoteReferrals:
    """Offers by RPC, on behalf of a receiver, by way of the page."""

    def __init__(self, channel: Channel) -> None:
        self._stub = ref_grpc.ReferralsServiceStub(channel)

    async def list_offers(self, receiver_id: str) -> list[Offer]:
        """List a receiver's open offers, the earliest due first."""
        response = await self._stub.ListOffers(ref_pb.ListOffersRequest(receiver_id=receiver_id, page_size=PAGE_SIZE))
        return [offer_from_wire(offer) for offer in response.offers]

    async def read(self, offer_id: str, receiver_id: str, by: str) -> Offer:
        """
        Read an offer as far as its receiver may now.

        Args:
            offer_id: The offer.

            receiver_id: For whom.

            by: The device at which somebody reads; it stands in the audit.

        Raises:
            NotFound: there is none, or it is another receiver's.
        """
        response = await self._stub.ReadOffer(
            ref_pb.ReadOfferRequest(offer_id=offer_id, on_behalf_of=receiver_id, via=VIA),
            metadata=[(ACTOR_METADATA_KEY, by)],
        )
        return _own(response.offer, receiver_id)

    async def handover(self, offer_id: str, receiver_id: str, by: str) -> Handover | None:
        """
        Return what the sender has left for the meeting; None: nothing, or nobody is expected any more.

        Args:
            offer_id: An offer that was accepted.

            receiver_id: For whom.

            by: The device; each reading is in the audit.
        """
        request = ref_pb.GetHandoverRequest(offer_id=offer_id, on_behalf_of=receiver_id, via=VIA)
        try:
            response = await self._stub.GetHandover(request, metadata=[(ACTOR_METADATA_KEY, by)])
        except NotFound:
            return None
        return handover_from_wire(response.handover)

    async def answer(self, verb: str, offer_id: str, receiver_id: str, by: str, request_id: str, **facts: Any) -> Offer:
        """
        Give a person's answer: whatever the offer's version is, it must not be lost.

        Args:
            verb: `Acknowledge`, `AnswerProbe`, `Accept`, `Propose`, `RequestInfo`, `Waitlist`, `Decline`, `Arrive`,
                `Fail` or `Complete`.

            offer_id: The offer.

            receiver_id: For whom.

            by: The device at which somebody pressed; it stands in the audit.

            request_id: The same for the same press of a button.

            facts: What the verb takes besides, for example `reason`.
        """
        method = method_of(verb)
        request = getattr(ref_pb, f"{method}Request")(
            offer_id=offer_id, request_id=request_id, on_behalf_of=receiver_id, via=VIA, **terms_to_wire(facts)
        )
        response = await getattr(self._stub, method)(request, metadata=[(ACTOR_METADATA_KEY, by)])
        return _own(response.offer, receiver_id)


class RemoteSenders:
    """What referrals tells of senders' feeds, and the tasks that it opens for people, by RPC."""

    def __init__(self, channel: Channel) -> None:
        self._stub = ref_grpc.ReferralsServiceStub(channel)

    async def open_task(self, wanted: WantedTask) -> None:
        """
        Have a person's task opened; a repeat opens no second one.

        Raises:
            NotFound: referrals knows no such offer.

            Unavailable: it cannot be asked now.
        """
        await self._stub.OpenDeadLetter(
            ref_pb.OpenDeadLetterRequest(
                request_id=wanted.request_id,
                offer_id=wanted.offer_id,
                client_id=wanted.client_id,
                urgency=match_pb.Urgency.Value(f"URGENCY_{wanted.urgency.name}"),
            )
        )

    async def watch(self, client_id: str, at: FeedCursor | None) -> AsyncIterator[FeedPage]:
        """
        Follow the feed of a sender.

        Args:
            client_id: The sender.

            at: Where it was heard to the end; None to begin with what comes.

        Raises:
            FailedPrecondition: EPOCH_CHANGED.

            Unavailable: referrals cannot be asked now.
        """
        request = ref_pb.WatchSenderEventsRequest(
            client_id=client_id,
            epoch=at.epoch if at else "",
            after_revision=at.revision if at else 0,
            from_end=at is None,
        )
        call = self._stub.WatchSenderEvents(request)
        try:
            async for message in call:
                yield FeedPage(
                    cursor=FeedCursor(epoch=message.epoch, revision=message.revision),
                    events=tuple((each.event_id, each.revision) for each in message.events),
                )
        finally:
            call.cancel()  # grpc keeps an abandoned call open


class RemoteDirectory:
    """Desks and their houses by RPC."""

    def __init__(self, channel: Channel) -> None:
        self._stub = dir_grpc.DirectoryServiceStub(channel)

    async def desk(self, receiver_id: str) -> Desk:
        """
        Find a receiver.

        Raises:
            NotFound: there is none, or it is archived.
        """
        response = await self._stub.GetReceiver(dir_pb.GetReceiverRequest(receiver_id=receiver_id))
        if response.receiver.archived:
            raise NotFound("there is no such object")
        return Desk(receiver_id=receiver_id, time_zone=response.receiver.time_zone or "UTC")

    async def houses(self, receiver_id: str) -> list[House]:
        """List the providers of a receiver."""
        response = await self._stub.ListProviders(
            dir_pb.ListProvidersRequest(receiver_id=receiver_id, page_size=PAGE_SIZE)
        )
        return [house_from_wire(provider) for provider in response.providers]

    async def has_confidential(self, receiver_id: str) -> bool:
        """Say whether any provider of a receiver is a confidential site; one that nobody may see counts as one."""
        response = await self._stub.ListProviders(
            dir_pb.ListProvidersRequest(receiver_id=receiver_id, page_size=PAGE_SIZE)
        )
        return bool(response.next_page_token) or any(
            provider.disclosure != dir_types.DISCLOSURE_PUBLIC for provider in response.providers
        )

    async def report_places(
        self, provider_id: str, reports: Sequence[ReportedPlaces], request_id: str, now: datetime
    ) -> None:
        """Tell how many places a house has now."""
        await self._stub.ReportPlaces(
            dir_pb.ReportPlacesRequest(
                request_id=request_id,
                provider_id=provider_id,
                reports=[
                    dir_types.PlaceReport(
                        population=report.population,
                        total=report.total,
                        occupied=report.occupied,
                        report_time=time_to_wire(now),
                    )
                    for report in reports
                ],
            )
        )

    async def report_heard(self, time_by_receiver: Mapping[str, datetime]) -> None:
        """Tell when desks were heard, by id."""
        heard = [
            dir_pb.HeardReceiver(receiver_id=each, heard_time=time_to_wire(at)) for each, at in time_by_receiver.items()
        ]
        for start in range(0, len(heard), MOST_HEARD):
            await self._stub.ReportReceiversHeard(
                dir_pb.ReportReceiversHeardRequest(request_id=uuid4().hex, heard=heard[start : start + MOST_HEARD])
            )


def method_of(verb: str) -> str:
    """Name the method by which an answer is given."""
    return verb if verb in WHOLE_NAMES else f"{verb}Offer"


def _own(offer: ref_types.OfferView, receiver_id: str) -> Offer:
    if offer.receiver_id != receiver_id:  # the referrals service holds to it too; this door does by itself
        raise NotFound("there is no such object")
    return offer_from_wire(offer)
