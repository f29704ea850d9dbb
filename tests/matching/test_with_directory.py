"""Matching beside the real directory: what an editor writes is matched within a second, and survives a restart."""

import asyncio
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from pathlib import Path
from typing import Any

import pytest

from ihala.directory.v1 import directory_pb2, directory_service_pb2, lines_pb2
from ihala.directory.v1.directory_service_pb2_grpc import DirectoryServiceStub
from ihala.geo.v1 import geo_pb2
from services.directory import __main__ as directory_process
from services.directory.settings import Settings
from services.matching import consumer, ranking
from services.matching.clients import RemoteDirectory
from services.matching.consumer import ProviderFollower, follow_lines, follow_providers
from services.matching.index.state import Directory
from services.matching.model.person import Person
from services.runtime.auth import Role
from services.runtime.channel import open_channel
from services.runtime.embedded.ports import Ports
from tests.matching.samples import a_need, asked
from tests.matching.told import ToldDirectory, until
from tests.serving import Identity, an_identity


@asynccontextmanager
async def directory_at(address: str, url: str, identity: Identity) -> AsyncIterator[None]:
    stop = asyncio.Event()
    chosen = Settings(listen_address=address, jwks_file=identity.jwks_file, database_url=url, countries="LY")
    task = asyncio.create_task(directory_process.run(chosen, stop))
    try:
        yield
    finally:
        stop.set()
        await task


async def add_provider(stub: Any, name: str) -> str:
    """Write an organization, a service, a location and a provider of legal advice in Tripoli."""
    text = directory_pb2.LocalizedText(language="en", text=name)
    source = directory_pb2.Source(dataset="test", source_key=name)

    def make(noun: str, record: Any) -> Any:
        request = getattr(directory_service_pb2, f"Create{noun}Request")
        return getattr(stub, f"Create{noun}")(request(request_id=f"{noun}-{name}", **{noun.lower(): record}))

    organization = (await make("Organization", directory_pb2.Organization(names=[text], source=source))).organization
    service = directory_pb2.Service(organization_id=organization.organization_id, names=[text], source=source)
    location = directory_pb2.Location(
        names=[text],
        disclosure=directory_pb2.DISCLOSURE_PUBLIC,
        place=geo_pb2.Place(point=geo_pb2.Point(latitude_deg=32.88, longitude_deg=13.19)),
        country_code="LY",
        time_zone="Africa/Tripoli",
        source=source,
    )
    made = await make(
        "Provider",
        directory_pb2.Provider(
            service_id=(await make("Service", service)).service.service_id,
            location_id=(await make("Location", location)).location.location_id,
            names=[text],
            claims=[directory_pb2.ServiceClaim(code="LEG-ADV", claim=directory_pb2.CLAIM_YES)],
            status=directory_pb2.STATUS_ACTIVE,
            reach_out=directory_pb2.REACH_OUT_TELEPHONE,
            source=source,
        ),
    )
    provider_id: str = made.provider.provider_id
    return provider_id


async def test_what_an_editor_writes_is_matched_and_survives_a_restart(tmp_path: Path, postgres_url: str) -> None:
    identity = an_identity(tmp_path)
    token = identity.token(Role.SERVICE, Role.DIRECTORY_EDITOR)
    address = f"127.0.0.1:{Ports(tmp_path / 'ports.json').get('directory')}"
    stepped = asyncio.Event()
    index = ToldDirectory(stepped)
    follower = ProviderFollower(index, lambda: None)
    async with asyncio.timeout(60), open_channel(address, lambda: token) as channel, asyncio.TaskGroup() as group:
        following = group.create_task(follow_providers(RemoteDirectory(channel), follower))
        stub = DirectoryServiceStub(channel)
        async with directory_at(address, postgres_url, identity):
            first = await add_provider(stub, "first")
            await until(stepped, lambda: matched(index) == {first})
        async with directory_at(address, postgres_url, identity):
            second = await add_provider(stub, "second")
            await until(stepped, lambda: matched(index) == {first, second})
        following.cancel()


async def test_r60_a_line_that_a_coordinator_draws_stops_the_way_until_it_is_ended(
    tmp_path: Path, postgres_url: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(consumer, "LINES_EVERY_S", 0.05)
    identity = an_identity(tmp_path)
    token = identity.token(Role.SERVICE, Role.DIRECTORY_EDITOR, Role.COORDINATOR)
    address = f"127.0.0.1:{Ports(tmp_path / 'ports.json').get('directory')}"
    stepped = asyncio.Event()
    index = ToldDirectory(stepped)
    index.lines = None
    points = [geo_pb2.Point(latitude_deg=32.885, longitude_deg=east) for east in (12.0, 14.0)]
    names = [directory_pb2.LocalizedText(language="en", text="Front")]
    line = lines_pb2.Line(kind=lines_pb2.LINE_KIND_FRONT_LINE, names=names, points=points)

    def on_this_side() -> set[str]:
        question = asked(a_need("LEG-ADV"), person=Person(), lines=index.known_lines)
        found = ranking.find(index.snapshot, question, 10)
        return {row.provider.provider_id for row in (*found.matches, *found.ask_first)}

    async with asyncio.timeout(60), open_channel(address, lambda: token) as channel, asyncio.TaskGroup() as group:
        source, stub = RemoteDirectory(channel), DirectoryServiceStub(channel)
        loops = [
            group.create_task(follow_providers(source, ProviderFollower(index, lambda: None))),
            group.create_task(follow_lines(source, index)),
        ]
        async with directory_at(address, postgres_url, identity):
            near = await add_provider(stub, "near")  # a kilometre to the south
            await until(stepped, lambda: matched(index) == {near} and index.lines is not None)
            assert on_this_side() == {near}
            drawn = await stub.CreateLine(lines_pb2.CreateLineRequest(request_id="draw", line=line))
            await until(stepped, lambda: on_this_side() == set())
            await stub.EndLine(lines_pb2.EndLineRequest(request_id="end", line_id=drawn.line.line_id))
            await until(stepped, lambda: on_this_side() == {near})
        for loop in loops:
            loop.cancel()


def matched(index: Directory) -> set[str]:
    if not index.is_warm:
        return set()
    return {row.provider.provider_id for row in ranking.find(index.snapshot, asked(a_need("LEG-ADV")), 10).matches}
