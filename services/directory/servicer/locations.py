"""Locations over gRPC, public and confidential."""

from collections.abc import Sequence
from typing import Any

from services.directory.model import Location, refuse
from services.directory.servicer.commands import Directory
from services.directory.servicer.confidential_reads import note_reads
from services.directory.servicer.editing import Editing, check_organization
from services.directory.store.archiving import archived_with
from services.directory.store.bodies import LOCATIONS
from services.directory.store.confidence import follow_location
from services.directory.store.providers import Change
from services.errors import NotFound
from services.runtime.postgres import Connection


class LocationEditing(Editing[Location]):
    """What is particular to locations."""

    async def check(self, connection: Connection, value: Location) -> None:
        """A front gate is a town or a public place that the town list has."""
        await check_organization(connection, "location", value.organization_id)
        if value.front_gate_place_id:
            try:
                self.directory.towns.get(value.front_gate_place_id)
            except NotFound:
                raise refuse("location.front_gate_place_id", "must be a place id of ResolvePlace") from None

    async def follow(self, connection: Connection, record_id: str, value: Location) -> Sequence[Change]:
        """Providers copy where they are; one that becomes confidential forgets where it was."""
        return await follow_location(connection, record_id, value)

    async def follow_archive(self, connection: Connection, record_id: str) -> Sequence[Change]:
        """A location takes its providers along."""
        return await archived_with(connection, "location_id", record_id)


class LocationMethods:
    """The methods about locations."""

    def __init__(self, directory: Directory) -> None:
        self._directory = directory
        self._editing = LocationEditing(directory, LOCATIONS)

    async def CreateLocation(self, request: Any, context: Any) -> Any:
        return await self._editing.create(request)

    async def GetLocation(self, request: Any, context: Any) -> Any:
        answer = await self._editing.get(request)
        await note_reads(self._directory, context, "location.get", [answer.location])
        return answer

    async def ListLocations(self, request: Any, context: Any) -> Any:
        page = await self._editing.list(request)
        await note_reads(self._directory, context, "location.list", page.locations)
        return page

    async def UpdateLocation(self, request: Any, context: Any) -> Any:
        return await self._editing.update(request)

    async def ArchiveLocation(self, request: Any, context: Any) -> Any:
        return await self._editing.archive(request)
