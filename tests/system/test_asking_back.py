"""A desk asks, its sender answers: over the bus to the desk's ways, with a moved clock (R46)."""

import asyncio
from collections.abc import Awaitable, Callable
from datetime import timedelta
from pathlib import Path

from ihala.referrals.v1 import referrals_service_pb2 as service_pb
from services.notify.model import Channel
from services.runtime import jetstream
from services.runtime.embedded.nats import NatsServer
from tests.notify.conftest import stores_at
from tests.notify.lanes import an_endpoint
from tests.referrals.samples import Clock, a_provider, a_request_id, order, running
from tests.serving import an_identity
from tests.system.test_friday_night import DESK, FRIDAY, Night, hearing


async def test_a_desk_that_asked_is_rung_again_by_every_way_until_somebody_reads_the_answer(
    migrated_url: Callable[..., Awaitable[str]], nats_server: NatsServer, tmp_path: Path
) -> None:
    """R46: the answer rings as a new offer does, and silence after it climbs as after one."""
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
        await referrals.know(a_provider("shelter"))
        [offer] = (await referrals.refer("shelter")).offers
        await night.tell()
        await referrals.receiver(DESK).RequestInfo(
            service_pb.RequestInfoRequest(offer_id=offer.offer_id, request_id=a_request_id(), question="documents")
        )
        await night.pass_time(4)
        while_asking = (await stores.alerts.waiting(DESK)).count

        await referrals.sender().AnswerInfo(
            service_pb.AnswerInfoRequest(offer_id=offer.offer_id, request_id=a_request_id(), answer="not_known")
        )
        await night.tell()
        rings = await stores.alerts.waiting(DESK)
        due_first = await stores.alerts.next_offer_id(DESK)
        await night.pass_time(2)
        await night.pass_time(3)
        ways = await night.ways()
        alerts = await stores.alerts.list_page(DESK, 10, None)

        await referrals.receiver(DESK).AcknowledgeOffer(order("Acknowledge", offer))
        await night.tell()
        after_reading = (await stores.alerts.waiting(DESK)).count

    assert while_asking == 0
    assert (rings.count, rings.oldest_due_time, due_first) == (1, FRIDAY + timedelta(minutes=30), offer.offer_id)
    answered = FRIDAY + timedelta(minutes=4)
    assert len(alerts) == 2  # the offer, and the answer
    assert ways == {
        "page": answered,
        "first": answered,
        "second": answered + timedelta(minutes=2),
        "deputy": answered + timedelta(minutes=5),
    }
    assert after_reading == 0
