"""The steps that organizations, services, locations and receivers share; each noun adds its own rules."""

from collections.abc import Sequence
from datetime import datetime
from typing import Any, Generic

from services.directory.model import refuse
from services.directory.servicer.commands import Directory, viewer_of
from services.directory.store.bodies import ORGANIZATIONS, Bodies, V, unique_source
from services.directory.store.providers import Change, write
from services.directory.store.reading import get, list_page, position_of
from services.directory.wire.nouns_wire import Noun
from services.directory.wire.requests_wire import (
    fitting,
    is_record_id,
    page_position,
    page_size_of,
    page_token_for,
    refuse_unknown,
)
from services.errors import Reason
from services.runtime.auth import absent, current_principal
from services.runtime.postgres import Connection, read


class Editing(Generic[V]):
    """
    Create, get, list, update and archive records of one noun.

    Args:
        directory: What the methods share.

        bodies: The records.
    """

    def __init__(self, directory: Directory, bodies: Bodies[V]) -> None:
        self.directory = directory
        self.bodies: Bodies[V] = bodies
        self.noun: Noun[V] = bodies.noun

    async def create(self, request: Any) -> Any:
        """Answer a method that creates."""
        value = self.noun.open_create(request, self.directory.population_of)
        record_id = self.directory.make_id()

        async def run(connection: Connection, actor: str, now: datetime) -> Any:
            await self.check(connection, value)
            async with unique_source(self.noun.name):
                stored = await self.bodies.insert(connection, record_id, value)
            await self.keep_beside(connection, record_id, value)
            return self.noun.answer("Create", stored)

        return await self.directory.command(
            f"{self.noun.name}.create", request, self.noun.answer_type("Create"), record_id, run
        )

    async def get(self, request: Any) -> Any:
        """Answer a method that gets."""
        refuse_unknown(request)
        record_id = getattr(request, self.noun.id_field)
        async with read(self.directory.pool) as connection:
            stored = await get(connection, self.noun.name, record_id, viewer_of(current_principal()))
        return self.noun.answer("Get", stored)

    async def list(self, request: Any) -> Any:
        """Answer a method that lists."""
        refuse_unknown(request)
        size = page_size_of(request)
        name = self.noun.name
        kinds = (str,) if name == "receiver" else (str, str)
        if name == "receiver" and request.dataset:
            raise refuse("dataset", "must be empty: receivers are of no dataset")
        async with read(self.directory.pool, snapshot=True) as connection:
            found = await list_page(
                connection,
                name,
                viewer_of(current_principal()),
                after=page_position(request, kinds),
                limit=size + 1,
                dataset=request.dataset,
            )
            count = fitting((stored.doc for stored in found), size)
            token = ""
            if len(found) > count:
                token = page_token_for(request, await position_of(connection, name, found[count - 1]))
        return self.noun.page(found[:count], token)

    async def update(self, request: Any) -> Any:
        """Answer a method that updates."""
        record_id, expected_revision = self.noun.open_update(request, self.directory.population_of)
        if not is_record_id(record_id):
            raise absent()

        async def run(connection: Connection, actor: str, now: datetime) -> Any:
            stored = await self.bodies.lock(connection, record_id, expected_revision)
            before = self.noun.value(stored)
            after = self.noun.changed(stored, request, self.directory.population_of)
            if after == before:
                return self.noun.answer("Update", stored)
            await self.check(connection, after)
            async with unique_source(self.noun.name):
                saved = await self.bodies.save(connection, stored, after)
            # providers are locked by this: what is kept beside sees whether one has become confidential
            changes = await self.follow(connection, record_id, after)
            await self.keep_beside(connection, record_id, after)
            await self.tell_again(connection, record_id, before, after)
            await write(connection, changes, actor=actor, now=now)
            return self.noun.answer("Update", saved)

        return await self.directory.command(
            f"{self.noun.name}.update", request, self.noun.answer_type("Update"), record_id, run
        )

    async def archive(self, request: Any) -> Any:
        """Answer a method that archives."""
        record_id, expected_revision = self.noun.open_archive(request)
        if not is_record_id(record_id):
            raise absent()

        async def run(connection: Connection, actor: str, now: datetime) -> Any:
            stored = await self.bodies.lock(connection, record_id, expected_revision)
            if stored.archived:
                return self.noun.answer("Archive", stored)
            archived = await self.bodies.archive(connection, stored)
            await write(connection, await self.follow_archive(connection, record_id), actor=actor, now=now)
            return self.noun.answer("Archive", archived)

        return await self.directory.command(
            f"{self.noun.name}.archive", request, self.noun.answer_type("Archive"), record_id, run
        )

    async def check(self, connection: Connection, value: V) -> None:
        """Hold the records that a value names, and refuse one that is not there."""

    async def keep_beside(self, connection: Connection, record_id: str, value: V) -> None:
        """Keep what a record has in tables beside its own, and refuse what these do not allow."""

    async def follow(self, connection: Connection, record_id: str, value: V) -> Sequence[Change]:
        """Say how providers change that copy something of a record that has changed."""
        return ()

    async def tell_again(self, connection: Connection, record_id: str, before: V, after: V) -> None:
        """Bring providers into the feed again with which something of a record is told that has changed."""

    async def follow_archive(self, connection: Connection, record_id: str) -> Sequence[Change]:
        """Say how providers change when a record is archived."""
        return ()


async def check_organization(connection: Connection, noun: str, organization_id: str) -> None:
    """Refuse a record that names an organization that is not in use."""
    if organization_id and await ORGANIZATIONS.hold(connection, organization_id) is None:
        raise missing(f"{noun}.organization_id")


def missing(field: str) -> Exception:
    """Make the error of a field that names a record that is not in use."""
    return refuse(field, "must name a record that is there and not archived", Reason.INVALID_FIELD)
