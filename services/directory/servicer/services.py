"""Services over gRPC."""

from collections.abc import Sequence
from typing import Any

from services.directory.model import Service, check_hiding_areas, refuse
from services.directory.servicer.commands import Directory
from services.directory.servicer.editing import Editing, check_organization
from services.directory.store.archiving import archived_with
from services.directory.store.bodies import SERVICES
from services.directory.store.confidence import follow_service
from services.directory.store.providers import Change
from services.directory.store.service_areas import is_hidden, keep_areas
from services.directory.store.telling_again import bring_again
from services.runtime.postgres import Connection


class ServiceEditing(Editing[Service]):
    """What is particular to services."""

    async def check(self, connection: Connection, value: Service) -> None:
        """Every service is of an organization."""
        if not value.organization_id:
            raise refuse("service.organization_id", "must not be empty")
        await check_organization(connection, "service", value.organization_id)

    async def keep_beside(self, connection: Connection, record_id: str, value: Service) -> None:
        """Outlines of areas are searched by; the middle of one may be a house that nobody may find (R16)."""
        if await is_hidden(connection, record_id):
            check_hiding_areas("service.service_areas", value.service_areas)
            value.check_hiding("service.contacts")
        await keep_areas(connection, {record_id: value.service_areas})

    async def follow(self, connection: Connection, record_id: str, value: Service) -> Sequence[Change]:
        """Providers copy the organization of their service."""
        return await follow_service(connection, record_id, value.organization_id)

    async def tell_again(self, connection: Connection, record_id: str, before: Service, after: Service) -> None:
        """Where its providers serve that say nothing of their own."""
        if before.service_areas != after.service_areas:
            await bring_again(connection, "service_id", [record_id])

    async def follow_archive(self, connection: Connection, record_id: str) -> Sequence[Change]:
        """A service takes its providers along."""
        return await archived_with(connection, "service_id", record_id)


class ServiceMethods:
    """The methods about services."""

    def __init__(self, directory: Directory) -> None:
        self._editing = ServiceEditing(directory, SERVICES)

    async def CreateService(self, request: Any, context: Any) -> Any:
        return await self._editing.create(request)

    async def GetService(self, request: Any, context: Any) -> Any:
        return await self._editing.get(request)

    async def ListServices(self, request: Any, context: Any) -> Any:
        return await self._editing.list(request)

    async def UpdateService(self, request: Any, context: Any) -> Any:
        return await self._editing.update(request)

    async def ArchiveService(self, request: Any, context: Any) -> Any:
        return await self._editing.archive(request)
