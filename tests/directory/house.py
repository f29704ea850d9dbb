"""A directory that runs: the real servicer behind the real gate, over a database of the test's own."""

from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from dataclasses import dataclass, field
from datetime import UTC, datetime
from functools import cache
from itertools import count
from pathlib import Path
from typing import Any
from uuid import uuid4

from ihala.directory.v1 import directory_pb2 as pb
from ihala.directory.v1 import directory_service_pb2 as rpc_pb
from ihala.directory.v1.directory_service_pb2_grpc import (
    DirectoryServiceStub,
    add_DirectoryServiceServicer_to_server,
)
from ihala.directory.v1.documents_pb2_grpc import DocumentServiceStub, add_DocumentServiceServicer_to_server
from ihala.geo.v1 import geo_pb2
from services.directory.imports import ImportMethods
from services.directory.servicer import Directory, DirectoryServicer
from services.directory.servicer.documents import DocumentServicer
from services.runtime.auth import Role
from services.runtime.feed import FeedWaker
from services.runtime.postgres import Pool, open_pool
from services.towns import TownList, load
from tests.serving import Serving, an_identity, serving

NOON = datetime(2026, 11, 21, 12, 0, tzinfo=UTC)
TRIPOLI = geo_pb2.Point(latitude_deg=32.8874, longitude_deg=13.1873)
_NUMBERS = count(1)


@cache
def towns() -> TownList:
    return load(["LY", "MA"])


@dataclass
class House:
    """A running directory and who may speak to it."""

    serving: Serving
    pool: Pool
    directory: Directory
    _stubs: dict[Any, Any] = field(default_factory=dict)

    def stub(self, *roles: Role, client_id: str = "client-1", receiver_ids: tuple[str, ...] = ()) -> Any:
        """Speak to it as somebody with these roles."""
        key = (roles, client_id, receiver_ids)
        if key not in self._stubs:
            token = self.serving.identity.token(*roles, client_id=client_id, receiver_ids=receiver_ids)
            self._stubs[key] = DirectoryServiceStub(self.serving.channel(token=token))
        return self._stubs[key]

    def documents(self, *roles: Role) -> Any:
        """Speak to it about documents, as somebody with these roles."""
        return DocumentServiceStub(self.serving.channel(token=self.serving.identity.token(*roles)))

    @property
    def editor(self) -> Any:
        return self.stub(Role.DIRECTORY_EDITOR)

    @property
    def coordinator(self) -> Any:
        return self.stub(Role.COORDINATOR)

    @property
    def service(self) -> Any:
        return self.stub(Role.SERVICE)

    async def organization(self, name: str = "Dar") -> pb.Organization:
        request = rpc_pb.CreateOrganizationRequest(
            request_id=a_request_id(), organization=pb.Organization(names=[text(name)])
        )
        made: pb.Organization = (await self.editor.CreateOrganization(request)).organization
        return made

    async def its_service(self, organization: pb.Organization | None = None, name: str = "Night") -> pb.Service:
        owner = organization or await self.organization()
        request = rpc_pb.CreateServiceRequest(
            request_id=a_request_id(),
            service=pb.Service(organization_id=owner.organization_id, names=[text(name)]),
        )
        made: pb.Service = (await self.editor.CreateService(request)).service
        return made

    async def location(self, point: geo_pb2.Point | None = TRIPOLI, **fields: Any) -> pb.Location:
        fields = {"disclosure": pb.DISCLOSURE_PUBLIC, "country_code": "LY", "time_zone": "Africa/Tripoli", **fields}
        place = None if point is None else geo_pb2.Place(point=point)
        request = rpc_pb.CreateLocationRequest(request_id=a_request_id(), location=pb.Location(place=place, **fields))
        made: pb.Location = (await self.editor.CreateLocation(request)).location
        return made

    async def receiver(self, name: str = "Desk") -> pb.Receiver:
        request = rpc_pb.CreateReceiverRequest(request_id=a_request_id(), receiver=pb.Receiver(names=[text(name)]))
        made: pb.Receiver = (await self.editor.CreateReceiver(request)).receiver
        return made

    async def provider(
        self, service: pb.Service | None = None, location: pb.Location | None = None, **fields: Any
    ) -> pb.Provider:
        its_service = service or await self.its_service()
        its_location = location or await self.location()
        fields = {
            "names": [text("Bayt")],
            "status": pb.STATUS_ACTIVE,
            "claims": [pb.ServiceClaim(code="ACC-EMG", claim=pb.CLAIM_YES)],
            **fields,
        }
        request = rpc_pb.CreateProviderRequest(
            request_id=a_request_id(),
            provider=pb.Provider(service_id=its_service.service_id, location_id=its_location.location_id, **fields),
        )
        made: pb.Provider = (await self.editor.CreateProvider(request)).provider
        return made

    async def search(self, stub: Any = None, **conditions: Any) -> list[str]:
        """Search as a coordinator, and list the ids that are found."""
        answer = await (stub or self.coordinator).SearchProviders(rpc_pb.SearchProvidersRequest(**conditions))
        return [each.provider.provider_id for each in answer.found]


@asynccontextmanager
async def a_house(url: str, folder: Path) -> AsyncIterator[House]:
    async with open_pool(url, "directory", max_size=20) as pool:
        directory = Directory(pool=pool, towns=towns(), waker=FeedWaker(), now=lambda: NOON, new_id=uuid4)
        servicer: Any = DirectoryServicer(directory, ImportMethods(directory))
        identity = an_identity(folder)
        documents: Any = DocumentServicer(directory)

        def add(server: Any) -> None:
            add_DirectoryServiceServicer_to_server(servicer, server)
            add_DocumentServiceServicer_to_server(documents, server)

        async with serving(identity, add, max_concurrent_calls=500) as running:
            yield House(running, pool, directory)


def text(words: str, language: str = "en") -> pb.LocalizedText:
    return pb.LocalizedText(language=language, text=words)


def a_request_id() -> str:
    return f"request-{next(_NUMBERS)}"
