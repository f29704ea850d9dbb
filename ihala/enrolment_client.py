"""Desks of the directory: make and list them, let them hear of providers, report their places."""

import uuid
from collections.abc import AsyncIterator, Mapping, Sequence
from dataclasses import replace
from datetime import UTC, datetime
from typing import Final

from google.protobuf.field_mask_pb2 import FieldMask

from ihala import directory_wire as wire
from ihala.directory.v1 import directory_pb2 as pb
from ihala.directory.v1 import directory_service_pb2 as service_pb
from ihala.directory.v1 import directory_service_pb2_grpc as dir_grpc
from ihala.records import PlaceReport, Provider, ReceiverRecord

_PAGE_SIZE: Final = 500


class Enrolment:
    """The part of `Directory` that is about desks and what they report."""

    _stub: dir_grpc.DirectoryServiceStub

    async def report_places(
        self, provider_id: str, reports: Sequence[PlaceReport], *, request_id: str | None = None
    ) -> Provider:
        """
        Report the places of a provider's pool; populations that are not named keep theirs.

        Args:
            provider_id: Any provider of the pool.

            reports: One a population; those without a time are of now.

            request_id: Makes a repeat harmless; None: a new one.
        """
        now = datetime.now(UTC)
        timed = [each if each.report_time else replace(each, report_time=now) for each in reports]
        response = await self._stub.ReportPlaces(
            service_pb.ReportPlacesRequest(
                request_id=request_id or uuid.uuid4().hex,
                provider_id=provider_id,
                reports=wire.reports_to_wire(timed),
            )
        )
        return wire.provider_from_wire(response.provider)

    async def create_receiver(
        self,
        names: Mapping[str, str],
        *,
        languages: Sequence[str] = (),
        time_zone: str = "",
        request_id: str | None = None,
    ) -> ReceiverRecord:
        """Make a desk; with the request id of one that was made, return that one."""
        response = await self._stub.CreateReceiver(
            service_pb.CreateReceiverRequest(
                request_id=request_id or uuid.uuid4().hex,
                receiver=pb.Receiver(
                    names=[pb.LocalizedText(language=language, text=text) for language, text in names.items()],
                    languages=languages,
                    time_zone=time_zone,
                ),
            )
        )
        return wire.receiver_from_wire(response.receiver)

    async def list_receivers(self) -> AsyncIterator[ReceiverRecord]:
        """Yield the desks that the caller may see, ordered by id."""
        request = service_pb.ListReceiversRequest(page_size=_PAGE_SIZE)
        while True:
            response = await self._stub.ListReceivers(request)
            for receiver in response.receivers:
                yield wire.receiver_from_wire(receiver)
            if not response.next_page_token:
                return
            request.page_token = response.next_page_token

    async def assign_receiver(self, provider: Provider, receiver_id: str) -> Provider:
        """Let a desk hear of a provider's referrals."""
        response = await self._stub.UpdateProvider(
            service_pb.UpdateProviderRequest(
                request_id=uuid.uuid4().hex,
                provider=pb.Provider(
                    provider_id=provider.provider_id,
                    receiver_id=receiver_id,
                    reach_out=pb.REACH_OUT_ENROLLED if receiver_id else pb.REACH_OUT_NONE,
                ),
                update_mask=FieldMask(paths=["receiver_id", "reach_out"]),
                expected_revision=provider.revision,
            )
        )
        return wire.provider_from_wire(response.provider)
