"""A silent shelter on a Friday night, from the referral over the bus to the desk's ways, with a moved clock (R46)."""

import asyncio
from collections.abc import AsyncIterator, Awaitable, Callable
from contextlib import asynccontextmanager
from datetime import UTC, datetime, timedelta
from pathlib import Path

from ihala.referrals.v1 import referrals_pb2 as pb
from ihala.referrals.v1 import referrals_service_pb2 as service_pb
from services.notify.consumer import EventConsumer
from services.notify.model import Channel
from services.referrals.relay import publish_batch
from services.runtime import jetstream
from services.runtime.embedded.nats import NatsServer
from tests.notify.conftest import Clock as NotifyClock
from tests.notify.conftest import Stores, a_provisioner, stores_at
from tests.notify.lanes import an_endpoint
from tests.referrals.samples import Clock, Running, a_provider, order, running
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
async def hearing(stores: Stores, nats_server: NatsServer) -> AsyncIterator[NotifyClock]:
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


async def test_a_silent_shelter_is_rung_by_every_way_and_the_next_says_yes_by_telephone(
    migrated_url: Callable[..., Awaitable[str]], nats_server: NatsServer, tmp_path: Path
) -> None:
    """R46: second channel at 2 min, deputy at 5, the next provider and a duty task at 10."""
    url = await migrated_url("referrals", "notify")
    async with (
        asyncio.timeout(60),
        running(url, an_identity(tmp_path), Clock(FRIDAY)) as referrals,
        stores_at(url) as stores,
        hearing(stores, nats_server) as clock,
        jetstream.connect(nats_server.url, nats_server.seed_file("relay"), name="relay") as connection,
    ):
        night = Night(referrals, stores, clock, connection)
        for endpoint_id, order_no in (("first", 0), ("second", 1), ("deputy", 2)):
            await an_endpoint(stores, endpoint_id, receiver_id=DESK, channel=Channel.SMS, order_no=order_no)
        await referrals.know(a_provider("shelter"), a_provider("next", receiver_id="", pool_id="next-pool"))
        referrals.matching.next_ones = ["shelter", "next"]
        made = await referrals.refer("shelter")

        await night.tell()
        at_once = await night.ways()
        await night.pass_time(2)
        await night.pass_time(3)
        by_five = await night.ways()
        tasks_by_five = await night.tasks()
        await night.pass_time(5)
        tasks_by_ten = await night.tasks()
        stands = await referrals.sender().GetReferral(service_pb.GetReferralRequest(referral_id=made.referral_id))
        await referrals.duty().AcceptOffer(
            order("Accept", stands.referral.offers[1], on_behalf_of="next", via=pb.VIA_PHONE)
        )
        await night.tell()
        settled = await stores.rows("SELECT count(*)::integer FROM alert WHERE settled_time IS NULL")
        ended = await referrals.sender().GetReferral(service_pb.GetReferralRequest(referral_id=made.referral_id))

    assert at_once == {"page": FRIDAY, "first": FRIDAY}
    assert by_five == {
        **at_once,
        "second": FRIDAY + timedelta(minutes=2),
        "deputy": FRIDAY + timedelta(minutes=5),
    }
    assert tasks_by_five == []
    assert [offer.provider_id for offer in stands.referral.offers] == ["shelter", "next"]
    assert tasks_by_ten == [("next", "duty"), ("shelter", "duty")]
    assert settled == [(0,)]
    assert [offer.state for offer in ended.referral.offers] == [
        pb.OFFER_STATE_SUPERSEDED,
        pb.OFFER_STATE_ACCEPTED,
    ]
    yes = next(event for event in ended.history if event.type == "offer_accepted")
    assert (yes.via, yes.on_behalf_of) == (pb.VIA_PHONE, "next")
