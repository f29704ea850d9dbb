"""The life of records over gRPC: suspended, verified, stale, their history, and whether they are there twice."""

from dataclasses import replace
from datetime import datetime
from typing import Any, Final

from services.directory.model import Stored, Viewer
from services.directory.servicer.commands import Directory, viewer_of
from services.directory.servicer.confidential_reads import note_reads
from services.directory.store.duplicates import pairs
from services.directory.store.life import expiring, stale, states
from services.directory.store.providers import Held, lock, write
from services.directory.store.reading import get
from services.directory.wire.life_wire import (
    SuspendAnswer,
    VerifyAnswer,
    alike_of,
    expiring_of,
    history_page,
    history_position,
    life_answer,
    pairs_page,
    stale_of,
    stale_page,
    stale_position,
    suspended,
    suspension_of,
    verification_of,
    verified,
)
from services.directory.wire.reports_wire import receiver_of
from services.directory.wire.requests_wire import page_position, page_size_of
from services.runtime.auth import Role, absent, current_principal
from services.runtime.postgres import Connection, read

#: who may name any provider there is, confidential or not: a flag must not fail because its raiser may not see
_SEES_ALL: Final = Viewer(sees_all=True)
_READS_ALL: Final = (Role.AUDITOR,)


class LifeMethods:
    """The methods about the life of records."""

    def __init__(self, directory: Directory) -> None:
        self._directory = directory

    async def SuspendProvider(self, request: Any, context: Any) -> Any:
        reason = suspension_of(request)
        viewer = viewer_of(current_principal())

        async def run(connection: Connection, actor: str, now: datetime) -> Any:
            await get(connection, "provider", request.provider_id, viewer)
            held = await lock(connection, request.provider_id)
            return life_answer(SuspendAnswer, await _saved(connection, held, suspended(held.provider), actor, now))

        return await self._directory.command(
            "provider.suspend", request, SuspendAnswer, request.provider_id, run, reason=reason
        )

    async def VerifyProvider(self, request: Any, context: Any) -> Any:
        time = verification_of(request, self._directory.now())
        viewer = viewer_of(current_principal())
        is_desk = current_principal().roles == {Role.RECEIVER}

        async def run(connection: Connection, actor: str, now: datetime) -> Any:
            seen = await get(connection, "provider", request.provider_id, viewer)
            held = await lock(connection, seen.record_id, request.expected_revision)
            if is_desk:
                own_desk(held.stored, viewer)
            after = verified(request.provider_id, held.provider, time)
            return life_answer(VerifyAnswer, await _saved(connection, held, after, actor, now))

        return await self._directory.command("provider.verify", request, VerifyAnswer, request.provider_id, run)

    async def ListStale(self, request: Any, context: Any) -> Any:
        before = stale_of(request, self._directory.now())
        expires_before = expiring_of(request)
        size, after = page_size_of(request), stale_position(request)
        viewer = viewer_of(current_principal())
        async with read(self._directory.pool) as connection:
            if expires_before is None:
                found = await stale(connection, viewer, before, request.dataset, after, size + 1)
            else:
                found = await expiring(connection, viewer, expires_before, request.dataset, after, size + 1)
        page = stale_page(request, found, size)
        await note_reads(self._directory, context, "provider.list_stale", page.providers)
        return page

    async def GetProviderHistory(self, request: Any, context: Any) -> Any:
        before_revision, size = history_position(request), page_size_of(request)
        principal = current_principal()
        viewer = _SEES_ALL if principal.has(*_READS_ALL) else viewer_of(principal)
        async with read(self._directory.pool, snapshot=True) as connection:
            seen = await get(connection, "provider", request.provider_id, viewer)
            if principal.roles == {Role.RECEIVER}:
                own_desk(seen, viewer)
            found = await states(connection, request.provider_id, before_revision, size + 1)
        await note_reads(self._directory, context, "provider.history", [life_answer(SuspendAnswer, seen).provider])
        return history_page(request, found, size)

    async def ListDuplicates(self, request: Any, context: Any) -> Any:
        alike, size = alike_of(request), page_size_of(request)
        position = page_position(request, (str,))
        async with read(self._directory.pool, snapshot=True) as connection:
            found, after_id = await pairs(connection, alike, position[0] if position else None, size)
        return pairs_page(request, found, after_id)


def own_desk(stored: Stored, viewer: Viewer) -> None:
    """Refuse a desk that asks for the record of another, public or not, as if it did not exist."""
    if receiver_of(stored.doc) not in viewer.receiver_ids:
        raise absent()


async def _saved(connection: Connection, held: Held, after: Any, actor: str, now: datetime) -> Any:
    if after == held.provider:
        return held.stored
    return (await write(connection, [replace(held.change, provider=after)], actor=actor, now=now))[0]
