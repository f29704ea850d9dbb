"""The change feed of providers: whoever follows it ends equal to the directory."""

import asyncio
import random
from collections.abc import AsyncGenerator
from contextlib import aclosing
from dataclasses import dataclass, field
from pathlib import Path
from time import perf_counter

import pytest
from google.protobuf.field_mask_pb2 import FieldMask

from ihala.directory.v1 import directory_pb2 as pb
from ihala.directory.v1 import directory_service_pb2 as rpc_pb
from services.errors import FailedPrecondition, PermissionDenied, Reason
from services.runtime.feed import renew_epochs
from tests.directory.house import House, a_request_id, text
from tests.directory.imports import bring as import_file
from tests.directory.imports import rows
from tests.directory.test_upsert import a_record, bring

WRITERS = 8
LONG_S = 600


@dataclass
class Follower:
    """What a watcher knows, and where it would go on."""

    epoch: str = ""
    revision: int = 0
    providers: dict[str, pb.Provider] = field(default_factory=dict)
    archived: set[str] = field(default_factory=set)
    is_caught_up: bool = False

    def apply(self, page: rpc_pb.WatchProvidersResponse) -> None:
        revisions = [change.revision for change in page.changes]
        assert revisions == sorted(revisions)
        assert len(revisions) <= 500
        for change in page.changes:
            if change.WhichOneof("change") == "provider":
                assert change.provider.revision == change.revision
                self.providers[change.provider.provider_id] = change.provider
            else:
                self.providers.pop(change.archived_provider_id, None)
                self.archived.add(change.archived_provider_id)
        self.epoch, self.revision, self.is_caught_up = page.epoch, page.revision, page.caught_up

    async def follow(self, house: House) -> AsyncGenerator[None, None]:
        request = rpc_pb.WatchProvidersRequest(epoch=self.epoch, after_revision=self.revision)
        async with aclosing(house.service.WatchProviders(request)) as pages:
            async for page in pages:
                self.apply(page)
                yield


async def _change_at_random(
    house: House, providers: list[pb.Provider], chance: random.Random, service: pb.Service, location: pb.Location
) -> None:
    """Create, change or archive a provider of one writer's own."""
    chosen = chance.choice(providers) if providers else None
    match chance.randrange(6):
        case 2 if chosen:
            providers.remove(chosen)
            await house.editor.ArchiveProvider(
                rpc_pb.ArchiveProviderRequest(
                    request_id=a_request_id(), provider_id=chosen.provider_id, expected_revision=chosen.revision
                )
            )
        case 3 | 4 | 5 if chosen:
            answer = await house.editor.UpdateProvider(
                rpc_pb.UpdateProviderRequest(
                    request_id=a_request_id(),
                    provider=pb.Provider(
                        provider_id=chosen.provider_id, names=[text(f"Bayt {chance.randrange(10**6)}")]
                    ),
                    update_mask=FieldMask(paths=["names"]),
                    expected_revision=chosen.revision,
                )
            )
            providers[providers.index(chosen)] = answer.provider
        case _:
            providers.append(await house.provider(service, location))


async def test_a_watcher_that_is_killed_and_resumed_ends_equal(house: House, tmp_path: Path) -> None:
    await _end_equal(house, tmp_path, changes=2000, kills=20, imported=1500)


@pytest.mark.long
async def test_a_watcher_killed_a_hundred_times_ends_equal_and_no_writer_waits_for_an_import(
    house: House, tmp_path: Path
) -> None:
    writing = await _end_equal(house, tmp_path, changes=10_000, kills=100, imported=30_000)

    assert writing.slowest_s < writing.import_s / 4


async def _end_equal(house: House, folder: Path, *, changes: int, kills: int, imported: int) -> "Writing":
    """Follow the directory through kills, while eight writers change it at random and a file is imported."""
    chance = random.Random(20261121)
    follower, writing = Follower(), Writing(house)
    written = asyncio.Event()

    async def write() -> None:
        await writing.run(folder, changes, imported)
        written.set()

    async def watch() -> None:
        for _ in range(kills):
            pages = chance.randrange(1, 8)
            async with aclosing(follower.follow(house)) as following:
                async for _ in following:
                    pages -= 1
                    if pages == 0 or written.is_set():
                        break  # killed: the stream ends in the middle of things
        await written.wait()
        async with aclosing(follower.follow(house)) as following:
            async for _ in following:
                if follower.is_caught_up:
                    return

    async with asyncio.timeout(LONG_S), asyncio.TaskGroup() as tasks:
        tasks.create_task(write())
        tasks.create_task(watch())

    there = {provider.provider_id: provider for provider in await everything(house)}
    assert len(there) == sum(map(len, writing.own)) + imported
    assert follower.providers == there
    assert not follower.archived & set(there)
    return writing


@dataclass
class Writing:
    """Eight writers, each with providers of its own, and an import beside them."""

    house: House
    own: list[list[pb.Provider]] = field(default_factory=lambda: [[] for _ in range(WRITERS)])
    slowest_s: float = 0.0  #: of the changes while the import went on
    import_s: float = 0.0

    async def run(self, folder: Path, changes: int, imported: int) -> None:
        grounds = [(await self.house.its_service(), await self.house.location()) for _ in self.own]
        async with asyncio.TaskGroup() as writers:
            importing = writers.create_task(self._bring_in(folder, imported))
            for index, ground in enumerate(grounds):
                writers.create_task(self._write(index, ground, changes // WRITERS, importing))

    async def _write(
        self, index: int, ground: tuple[pb.Service, pb.Location], changes: int, importing: asyncio.Task[None]
    ) -> None:
        chance = random.Random(index)
        for _ in range(changes):
            start = perf_counter()
            await _change_at_random(self.house, self.own[index], chance, *ground)
            if not importing.done():
                self.slowest_s = max(self.slowest_s, perf_counter() - start)

    async def _bring_in(self, folder: Path, imported: int) -> None:
        start = perf_counter()
        report = await import_file(self.house, folder, rows(*range(imported)))
        assert report.counts.created == imported
        self.import_s = perf_counter() - start


async def everything(house: House) -> list[pb.Provider]:
    """List all that is in the directory."""
    found: list[pb.Provider] = []
    request = rpc_pb.ListProvidersRequest(page_size=500)
    while True:
        page = await house.editor.ListProviders(request)
        found += page.providers
        if not page.next_page_token:
            return found
        request.page_token = page.next_page_token


async def test_the_first_page_comes_at_once_even_if_it_is_empty(house: House) -> None:
    follower = Follower()

    async with asyncio.timeout(5), aclosing(follower.follow(house)) as following:
        async for _ in following:
            break

    assert follower.is_caught_up
    assert follower.epoch


async def test_a_snapshot_of_exactly_one_page_says_that_it_is_all(house: House) -> None:
    rows = [a_record(str(number)) for number in range(500)]
    await bring(house, *rows)
    follower = Follower()

    async with asyncio.timeout(5), aclosing(follower.follow(house)) as following:
        async for _ in following:
            if follower.is_caught_up:
                break

    assert len(follower.providers) == 500


async def test_a_change_reaches_a_watcher_that_waits(house: House) -> None:
    follower = Follower()

    async with asyncio.timeout(5), aclosing(follower.follow(house)) as following:
        await anext(following)
        provider = await house.provider()
        await anext(following)

    assert follower.providers == {provider.provider_id: provider}


async def test_large_providers_come_in_pages_that_fit(house: House) -> None:
    service, location = await house.its_service(), await house.location()
    descriptions = [text("ب" * 4000) for _ in range(12)]
    ids = [(await house.provider(service, location, descriptions=descriptions)).provider_id for _ in range(12)]
    follower = Follower()

    async with asyncio.timeout(10), aclosing(follower.follow(house)) as following:
        async for _ in following:
            if follower.is_caught_up:
                break

    assert sorted(follower.providers) == sorted(ids)


@pytest.mark.parametrize(("epoch", "revision"), [("", 10_000), ("another", 0), ("another", 1)])
async def test_a_cursor_of_another_history_starts_again(house: House, epoch: str, revision: int) -> None:
    await house.provider()

    with pytest.raises(FailedPrecondition) as caught:
        async for _ in Follower(epoch=epoch, revision=revision).follow(house):
            pass

    assert caught.value.reason is Reason.EPOCH_CHANGED


async def test_a_restore_makes_every_watcher_start_again(house: House) -> None:
    await house.provider()
    follower = Follower()

    async with asyncio.timeout(5), aclosing(follower.follow(house)) as following:
        await anext(following)
        async with house.pool.connection() as connection:
            await renew_epochs(connection)
        with pytest.raises(FailedPrecondition) as caught:
            await anext(following)

    assert caught.value.reason is Reason.EPOCH_CHANGED


async def test_only_services_watch(house: House) -> None:
    with pytest.raises(PermissionDenied):
        async for _ in house.editor.WatchProviders(rpc_pb.WatchProvidersRequest()):
            pass
