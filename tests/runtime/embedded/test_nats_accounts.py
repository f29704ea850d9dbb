"""Tests of who may say what: the own alerts reach their receiver, and nothing else is anybody's (S1)."""

import asyncio
import json
from collections.abc import AsyncIterator, Awaitable, Callable
from contextlib import asynccontextmanager
from pathlib import Path

import nats.errors
import pytest
from nats.aio.msg import Msg

from services.errors import InvalidInput, PermissionDenied, Unavailable
from services.runtime import consuming, jetstream
from services.runtime.embedded.nats import NatsServer, apply_receivers
from services.runtime.embedded.nats_accounts import generate_key, public_key, render_receiver_accounts
from services.runtime.jetstream import Connection

OWN, OTHER = "r7f3", "house-2_B"
KEY = generate_key()[1]
WAIT_S = 1.0
REFUSAL_WAIT_S = 0.2  #: a refused request is a mere timeout to nats-py; that it was refused is asserted beside it


class House:
    """A server with both streams, an alert for each of two receivers, and their keys."""

    def __init__(self, server: NatsServer, folder: Path) -> None:
        self.server = server
        self.folder = folder
        self.receivers: dict[str, list[str]] = {}  #: public keys

    def enrol(self, *receiver_ids: str) -> None:
        for receiver_id in receiver_ids:
            seed, public = generate_key()
            (self.folder / receiver_id).write_text(seed)
            self.receivers[receiver_id] = [public]
        self.apply()

    def apply(self) -> None:
        apply_receivers(self.server.folder.parent, self.receivers)

    @asynccontextmanager
    async def user(self, name: str) -> AsyncIterator[Connection]:
        async with jetstream.connect(self.server.url, self.server.seed_file(name), name=name) as connection:
            yield connection

    @asynccontextmanager
    async def receiver(self, receiver_id: str) -> AsyncIterator[Connection]:
        seed = self.folder / receiver_id
        async with jetstream.connect(
            self.server.url, seed, name=receiver_id, inbox_prefix="_INBOX", within_s=WAIT_S
        ) as connection:
            yield connection


@pytest.fixture
async def house(nats_server: NatsServer, tmp_path: Path) -> House:
    house = House(nats_server, tmp_path)
    house.enrol(OWN, OTHER)
    async with house.user("provisioner") as provisioner:
        await jetstream.ensure_stream(provisioner, "REFERRALS", ["referral.v1.>"])
        await jetstream.ensure_stream(provisioner, "ALERTS", ["alerts.v1.*"])
    async with house.user("notify") as notify:
        for receiver_id in (OWN, OTHER):
            subject = f"alerts.v1.{receiver_id}"
            await jetstream.ensure_consumer(notify, "ALERTS", receiver_id, filter_subject=subject)
            await jetstream.publish(notify, subject, b"alert", message_id=receiver_id)
    return house


async def pending(house: House, receiver_id: str) -> tuple[int, int]:
    async with house.user("provisioner") as provisioner:
        info = await provisioner.stream.consumer_info("ALERTS", receiver_id)
    return info.num_pending or 0, info.num_ack_pending or 0


async def test_a_receiver_pulls_receipts_and_acknowledges_its_own_alert(house: House) -> None:
    receipts: list[Msg] = []

    async def commit_receipt(message: Msg) -> None:
        receipts.append(message)
        await message.respond(b"committed")

    async with house.user("notify") as notify, house.receiver(OWN) as receiver:
        await notify.client.subscribe("receipt.v1.*", cb=commit_receipt)
        subscription = await jetstream.subscribe(receiver, "ALERTS", OWN)
        [message] = await subscription.fetch(1, timeout=5)
        answer = await receiver.client.request(f"receipt.v1.{OWN}", b"event-1", timeout=5)
        await message.ack_sync(timeout=5)
        await subscription.unsubscribe()

        assert (message.data, answer.data) == (b"alert", b"committed")
        assert [(receipt.subject, receipt.data) for receipt in receipts] == [(f"receipt.v1.{OWN}", b"event-1")]
        assert not receiver.refused.is_set()
        assert not notify.refused.is_set()

    assert await pending(house, OWN) == (0, 0)


async def test_the_relay_publishes_events_and_notify_consumes_them(house: House) -> None:
    heard = asyncio.Event()
    stop = asyncio.Event()

    async def handle(message: Msg) -> None:
        heard.set()

    async with asyncio.timeout(10), house.user("relay") as relay, house.user("notify") as notify:
        await jetstream.ensure_consumer(notify, "REFERRALS", "notify")
        subscription = await jetstream.subscribe(notify, "REFERRALS", "notify")
        async with asyncio.TaskGroup() as tasks:
            tasks.create_task(consuming.consume(notify, subscription, handle, stop))
            await jetstream.publish(relay, "referral.v1.offer_requested", b"{}", message_id="e1")
            await relay.stream.stream_info("REFERRALS")
            await heard.wait()
            stop.set()
        info = await notify.stream.consumer_info("REFERRALS", "notify")

    assert info.num_ack_pending == 0
    assert not relay.refused.is_set()
    assert not notify.refused.is_set()


ATTACKS_OF_A_RECEIVER = {
    "pull another's alerts": (f"$JS.API.CONSUMER.MSG.NEXT.ALERTS.{OTHER}", b'{"batch": 1}'),
    "forge another's receipt": (f"receipt.v1.{OTHER}", b"event-1"),
    "read a message": ("$JS.API.STREAM.MSG.GET.ALERTS", b'{"seq": 1}'),
    "read a message directly": ("$JS.API.DIRECT.GET.ALERTS", b'{"seq": 1}'),
    "purge the stream": ("$JS.API.STREAM.PURGE.ALERTS", b""),
    "delete the stream": ("$JS.API.STREAM.DELETE.ALERTS", b""),
    "list the streams": ("$JS.API.STREAM.LIST", b""),
    "look at another's consumer": (f"$JS.API.CONSUMER.INFO.ALERTS.{OTHER}", b""),
    "delete another's consumer": (f"$JS.API.CONSUMER.DELETE.ALERTS.{OTHER}", b""),
    "make a consumer of everything": (
        "$JS.API.CONSUMER.DURABLE.CREATE.ALERTS.mine",
        json.dumps({"stream_name": "ALERTS", "config": {"durable_name": "mine", "ack_policy": "none"}}).encode(),
    ),
    "send an alert": (f"alerts.v1.{OTHER}", b"come"),
    "send an event": ("referral.v1.offer_accepted", b"{}"),
    "ask the server": ("$SYS.REQ.SERVER.PING", b""),
}


@pytest.mark.parametrize("attack", ATTACKS_OF_A_RECEIVER)
async def test_a_receiver_can_not(attack: str, house: House) -> None:
    subject, payload = ATTACKS_OF_A_RECEIVER[attack]
    receipts: list[Msg] = []

    async with house.user("notify") as notify, house.receiver(OWN) as receiver:
        await notify.client.subscribe("receipt.v1.*", cb=_append_to(receipts))
        await notify.client.flush()
        with pytest.raises((nats.errors.TimeoutError, nats.errors.NoRespondersError)):
            await receiver.client.request(subject, payload, timeout=REFUSAL_WAIT_S)
        await notify.client.flush()

        async with asyncio.timeout(5):
            await receiver.refused.wait()

    assert receipts == []
    assert await pending(house, OTHER) == (1, 0)
    async with house.user("provisioner") as provisioner:
        streams = await provisioner.stream.streams_info()
        assert sorted((stream.config.name, stream.state.messages) for stream in streams) == [
            ("ALERTS", 2),
            ("REFERRALS", 0),
        ]


async def test_a_forged_acknowledgement_does_not_take_anothers_alert(house: House) -> None:
    async with house.receiver(OTHER) as other, house.receiver(OWN) as receiver:
        subscription = await jetstream.subscribe(other, "ALERTS", OTHER)
        [message] = await subscription.fetch(1, timeout=5)
        await receiver.client.publish(message.reply, b"+ACK")
        for guess in range(1, 4):
            await receiver.client.publish(f"$JS.ACK.ALERTS.{OTHER}.1.{guess}.{guess}.1700000000000000000.0", b"+ACK")
        await receiver.client.flush()

        assert await pending(house, OTHER) == (0, 1)
        await message.ack_sync(timeout=5)
        await subscription.unsubscribe()

    assert await pending(house, OTHER) == (0, 0)


@pytest.mark.parametrize("subject", [">", f"alerts.v1.{OTHER}", "receipt.v1.*", "_INBOX_notify.>", "$JS.>"])
async def test_a_receiver_hears_nothing_by_listening(subject: str, house: House) -> None:
    heard: list[Msg] = []

    async with house.receiver(OWN) as receiver, house.user("notify") as notify:
        await receiver.client.subscribe(subject, cb=_append_to(heard))
        await receiver.client.flush()
        await jetstream.publish(notify, f"alerts.v1.{OTHER}", b"alert", message_id="second")
        await receiver.client.flush()

        assert receiver.refused.is_set()

    assert heard == []


ATTACKS_OF_A_SERVICE = {
    ("relay", "read the alerts"): ("$JS.API.CONSUMER.MSG.NEXT.ALERTS.r7f3", b'{"batch": 1}'),
    ("relay", "send an alert"): ("alerts.v1.r7f3", b"come"),
    ("notify", "send an event"): ("referral.v1.offer_accepted", b"{}"),
    ("notify", "pull for a receiver"): ("$JS.API.CONSUMER.MSG.NEXT.ALERTS.r7f3", b'{"batch": 1}'),
    ("notify", "purge the alerts"): ("$JS.API.STREAM.PURGE.ALERTS", b""),
    ("notify", "delete the events"): ("$JS.API.STREAM.DELETE.REFERRALS", b""),
}


@pytest.mark.parametrize(("user", "attack"), ATTACKS_OF_A_SERVICE)
async def test_a_service_can_not_do_anothers_work(user: str, attack: str, house: House) -> None:
    subject, payload = ATTACKS_OF_A_SERVICE[user, attack]

    async with house.user(user) as connection:
        with pytest.raises((nats.errors.TimeoutError, nats.errors.NoRespondersError)):
            await connection.client.request(subject, payload, timeout=REFUSAL_WAIT_S)

        async with asyncio.timeout(5):
            await connection.refused.wait()
        with pytest.raises(PermissionDenied):
            connection.check()


# nats-py 2.16 leaves the sockets of refused attempts to the garbage collector
@pytest.mark.filterwarnings("ignore::pytest.PytestUnraisableExceptionWarning")
async def test_a_revoked_receiver_is_out_at_once_and_the_others_stay(house: House) -> None:
    async with house.receiver(OWN) as revoked, house.receiver(OTHER) as staying:
        subscription = await jetstream.subscribe(staying, "ALERTS", OTHER)
        del house.receivers[OWN]
        await asyncio.to_thread(house.apply)

        async with asyncio.timeout(5):
            await revoked.refused.wait()
        with pytest.raises(PermissionDenied):
            async with house.receiver(OWN):
                pass
        [message] = await subscription.fetch(1, timeout=5)
        await message.ack()
        await subscription.unsubscribe()


@pytest.mark.filterwarnings("ignore::pytest.PytestUnraisableExceptionWarning")  # as above
async def test_an_unknown_key_is_refused_and_said_so(house: House) -> None:
    (house.folder / "stranger").write_text(generate_key()[0])

    with pytest.raises(PermissionDenied):
        async with house.receiver("stranger"):
            pass


async def test_a_receiver_enrolled_later_has_its_alerts_without_a_restart(house: House) -> None:
    await asyncio.to_thread(house.enrol, "late")

    async with house.user("notify") as notify, house.receiver("late") as receiver:
        await jetstream.ensure_consumer(notify, "ALERTS", "late", filter_subject="alerts.v1.late")
        await jetstream.publish(notify, "alerts.v1.late", b"alert", message_id="late")
        subscription = await jetstream.subscribe(receiver, "ALERTS", "late")
        [message] = await subscription.fetch(1, timeout=5)
        await message.ack_sync(timeout=5)
        await subscription.unsubscribe()

    assert message.data == b"alert"


async def test_two_keys_of_a_receiver_hold_side_by_side_until_one_is_withdrawn(house: House) -> None:
    """F27: whoever is connected by the old one is not cut off by the new one, and comes back by it after that."""
    seed, public = generate_key()
    async with house.receiver(OWN) as by_old:
        house.receivers[OWN].append(public)
        house.apply()
        subscription = await jetstream.subscribe(by_old, "ALERTS", OWN)
        [message] = await subscription.fetch(1, timeout=5)
        old_seed = (house.folder / OWN).read_text()
        (house.folder / OWN).write_text(seed)
        async with house.receiver(OWN) as by_new:
            assert message.reply
            await by_new.client.request(message.reply, b"+ACK", timeout=5)  # what one fetched, the other may settle
            await subscription.unsubscribe()

    assert await pending(house, OWN) == (0, 0)
    house.receivers[OWN] = [public]
    house.apply()
    async with house.receiver(OWN):
        pass
    (house.folder / OWN).write_text(old_seed)
    with pytest.raises(PermissionDenied):
        async with house.receiver(OWN):
            pass


@pytest.mark.parametrize("receiver_id", ["", "a.b", "a b", "*", ">", 'x"', "a" * 65, "NOTIFY", "sys", "é", "a\n"])
def test_an_id_that_is_no_single_token_is_refused(receiver_id: str) -> None:
    with pytest.raises(InvalidInput, match="receiver_id must"):
        render_receiver_accounts({receiver_id: [KEY]})


@pytest.mark.parametrize("key", ["", "U", KEY[:-1], KEY + " }", generate_key()[0], KEY + "\n"])
def test_a_key_that_is_no_public_key_of_a_user_is_refused(key: str) -> None:
    with pytest.raises(InvalidInput, match="public_key must"):
        render_receiver_accounts({"r1": [KEY, key]})


def test_a_seed_has_one_public_key() -> None:
    seed, public = generate_key()

    assert public_key(seed) == public
    assert generate_key()[0] != seed


async def test_accounts_written_while_the_server_is_down_are_no_error(tmp_path: Path) -> None:
    (tmp_path / "nats").mkdir()

    apply_receivers(tmp_path, {"r1": [KEY]})

    assert '"r1" {' in (tmp_path / "nats" / "accounts.conf").read_text()
    with pytest.raises(Unavailable):
        async with jetstream.connect("nats://127.0.0.1:1", _seed(tmp_path), name="x", within_s=0.2):
            pass


def _seed(folder: Path) -> Path:
    file = folder / "seed"
    file.write_text(generate_key()[0])
    return file


def _append_to(heard: list[Msg]) -> Callable[[Msg], Awaitable[None]]:
    async def append(message: Msg) -> None:
        heard.append(message)

    return append
