"""Matching follows the feeds over real channels: warm only when caught up, resumed where it stopped."""

import asyncio
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from datetime import timedelta
from pathlib import Path

import pytest

from services.matching import consumer
from services.matching.clients import RemoteDirectory, RemoteReferrals
from services.matching.consumer import ProviderFollower, follow_providers, follow_taken
from services.matching.index.state import Taken
from services.matching.silence import Silences
from services.runtime.auth import Role
from tests.matching.peers import FeedDirectory, FeedReferrals, a_message, register
from tests.matching.samples import NOON
from tests.matching.told import ToldDirectory, ToldTaken, until
from tests.serving import an_identity, serving


@pytest.fixture(autouse=True)
def _impatient(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(consumer, "FIRST_DELAY_S", 0.01)
    monkeypatch.setattr(consumer, "MAX_DELAY_S", 0.02)


class Followed:
    """What the loops have made of the feeds; whoever waits for it is told of every step."""

    def __init__(self, referrals: FeedReferrals) -> None:
        self.referrals = referrals
        self.stepped = asyncio.Event()
        self.directory = ToldDirectory(self.stepped)
        self.taken = ToldTaken(self.stepped)
        self.silences = Silences()
        self.warmed = asyncio.Event()

    @property
    def ids(self) -> set[str]:
        return {each.provider_id for each in self.directory.snapshot.providers()}


@asynccontextmanager
async def following(
    folder: Path, source: FeedDirectory, referrals: FeedReferrals | None = None
) -> AsyncIterator[Followed]:
    followed = Followed(referrals or FeedReferrals())
    identity = an_identity(folder)
    async with (
        serving(identity, lambda server: register(source, followed.referrals, server)) as served,
        served.channel(Role.SERVICE) as channel,
        asyncio.timeout(20),
        asyncio.TaskGroup() as group,
    ):
        follower = ProviderFollower(followed.directory, followed.warmed.set)
        loops = [
            group.create_task(follow_providers(RemoteDirectory(channel), follower)),
            group.create_task(follow_taken(RemoteReferrals(channel), followed.taken, followed.silences, lambda: NOON)),
        ]
        yield followed
        for loop in loops:
            loop.cancel()


async def test_it_is_warm_when_the_snapshot_is_whole(tmp_path: Path) -> None:
    source = FeedDirectory()
    source.put(*(a_message(f"p-{number}") for number in range(10)))

    async with following(tmp_path, source) as followed:
        assert not followed.directory.is_warm
        await followed.warmed.wait()

        assert followed.ids == {f"p-{number}" for number in range(10)}
        assert (followed.directory.snapshot.epoch, followed.directory.snapshot.revision) == ("epoch-1", 10)


async def test_a_change_and_an_archive_are_seen(tmp_path: Path) -> None:
    source = FeedDirectory()
    source.put(a_message("p-1"), a_message("p-2"))

    async with following(tmp_path, source) as followed:
        await followed.warmed.wait()
        source.put(a_message("p-1", country_code="TN"), a_message("p-3"))
        source.archive("p-2")
        await until(followed.stepped, lambda: followed.directory.snapshot.revision == 5)

        changed = followed.directory.snapshot.provider("p-1")
        assert followed.ids == {"p-1", "p-3"}
        assert changed is not None
        assert changed.country_code == "TN"


async def test_a_broken_feed_is_resumed_where_it_stopped(tmp_path: Path) -> None:
    source = FeedDirectory()
    source.put(*(a_message(f"p-{number}") for number in range(20)))
    source.breaks_after = 2

    async with following(tmp_path, source) as followed:
        await followed.warmed.wait()

        assert len(followed.ids) == 20
        assert source.asked[:3] == [("", 0), ("epoch-1", 6), ("epoch-1", 12)]


async def test_a_new_epoch_is_read_from_the_beginning_while_the_old_answers(tmp_path: Path) -> None:
    source = FeedDirectory()
    source.put(*(a_message(f"p-{number}") for number in range(7)))

    async with following(tmp_path, source) as followed:
        await followed.warmed.wait()
        source.begin_epoch("epoch-2", a_message("restored"))
        assert len(followed.ids) == 7
        await until(followed.stepped, lambda: followed.directory.snapshot.epoch == "epoch-2")

        assert followed.ids == {"restored"}
        assert source.asked[-1] == ("", 0)


async def test_a_record_that_cannot_be_read_is_left_out_and_the_rest_stands(tmp_path: Path) -> None:
    source = FeedDirectory()
    source.put(a_message("p-1"))
    source.put(a_message("exact", disclosure=2), a_message("p-2"))  # a confidential site with a point

    async with following(tmp_path, source) as followed:
        await followed.warmed.wait()

        assert followed.ids == {"p-1", "p-2"}


async def test_places_that_are_held_are_known_until_referrals_are_long_away(tmp_path: Path) -> None:
    referrals = FeedReferrals()
    referrals.hold("beds", "girls", 2)

    async with following(tmp_path, FeedDirectory(), referrals) as followed:
        await until(followed.stepped, lambda: followed.taken.at(NOON) == {("beds", "girls"): 2})
        referrals.hold("beds", "girls", 0)
        await until(followed.stepped, lambda: followed.taken.at(NOON) == {})
        referrals.hold("beds", "girls", 1)
        await until(followed.stepped, lambda: followed.taken.at(NOON) == {("beds", "girls"): 1})
        referrals.leave()
        await until(followed.stepped, lambda: followed.taken.times_lost > 0)

        assert followed.taken.at(NOON + timedelta(seconds=30)) == {("beds", "girls"): 1}
        assert followed.taken.at(NOON + timedelta(seconds=31)) is None

        referrals.is_away = False
        await until(followed.stepped, lambda: followed.taken.at(NOON + timedelta(seconds=31)) is not None)


def test_before_referrals_have_told_anything_nobody_knows() -> None:
    assert Taken().at(NOON) is None


async def test_who_is_silent_is_told_with_the_places_and_stands_until_it_is_told_anew(tmp_path: Path) -> None:
    source, referrals = FeedDirectory(), FeedReferrals()
    source.put(a_message("p-1"))
    referrals.tell_silent({"p-1": 1.0})

    async with following(tmp_path, source, referrals) as followed:
        await until(followed.stepped, lambda: dict(followed.silences.at(NOON)) == {"p-1": 5_000_000})
        referrals.hold("beds", "girls", 2)
        await until(followed.stepped, lambda: followed.taken.at(NOON) == {("beds", "girls"): 2})
        assert dict(followed.silences.at(NOON)) == {"p-1": 5_000_000}
        referrals.tell_silent({})
        referrals.hold("beds", "girls", 0)
        await until(followed.stepped, lambda: followed.taken.at(NOON) == {})

        assert dict(followed.silences.at(NOON)) == {}
