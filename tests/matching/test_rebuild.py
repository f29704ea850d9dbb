"""The index is laid out anew beside the answers and the feed: nothing is lost, and nothing is seen halfway."""

import asyncio
import threading
from collections.abc import AsyncIterator, Callable
from contextlib import asynccontextmanager
from pathlib import Path

import pytest

from services.matching import consumer
from services.matching.index import snapshot as snapshots
from services.matching.index.snapshot import Snapshot
from services.matching.ranking import find
from tests.matching.peers import FeedDirectory, a_message
from tests.matching.samples import asked
from tests.matching.scan import full_scan, lists_of
from tests.matching.test_feeds import Followed, following
from tests.matching.told import until

WAIT_S = 20.0


class HeldRebuild:
    """A rebuild that waits until the test lets it go on, or fail."""

    def __init__(self, monkeypatch: pytest.MonkeyPatch) -> None:
        self.begun_count = 0
        self.done_count = 0
        self.fails = False
        self._may_go_on = threading.Event()
        self._tell: Callable[[], object] = lambda: None
        rebuilt = Snapshot.rebuilt

        def held(snapshot: Snapshot) -> Snapshot:
            self.begun_count += 1
            self._tell()
            assert self._may_go_on.wait(WAIT_S)
            try:
                if self.fails:
                    raise MemoryError
                return rebuilt(snapshot)
            finally:
                self.done_count += 1
                self._tell()

        monkeypatch.setattr(Snapshot, "rebuilt", held)
        monkeypatch.setattr(snapshots, "_LEAST_DELTA", 3)
        monkeypatch.setattr(consumer, "FIRST_DELAY_S", 0.01)

    async def begin(self, source: FeedDirectory, followed: Followed) -> None:
        """Change so much that a rebuild is wanted, and wait until it runs."""
        loop, count = asyncio.get_running_loop(), self.begun_count
        self._tell = lambda: loop.call_soon_threadsafe(followed.stepped.set)
        source.put(*(a_message(f"p-{number}", country_code="TN") for number in range(4)))
        await until(followed.stepped, lambda: self.begun_count > count)

    def go_on(self) -> None:
        self._may_go_on.set()


@asynccontextmanager
async def a_directory_that_is_rebuilt(
    folder: Path, monkeypatch: pytest.MonkeyPatch
) -> AsyncIterator[tuple[FeedDirectory, Followed, HeldRebuild]]:
    source = FeedDirectory()
    source.put(*(a_message(f"p-{number}") for number in range(8)))
    async with following(folder, source) as followed:
        await followed.warmed.wait()
        rebuild = HeldRebuild(monkeypatch)
        await rebuild.begin(source, followed)
        try:
            yield source, followed, rebuild
        finally:
            rebuild.go_on()


async def test_changes_that_come_while_it_is_laid_out_are_on_top_of_it(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    async with a_directory_that_is_rebuilt(tmp_path, monkeypatch) as (source, followed, rebuild):
        before = followed.directory.snapshot
        source.put(a_message("p-0", country_code="EG"), a_message("p-9"))
        source.archive("p-5")
        await until(followed.stepped, lambda: followed.directory.snapshot.revision == source.revision)
        meanwhile = followed.directory.snapshot
        rebuild.go_on()
        await until(followed.stepped, lambda: followed.directory.snapshot.base.block is not before.base.block)

        present = followed.directory.snapshot
        assert meanwhile.base.block is before.base.block
        assert followed.ids == {each.provider_id for each in meanwhile.providers()}
        assert followed.ids == {"p-0", "p-1", "p-2", "p-3", "p-4", "p-6", "p-7", "p-9"}
        assert (present.epoch, present.revision) == (meanwhile.epoch, meanwhile.revision)
        assert set(present.changed) == {"p-0", "p-9", "p-5"}
        assert [present.provider(each) for each in ("p-0", "p-5", "p-1")] == [
            meanwhile.provider(each) for each in ("p-0", "p-5", "p-1")
        ]
        for country_code in ("LY", "TN", "EG"):
            question = asked(country_code=country_code)
            assert lists_of(find(present, question, 10)) == full_scan(meanwhile.providers(), question, 10)


async def test_a_rebuild_that_fails_is_tried_again_with_the_next_change(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    async with a_directory_that_is_rebuilt(tmp_path, monkeypatch) as (source, followed, rebuild):
        before = followed.directory.snapshot.base.block
        rebuild.fails = True
        rebuild.go_on()
        while rebuild.begun_count < 2:
            source.put(a_message("p-6", country_code="EG"))
            await until(followed.stepped, lambda: followed.directory.snapshot.revision == source.revision)
        rebuild.fails = False
        while followed.directory.snapshot.base.block is before:
            source.put(a_message("p-7", country_code="EG"))
            await until(followed.stepped, lambda: followed.directory.snapshot.revision == source.revision)

        assert followed.ids == {f"p-{number}" for number in range(8)}


async def test_a_rebuild_of_an_epoch_that_is_over_is_thrown_away(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    async with a_directory_that_is_rebuilt(tmp_path, monkeypatch) as (source, followed, rebuild):
        source.begin_epoch("epoch-2", a_message("restored"))
        await until(followed.stepped, lambda: followed.directory.snapshot.epoch == "epoch-2")
        rebuild.go_on()
        await until(followed.stepped, lambda: rebuild.done_count == 1)
        source.put(a_message("restored-too"))
        await until(followed.stepped, lambda: followed.directory.snapshot.revision == 2)

        assert followed.ids == {"restored", "restored-too"}
