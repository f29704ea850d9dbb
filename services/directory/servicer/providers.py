"""Providers over gRPC: what is matched and referred to."""

from dataclasses import replace
from datetime import datetime
from typing import Any

from services.directory.model import Location, Provider, Viewer, inside, refuse
from services.directory.model.life import check_move
from services.directory.servicer.commands import Directory, viewer_of
from services.directory.servicer.confidential_reads import note_reads
from services.directory.servicer.editing import missing
from services.directory.store.bodies import LOCATIONS, RECEIVERS, SERVICES, check_revision
from services.directory.store.confidence import at_location, becomes_confidential, forget_past
from services.directory.store.places import lock_pools, present
from services.directory.store.providers import Change, lock, write
from services.directory.store.reading import get, list_page
from services.directory.wire.nouns_wire import PROVIDER
from services.directory.wire.requests_wire import (
    fitting,
    is_record_id,
    page_position,
    page_size_of,
    page_token_for,
    refuse_unknown,
)
from services.runtime.auth import Principal, Role, absent, current_principal, require_receiver
from services.runtime.postgres import Connection, read

_EVERYTHING = Viewer(sees_all=True)


class ProviderMethods:
    """The methods about providers."""

    def __init__(self, directory: Directory) -> None:
        self._directory = directory

    async def CreateProvider(self, request: Any, context: Any) -> Any:
        value = PROVIDER.open_create(request, self._directory.population_of)
        provider_id = self._directory.make_id()

        async def run(connection: Connection, actor: str, now: datetime) -> Any:
            provider = await _settled(connection, provider_id, value)
            change = Change(provider_id=provider_id, provider=provider)
            stored = await write(connection, [change], actor=actor, now=now)
            return PROVIDER.answer("Create", stored[0])

        answer_type = PROVIDER.answer_type("Create")
        return await self._directory.command("provider.create", request, answer_type, provider_id, run)

    async def GetProvider(self, request: Any, context: Any) -> Any:
        refuse_unknown(request)
        async with read(self._directory.pool) as connection:
            stored = await get(connection, "provider", request.provider_id, viewer_of(current_principal()))
        answer = PROVIDER.answer("Get", stored)
        await note_reads(self._directory, context, "provider.get", [answer.provider])
        return answer

    async def ListProviders(self, request: Any, context: Any) -> Any:
        refuse_unknown(request)
        size = page_size_of(request)
        principal = current_principal()
        _check_desk(principal, request.receiver_id)
        async with read(self._directory.pool) as connection:
            found = await list_page(
                connection,
                "provider",
                viewer_of(principal),
                after=page_position(request, (str,)),
                limit=size + 1,
                dataset=request.dataset,
                receiver_id=request.receiver_id,
            )
        count = fitting((stored.doc for stored in found), size)
        token = page_token_for(request, [found[count - 1].record_id]) if len(found) > count else ""
        page = PROVIDER.page(found[:count], token)
        await note_reads(self._directory, context, "provider.list", page.providers)
        return page

    async def UpdateProvider(self, request: Any, context: Any) -> Any:
        provider_id, expected_revision = PROVIDER.open_update(request, self._directory.population_of)
        if not is_record_id(provider_id):
            raise absent()

        async def run(connection: Connection, actor: str, now: datetime) -> Any:
            seen = await get(connection, "provider", provider_id, _EVERYTHING)
            check_revision(seen, expected_revision)
            # what it rests on is locked before it, as everywhere; its own lock then shows whether it moved meanwhile
            wanted = PROVIDER.changed(seen, request, self._directory.population_of)
            provider = await _settled(connection, provider_id, wanted)
            held = await lock(connection, provider_id, expected_revision)
            check_move(held.provider.status, provider.status)
            if provider == held.provider:
                return PROVIDER.answer("Update", held.stored)
            change = replace(held.change, provider=provider)
            if becomes_confidential(held.provider, provider):
                await forget_past(connection, [change])
            stored = await write(connection, [change], actor=actor, now=now)
            return PROVIDER.answer("Update", stored[0])

        answer_type = PROVIDER.answer_type("Update")
        return await self._directory.command("provider.update", request, answer_type, provider_id, run)

    async def ArchiveProvider(self, request: Any, context: Any) -> Any:
        provider_id, expected_revision = PROVIDER.open_archive(request)
        if not is_record_id(provider_id):
            raise absent()

        async def run(connection: Connection, actor: str, now: datetime) -> Any:
            held = await lock(connection, provider_id, expected_revision)
            if held.stored.archived:
                return PROVIDER.answer("Archive", held.stored)
            stored = await write(connection, [replace(held.change, archived=True)], actor=actor, now=now)
            return PROVIDER.answer("Archive", stored[0])

        answer_type = PROVIDER.answer_type("Archive")
        return await self._directory.command("provider.archive", request, answer_type, provider_id, run)


async def _settled(connection: Connection, provider_id: str, value: Provider) -> Provider:
    """
    Hold what a provider rests on, and copy what it copies: the site, and the reports of its pool.

    Raises:
        InvalidInput: it names a record that is not in use, or tells too much
            of a confidential site.
    """
    service = await SERVICES.hold(connection, value.service_id)
    if service is None:
        raise missing("provider.service_id")
    location = await LOCATIONS.hold(connection, value.location_id)
    if location is None:
        raise missing("provider.location_id")
    if value.receiver_id and await RECEIVERS.hold(connection, value.receiver_id) is None:
        raise missing("provider.receiver_id")
    pool_id = value.pool_id or provider_id
    await lock_pools(connection, [pool_id])
    reports = await present(connection, [pool_id])
    pooled = replace(value, pool_id=pool_id, place_reports=reports[pool_id])
    organization_id = SERVICES.noun.value(service).organization_id
    site: Location = LOCATIONS.noun.value(location)
    if site.is_confidential:
        SERVICES.noun.value(service).check_hiding("provider.service_id")
    return inside("provider", lambda provider: at_location(provider, site, organization_id), pooled)


def _check_desk(principal: Principal, receiver_id: str) -> None:
    """A caller that is a desk and nothing else lists its own providers alone."""
    if principal.roles == {Role.RECEIVER}:
        if not receiver_id:
            raise refuse("receiver_id", "must be given by a receiver")
        require_receiver(principal, receiver_id)
    elif receiver_id and not is_record_id(receiver_id):
        raise refuse("receiver_id", "must be the id of a receiver")
