"""The change feed of providers: whoever follows it ends equal to the directory."""

import asyncio
import random
from collections.abc import AsyncGenerator
from contextlib import aclosing
from dataclasses import dataclass, field

import pytest
from google.protobuf.field_mask_pb2 import FieldMask

from ihala.directory.v1 import directory_pb2 as pb
from ihala.directory.v1 import directory_service_pb2 as rpc_pb
from services.errors import FailedPrecondition, PermissionDenied, Reason
from services.runtime.feed import renew_epochs
from tests.directory.house import House, a_request_id, text
from tests.directory.test_upsert import a_record, bring

WRITERS = 8
CHANGES = 2000
KILLS = 20
LONG_S = 60


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


async def _change_at_random(house: House, providers: list[pb.Provider], changes: int, chance: random.Random) -> None:
    """Create, change, archive and report on providers of one writer's own."""
    service, location = await house.its_service(), await house.location()
    for _ in range(changes):
        chosen = chance.choice(providers) if providers else None
        match chance.randrange(6):
            case 0 | 1:
                providers.append(await house.provider(service, location))
            case 2 if chosen:
                providers.remove(chosen)
                await house.editor.ArchiveProvider(
                    rpc_pb.ArchiveProviderRequest(
                        request_id=a_request_id(), provider_id=chosen.provider_id, expected_revision=chosen.revision
                    )
                )
            case _ if chosen:
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


async def test_a_watcher_that_is_killed_and_resumed_ends_equal(house: House) -> None:
    chance = random.Random(20261121)
    own: list[list[pb.Provider]] = [[] for _ in range(WRITERS)]
    follower = Follower()
    written = asyncio.Event()

    async def write() -> None:
        async with asyncio.TaskGroup() as writers:
            for index, providers in enumerate(own):
                its_chance = random.Random(index)
                writers.create_task(_change_at_random(house, providers, CHANGES // WRITERS, its_chance))
        written.set()

    async def watch() -> None:
        for _ in range(KILLS):
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

    there = {provider.provider_id: provider for providers in own for provider in providers}
    assert follower.providers == there
    assert not follower.archived & set(there)


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
