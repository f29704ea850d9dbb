"""A night of referrals, the bus and notify on one clock that a test moves, with a shelter that is rung by every way."""

import asyncio
from collections.abc import AsyncIterator, Awaitable, Callable
from contextlib import asynccontextmanager
from datetime import UTC, datetime
from pathlib import Path

from ihala.referrals.v1 import referrals_pb2 as pb
from ihala.referrals.v1 import referrals_service_pb2 as service_pb
from services.notify.consumer import EventConsumer
from services.notify.model import Channel
from services.referrals.relay import publish_batch
from services.runtime import jetstream
from services.runtime.embedded.nats import NatsServer
from tests.notify.lanes import an_endpoint
from tests.notify.stores import Clock as NotifyClock
from tests.notify.stores import Stores, a_provisioner, stores_at
from tests.referrals.samples import Clock, Running, running
from tests.serving import an_identity

FRIDAY = datetime(2026, 3, 13, 22, 0, tzinfo=UTC)
DESK = "shelter-desk"  #: of the provider `shelter`


class Night:
    """Referrals, the bus and notify on one clock that a test moves."""

    def __init__(
        self, referrals: Running, stores: Stores, clock: NotifyClock, connection: jetstream.Connection
    ) -> None:
        self.referrals = referrals
        self.stores = stores
        self.clock = clock
        self.connection = connection

    async def pass_time(self, minutes: int) -> None:
        """Let so many minutes pass, and everything that was told meanwhile be heard."""
        self.clock.advance(minutes=minutes)
        await self.referrals.pass_time(minutes=minutes)
        await self.tell()

    async def tell(self) -> None:
        while await publish_batch(self.referrals.desk.pool, self.connection, self.referrals.clock):
            continue
        told = await self.referrals.rows(
            """
            SELECT count(*)::integer FROM event JOIN offer USING (offer_id)
            WHERE published_time IS NOT NULL AND receiver_id <> ''
            """
        )
        async with asyncio.timeout(20):
            while await self.stores.rows("SELECT count(*)::integer FROM inbox") != told:  # noqa: ASYNC110 -- in PostgreSQL
                await asyncio.sleep(0.02)

    async def ways(self) -> dict[str, datetime]:
        """Say which ways of the shelter have begun to ring, and when."""
        rows = await self.stores.rows(
            """
            SELECT coalesce(nullif(endpoint_id, ''), channel), delivery.create_time
            FROM delivery JOIN alert USING (alert_id)
            """
        )
        return {str(name): time for name, time in rows if isinstance(time, datetime)}

    async def tasks(self) -> list[tuple[str, str]]:
        found = (await self.referrals.duty().ListTasks(service_pb.ListTasksRequest())).tasks
        return sorted((task.provider_id, task.owner) for task in found if task.kind == pb.TASK_KIND_RING)


@asynccontextmanager
async def _hearing(stores: Stores, nats_server: NatsServer) -> AsyncIterator[NotifyClock]:
    """Hear what is told on the bus; which ways ring is kept, and nothing is sent."""
    await a_provisioner(nats_server).ensure_streams()
    clock, stop = NotifyClock(FRIDAY), asyncio.Event()
    consumer = EventConsumer(stores.alerts, stores.letters, asyncio.Event(), clock)
    async with (
        jetstream.connect(nats_server.url, nats_server.seed_file("notify"), name="notify") as connection,
        asyncio.TaskGroup() as tasks,
    ):
        tasks.create_task(consumer.run(connection, stop))
        yield clock
        stop.set()


@asynccontextmanager
async def a_night(
    migrated_url: Callable[..., Awaitable[str]], nats_server: NatsServer, folder: Path
) -> AsyncIterator[Night]:
    """Run a night of at most a minute; the shelter has two ways of its own, and a deputy's."""
    url = await migrated_url("referrals", "notify")
    async with (
        asyncio.timeout(60),
        running(url, an_identity(folder), Clock(FRIDAY)) as referrals,
        stores_at(url) as stores,
        _hearing(stores, nats_server) as clock,
        jetstream.connect(nats_server.url, nats_server.seed_file("relay"), name="relay") as connection,
    ):
        for endpoint_id, order_no in (("first", 0), ("second", 1), ("deputy", 2)):
            await an_endpoint(stores, endpoint_id, receiver_id=DESK, channel=Channel.SMS, order_no=order_no)
        yield Night(referrals, stores, clock, connection)
