"""Tests of the library for receivers: each alert once, none lost, and the answers of a desk."""

import asyncio
import gc
import json
import signal
from collections.abc import AsyncIterator, Awaitable, Callable
from contextlib import aclosing, asynccontextmanager
from pathlib import Path
from typing import Any

import pytest
from nats.aio.client import Client

from ihala.alert_feed import AlertFeed
from ihala.exceptions import InvalidInput, NotFound
from ihala.journal import Journal
from ihala.profile import Profile
from ihala.receiver import GIRLS, NO_CAPACITY, Alert, Receiver, RequestedNeed
from ihala.referrals.v1.referrals_service_pb2_grpc import add_ReferralsServiceServicer_to_server
from services.runtime.auth import Role
from services.runtime.embedded import nats
from services.runtime.embedded.nats import NatsServer
from services.runtime.embedded.processes import Supervisor
from tests.notify.fakes import FakeReferrals
from tests.notify.stores import Clock, Running, Stores, an_event, loops_of_notify, stores_at
from tests.serving import Identity, an_identity, serving


@pytest.fixture
async def stores(migrated_url: Callable[..., Awaitable[str]]) -> AsyncIterator[Stores]:
    async with stores_at(await migrated_url("notify")) as made:
        yield made


@pytest.fixture
async def running(stores: Stores, nats_server: NatsServer, tmp_path: Path) -> AsyncIterator[Running]:
    async with loops_of_notify(stores, nats_server, Clock(), tmp_path) as made:
        yield made


@asynccontextmanager
async def a_house(running: Running) -> AsyncIterator[tuple[Path, FakeReferrals]]:
    """Give a house an account, a token and a profile, and run the referrals service that it answers to."""
    referrals = FakeReferrals(running.clock)  # type: ignore[abstract]  # the rest is UNIMPLEMENTED
    identity = an_identity(running.folder)
    async with serving(identity, lambda server: add_ReferralsServiceServicer_to_server(referrals, server)) as far:
        yield await a_profile(running, identity, far.address), referrals


async def a_profile(running: Running, identity: Identity, referrals_address: str) -> Path:
    seed_file = await running.register("house-1")
    (running.folder / "house.token").write_text(identity.token(Role.RECEIVER, receiver_ids=["house-1"]))
    path = running.folder / "house.toml"
    path.write_text(
        f"""
        [services]
        referrals = "{referrals_address}"

        [identity]
        token_file = "house.token"

        [receiver]
        receiver_id = "house-1"
        nats_url = "{running.server.url}"
        seed_file = "{seed_file.name}"
        journal_file = "house.journal"
        """
    )
    return path


async def offer(running: Running, referrals: FakeReferrals, offer_id: str) -> None:
    referrals.offer(offer_id)
    await running.publish(an_event(offer_id))


async def heard(path: Path, count: int) -> list[Alert]:
    """Listen until so many alerts came, and ask for the next one after each."""
    found = []
    async with asyncio.timeout(20), Receiver.from_profile(path) as receiver:
        async for alert in receiver:
            found.append(alert)
            if len(found) == count:
                break
    return found


def fits(need: RequestedNeed) -> bool:
    return need.code == "ACC-EMG" and need.facts["languages"] == ["ti"] and need.items == {"girls": 1}


async def test_the_example_of_a_provider_with_a_system_runs_as_written(running: Running) -> None:
    async with a_house(running) as (path, referrals):
        await offer(running, referrals, "offer-1")
        async with asyncio.timeout(20), Receiver.from_profile(path) as receiver:
            async for alert in receiver:  # delivered: software has it
                offered = await alert.read(by="night desk")  # a person pressed
                await offered.accept(places=1) if fits(offered.need) else await offered.decline(
                    NO_CAPACITY, population=GIRLS
                )
                break

    assert [verb for verb, _ in referrals.commands] == ["Acknowledge", "Accept"]
    assert set(referrals.actors) == {"night-desk"}
    assert offered.view.state == "accepted"


async def test_a_part_of_a_group_cannot_be_accepted(running: Running) -> None:
    async with a_house(running) as (path, referrals):
        await offer(running, referrals, "offer-1")
        async with asyncio.timeout(20), Receiver.from_profile(path) as receiver, aclosing(aiter(receiver)) as alerts:
            offered = await (await anext(alerts)).read(by="day desk")
            with pytest.raises(InvalidInput, match="places must be"):
                await offered.accept(places=2)
            await offered.decline(NO_CAPACITY, population=GIRLS)

    assert referrals.commands[-1][1].population == "girls"


async def test_an_alert_that_was_not_dealt_with_comes_again_after_a_crash(running: Running) -> None:
    async with a_house(running) as (path, referrals):
        await offer(running, referrals, "offer-1")
        first = await heard(path, 1)  # the program ends before it asks for the next one
        again = await heard(path, 1)
        await offer(running, referrals, "offer-2")
        both = await heard(path, 2)  # asking for the second says that the first is dealt with
        rest = await heard(path, 1)

    assert first == again
    assert [alert.offer_id for alert in both] == ["offer-1", "offer-2"]
    assert [alert.offer_id for alert in rest] == ["offer-2"]


async def test_an_alert_of_an_offer_that_is_gone_says_so_when_it_is_read_and_comes_no_more(running: Running) -> None:
    """F29: software that ends at every error meets it once."""
    async with a_house(running) as (path, referrals):
        await running.publish(an_event("offer-gone"))
        async with asyncio.timeout(20), Receiver.from_profile(path) as receiver, aclosing(aiter(receiver)) as alerts:
            with pytest.raises(NotFound, match="the offer is gone"):
                await (await anext(alerts)).read(by="night desk")
        await offer(running, referrals, "offer-1")

        [alert] = await heard(path, 1)

    assert alert.offer_id == "offer-1"


async def test_a_cancellation_that_a_library_swallows_does_not_keep_it_from_ending(
    running: Running, monkeypatch: pytest.MonkeyPatch
) -> None:
    """`wait_for` of Python 3.11 does so when what it waits for is done at that moment."""
    connect, is_swallowed = AlertFeed._connect, asyncio.Event()

    async def connect_as_if_nothing_was(self: AlertFeed, *args: Any) -> Any:
        try:
            await asyncio.Event().wait()
        except asyncio.CancelledError:
            is_swallowed.set()
        return await connect(self, *args)

    monkeypatch.setattr(AlertFeed, "_connect", connect_as_if_nothing_was)
    async with a_house(running) as (path, _), asyncio.timeout(10), Receiver.from_profile(path):
        await asyncio.sleep(0)  # the feed begins

    assert is_swallowed.is_set()


async def test_an_answer_to_a_receipt_that_is_lost_holds_back_no_other_alert(
    running: Running, monkeypatch: pytest.MonkeyPatch
) -> None:
    ask, asked = AlertFeed._ask_for_receipt, asyncio.Event()

    async def lose_the_first(feed: AlertFeed, client: Client, alert_id: str) -> str | None:
        if not asked.is_set():
            asked.set()
            await asyncio.Event().wait()
        return await ask(feed, client, alert_id)

    monkeypatch.setattr(AlertFeed, "_ask_for_receipt", lose_the_first)
    monkeypatch.setattr("ihala.receiver.SETTLE_S", 0.1)
    async with a_house(running) as (profile, _), Receiver.from_profile(profile) as receiver:
        heard = aiter(receiver)
        for number in range(3):
            await running.publish(an_event(f"offer-{number}"))
            async with asyncio.timeout(4):  # below the time that an answer is waited for
                assert (await anext(heard)).offer_id == f"offer-{number}"

        states = "SELECT state FROM delivery WHERE channel = 'nats' ORDER BY delivered_time NULLS FIRST"
        await running.until(states, [("sent",), ("delivered",), ("delivered",)])


async def test_it_finds_back_by_itself_when_nats_was_killed(stores: Stores, tmp_path: Path) -> None:
    with Supervisor(tmp_path / "state") as supervisor:
        server = nats.start(supervisor)
        async with loops_of_notify(stores, server, Clock(), tmp_path) as running, a_house(running) as (path, referrals):
            await offer(running, referrals, "offer-1")
            async with asyncio.timeout(40), Receiver.from_profile(path) as receiver:
                alerts = aiter(receiver)
                assert (await anext(alerts)).offer_id == "offer-1"

                server.child.send(signal.SIGKILL)
                assert await asyncio.to_thread(supervisor.wait, 5) is server.child
                supervisor.end(server.child)
                nats.start(supervisor)
                await published(running, "offer-2")

                assert (await anext(alerts)).offer_id == "offer-2"


async def published(running: Running, offer_id: str) -> None:
    """Publish as soon as the relay has found back too."""
    while True:
        try:
            await running.publish(an_event(offer_id))
        except Exception:  # noqa: BLE001 -- whatever it is while the server starts
            await asyncio.sleep(0.1)
        else:
            return


@pytest.mark.filterwarnings("ignore::pytest.PytestUnraisableExceptionWarning")  # nats-py leaves refused sockets open
@pytest.mark.parametrize("comes_late", ["", pytest.param("late", marks=pytest.mark.long)])
async def test_it_comes_back_by_the_next_key_once_the_one_before_is_withdrawn(
    running: Running, comes_late: str
) -> None:
    """F27: nats-py alone knocks with the old one for ever, whether the next is in its file by then or comes later."""
    seed_file = running.folder / "house-1.nk"
    async with asyncio.timeout(40), a_house(running) as (path, referrals), Receiver.from_profile(path) as receiver:
        alerts = aiter(receiver)
        await offer(running, referrals, "offer-1")
        assert (await anext(alerts)).offer_id == "offer-1"

        before = seed_file.read_bytes()
        await running.register("house-1")  # the key before ends, and its file has the new one
        if comes_late:
            new = seed_file.read_bytes()
            seed_file.write_bytes(before)
            await refused_three_times(running.server)
            seed_file.write_bytes(new)

        await offer(running, referrals, "offer-2")
        assert (await anext(alerts)).offer_id == "offer-2"
    gc.collect()  # what nats-py left is told here, not in another test


async def refused_three_times(server: NatsServer) -> None:
    """Wait until the server has refused a key, and the library has come again with it."""
    while server.child.log.read_text().count("authentication error") < 3:  # noqa: ASYNC110 -- another process's
        await asyncio.sleep(0.05)


async def test_a_profile_without_a_receiver_is_refused() -> None:
    with pytest.raises(InvalidInput, match="receiver must be a table"):
        Receiver(Profile())


def test_a_journal_keeps_what_came_until_it_is_finished(tmp_path: Path) -> None:
    path = tmp_path / "journal"
    with Journal(path) as journal:
        assert journal.keep({"alert_id": "a"})
        assert not journal.keep({"alert_id": "a"})
        assert journal.keep({"alert_id": "b"})
        journal.finish("a")
        journal.finish("a")

    with Journal(path) as again:
        assert again.unfinished() == [{"alert_id": "b"}]
        assert not again.keep({"alert_id": "a"})
        assert not again.keep({"alert_id": "b"})


def test_a_journal_keeps_what_comes_together_and_says_what_of_it_is_new(tmp_path: Path) -> None:
    with Journal(tmp_path / "journal") as journal:
        journal.keep({"alert_id": "a"})
        journal.finish("a")

        news = journal.keep_all([{"alert_id": "a"}, {"alert_id": "b"}, {"alert_id": "c"}, {"alert_id": "b"}])

        assert news == [{"alert_id": "b"}, {"alert_id": "c"}]
    with Journal(tmp_path / "journal") as journal:
        assert journal.unfinished() == news


def test_a_line_that_a_crash_cut_short_does_not_count(tmp_path: Path) -> None:
    path = tmp_path / "journal"
    with Journal(path) as journal:
        journal.keep({"alert_id": "a"})
    path.write_bytes(path.read_bytes() + json.dumps({"alert_id": "b"}).encode()[:-3])

    with Journal(path) as again:
        assert again.unfinished() == [{"alert_id": "a"}]
        assert again.keep({"alert_id": "b"})
    with Journal(path) as third:
        assert [line["alert_id"] for line in third.unfinished()] == ["a", "b"]
