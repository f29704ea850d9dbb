"""Receivers over gRPC: the desks that hear of referrals."""

from collections.abc import Sequence
from typing import Any

from services.directory.model import Receiver
from services.directory.servicer.commands import Directory
from services.directory.servicer.editing import Editing, check_organization
from services.directory.store.archiving import serves_providers
from services.directory.store.bodies import RECEIVERS
from services.directory.store.providers import Change
from services.errors import FailedPrecondition
from services.runtime.postgres import Connection


class ReceiverEditing(Editing[Receiver]):
    """What is particular to receivers."""

    async def check(self, connection: Connection, value: Receiver) -> None:
        """A desk may belong to an organization."""
        await check_organization(connection, "receiver", value.organization_id)

    async def follow_archive(self, connection: Connection, record_id: str) -> Sequence[Change]:
        """A desk that providers still count on stays: their referrals would reach nobody."""
        if await serves_providers(connection, record_id):
            raise FailedPrecondition("the receiver must not be archived while providers name it")
        return ()


class ReceiverMethods:
    """The methods about receivers."""

    def __init__(self, directory: Directory) -> None:
        self._editing = ReceiverEditing(directory, RECEIVERS)

    async def CreateReceiver(self, request: Any, context: Any) -> Any:
        return await self._editing.create(request)

    async def GetReceiver(self, request: Any, context: Any) -> Any:
        return await self._editing.get(request)

    async def ListReceivers(self, request: Any, context: Any) -> Any:
        return await self._editing.list(request)

    async def UpdateReceiver(self, request: Any, context: Any) -> Any:
        return await self._editing.update(request)

    async def ArchiveReceiver(self, request: Any, context: Any) -> Any:
        return await self._editing.archive(request)
