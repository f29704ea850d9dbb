"""Organizations over gRPC."""

from collections.abc import Sequence
from typing import Any

from services.directory.model import Organization
from services.directory.servicer.commands import Directory
from services.directory.servicer.editing import Editing
from services.directory.store.archiving import archive_services_of, archived_with
from services.directory.store.bodies import ORGANIZATIONS
from services.directory.store.providers import Change
from services.runtime.postgres import Connection


class OrganizationEditing(Editing[Organization]):
    """What is particular to organizations."""

    async def follow_archive(self, connection: Connection, record_id: str) -> Sequence[Change]:
        """An organization takes its services and their providers along."""
        await archive_services_of(connection, record_id)
        return await archived_with(connection, "organization_id", record_id)


class OrganizationMethods:
    """The methods about organizations."""

    def __init__(self, directory: Directory) -> None:
        self._editing = OrganizationEditing(directory, ORGANIZATIONS)

    async def CreateOrganization(self, request: Any, context: Any) -> Any:
        return await self._editing.create(request)

    async def GetOrganization(self, request: Any, context: Any) -> Any:
        return await self._editing.get(request)

    async def ListOrganizations(self, request: Any, context: Any) -> Any:
        return await self._editing.list(request)

    async def UpdateOrganization(self, request: Any, context: Any) -> Any:
        return await self._editing.update(request)

    async def ArchiveOrganization(self, request: Any, context: Any) -> Any:
        return await self._editing.archive(request)
