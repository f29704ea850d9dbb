"""A silent shelter on a Friday night, from the referral over the bus to the desk's ways, with a moved clock (R46)."""

from collections.abc import Awaitable, Callable
from datetime import timedelta
from pathlib import Path

from ihala.referrals.v1 import referrals_pb2 as pb
from ihala.referrals.v1 import referrals_service_pb2 as service_pb
from services.runtime.embedded.nats import NatsServer
from tests.referrals.samples import a_provider, order
from tests.system.nights import FRIDAY, a_night


async def test_a_silent_shelter_is_rung_by_every_way_and_the_next_says_yes_by_telephone(
    migrated_url: Callable[..., Awaitable[str]], nats_server: NatsServer, tmp_path: Path
) -> None:
    """R46: second channel at 2 min, deputy at 5, the next provider and a duty task at 10."""
    async with a_night(migrated_url, nats_server, tmp_path) as night:
        referrals, stores = night.referrals, night.stores
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
