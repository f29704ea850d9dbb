"""What the tests of notify are made of: its tables, its loops on a real NATS, and a clock that is set by hand."""

import asyncio
import json
from collections.abc import AsyncIterator
from contextlib import AsyncExitStack, asynccontextmanager
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta
from pathlib import Path
from uuid import uuid4

from services.notify import deliveries, receipts
from services.notify.accounts import AccountsFile
from services.notify.at_once import AtOnce
from services.notify.channels.nats import NatsChannel
from services.notify.consumer import EventConsumer
from services.notify.model import Channel, Device, OfferEvent, OfferState
from services.notify.reconciler import Provisioner, Reconciler
from services.notify.store.alerts import AlertStore
from services.notify.store.deliveries import DeliveryStore
from services.notify.store.devices import DeviceStore
from services.notify.store.letters import LetterStore
from services.notify.store.repairs import RepairStore
from services.notify.store.requests import Request
from services.notify.store.shifts import ShiftStore
from services.runtime import jetstream
from services.runtime.embedded.nats import NatsServer
from services.runtime.embedded.nats_accounts import generate_key
from services.runtime.postgres import Pool, Process, open_pool
from services.taxonomy import Urgency

NOON = datetime(2026, 3, 4, 12, tzinfo=UTC)


@dataclass
class Clock:
    """A clock that stands until a test sets it."""

    time: datetime = NOON

    def __call__(self) -> datetime:
        return self.time

    def advance(self, **delta: float) -> None:
        self.time += timedelta(**delta)


@dataclass(kw_only=True)
class Stores:
    """Every store over one pool."""

    pool: Pool
    alerts: AlertStore
    deliveries: DeliveryStore
    devices: DeviceStore
    shifts: ShiftStore
    letters: LetterStore

    async def rows(self, query: str) -> list[tuple[object, ...]]:
        async with self.pool.connection() as connection:
            return await (await connection.execute(query.encode())).fetchall()


@asynccontextmanager
async def stores_at(url: str) -> AsyncIterator[Stores]:
    async with open_pool(url, "notify") as pool:
        yield Stores(
            pool=pool,
            alerts=AlertStore(pool),
            deliveries=DeliveryStore(pool),
            devices=DeviceStore(pool),
            shifts=ShiftStore(pool),
            letters=LetterStore(pool),
        )


def an_event(
    offer_id: str = "offer-1",
    *,
    version: int = 1,
    state: OfferState = OfferState.REQUESTED,
    receiver_id: str = "house-1",
    event_id: str | None = None,
    urgency: Urgency = Urgency.IMMEDIATE,
    part_offer_ids: tuple[str, ...] = (),
) -> OfferEvent:
    return OfferEvent(
        event_id=event_id or uuid4().hex,
        offer_id=offer_id,
        offer_version=version,
        receiver_id=receiver_id,
        state=state,
        urgency=urgency,
        due_time=NOON + timedelta(minutes=10),
        part_offer_ids=part_offer_ids,
    )


def as_cloudevent(event: OfferEvent) -> bytes:
    """Write an event as the relay of referrals does."""
    return json.dumps(
        {
            "specversion": "1.0",
            "id": event.event_id,
            "source": "ihala/referrals",
            "type": f"org.ihala.referral.v1.offer_{event.state}",
            "time": NOON.isoformat(),
            "datacontenttype": "application/json",
            "data": {
                "offer_id": event.offer_id,
                "offer_version": event.offer_version,
                "receiver_id": event.receiver_id,
                "state": event.state.value,
                "urgency": event.urgency.value,
                "due_time": event.due_time.isoformat() if event.due_time else None,
            },
        }
    ).encode()


def a_request(request_id: str = "request-1", body: bytes = b"body") -> Request:
    return Request(client_id="operator-1", request_id=request_id, body_digest=body, answer=b"answer")


def a_nats_device(receiver_id: str, public_nkey: str) -> Device:
    return Device(
        device_id=uuid4().hex,
        receiver_id=receiver_id,
        channel=Channel.NATS,
        create_time=NOON,
        heard_time=None,
        end_time=None,
        public_nkey=public_nkey,
    )


@dataclass(kw_only=True)
class Running:
    """Notify's loops against a real NATS, without its RPCs and its page."""

    stores: Stores
    server: NatsServer
    clock: Clock
    connection: jetstream.Connection
    channel: NatsChannel
    accounts: AccountsFile
    reconciler: Reconciler
    rang: asyncio.Event
    folder: Path
    _relay: jetstream.Connection = field(repr=False)

    async def publish(self, event: OfferEvent, *, message_id: str | None = None) -> None:
        """Publish as the relay of referrals."""
        await self.publish_bytes(as_cloudevent(event), message_id or event.event_id)

    async def publish_bytes(self, payload: bytes, message_id: str) -> None:
        await jetstream.publish(self._relay, "referral.v1.offer_requested", payload, message_id=message_id)

    async def register(self, receiver_id: str) -> Path:
        """Give a receiver an account, and return the file of its seed."""
        seed, public = generate_key()
        file = self.folder / f"{receiver_id}.nk"
        file.write_text(seed)
        await self.stores.devices.register_nats(
            a_request(uuid4().hex), Process(client_id="operator-1"), a_nats_device(receiver_id, public), self.clock()
        )
        await self.channel.ensure_consumer(receiver_id)
        await self.accounts.apply()
        return file

    async def count_messages(self, stream: str) -> int:
        as_provisioner = jetstream.connect(self.server.url, self.server.seed_file("provisioner"), name="provisioner")
        async with as_provisioner as connection:
            return (await connection.stream.stream_info(stream)).state.messages

    async def remove_stream(self, stream: str) -> None:
        as_provisioner = jetstream.connect(self.server.url, self.server.seed_file("provisioner"), name="provisioner")
        async with as_provisioner as connection:
            assert await connection.stream.delete_stream(stream)

    async def until(self, query: str, expected: list[tuple[object, ...]]) -> None:
        """Wait until the tables say so."""
        async with asyncio.timeout(20):
            while await self.stores.rows(query) != expected:  # noqa: ASYNC110 -- it happens in PostgreSQL
                await asyncio.sleep(0.02)


def a_provisioner(server: NatsServer) -> Provisioner:
    return Provisioner(nats_url=server.url, seed_file=server.seed_file("provisioner"), replicas=1)


@asynccontextmanager
async def loops_of_notify(
    stores: Stores, nats_server: NatsServer, clock: Clock, folder: Path
) -> AsyncIterator[Running]:
    provisioner = a_provisioner(nats_server)
    await provisioner.ensure_streams()
    stop, rang = asyncio.Event(), asyncio.Event()
    channel = NatsChannel(clock)
    accounts = AccountsFile(
        nats_server.folder / "accounts.conf",
        nats_server.folder.parent / "pids" / "nats",
        stores.devices.nats_accounts,
    )
    async with AsyncExitStack() as stack:
        connection = await stack.enter_async_context(
            jetstream.connect(nats_server.url, nats_server.seed_file("notify"), name="notify")
        )
        relay = await stack.enter_async_context(
            jetstream.connect(nats_server.url, nats_server.seed_file("relay"), name="relay")
        )
        channel.use(connection)
        async with asyncio.TaskGroup() as tasks:
            at_once = AtOnce(stores.deliveries, {Channel.NATS: channel}, clock)
            consumer = EventConsumer(stores.alerts, stores.letters, rang, clock, at_once)
            tasks.create_task(consumer.run(connection, stop))
            tasks.create_task(at_once.run(stop))
            tasks.create_task(deliveries.run(stores.deliveries, {Channel.NATS: channel}, rang, clock, stop))
            tasks.create_task(receipts.run(connection, stores.deliveries, clock, stop))
            yield Running(
                stores=stores,
                server=nats_server,
                clock=clock,
                connection=connection,
                channel=channel,
                accounts=accounts,
                reconciler=Reconciler(
                    devices=stores.devices,
                    deliveries=stores.deliveries,
                    repairs=RepairStore(stores.pool),
                    channel=channel,
                    accounts=accounts,
                    provisioner=provisioner,
                    now=clock,
                ),
                rang=rang,
                folder=folder,
                _relay=relay,
            )
            stop.set()
