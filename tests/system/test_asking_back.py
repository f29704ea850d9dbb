"""A desk asks, its sender answers: over the bus to the desk's ways, with a moved clock (R46)."""

from collections.abc import Awaitable, Callable
from datetime import timedelta
from pathlib import Path

from ihala.referrals.v1 import referrals_service_pb2 as service_pb
from services.runtime.embedded.nats import NatsServer
from tests.referrals.samples import a_provider, a_request_id, order
from tests.system.nights import DESK, FRIDAY, a_night


async def test_a_desk_that_asked_is_rung_again_by_every_way_until_somebody_reads_the_answer(
    migrated_url: Callable[..., Awaitable[str]], nats_server: NatsServer, tmp_path: Path
) -> None:
    """R46: the answer rings as a new offer does, and silence after it climbs as after one."""
    async with a_night(migrated_url, nats_server, tmp_path) as night:
        referrals, stores = night.referrals, night.stores
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
