"""What a receiver sees at each stage, as a snapshot of every field (R10), and that reading is audited (R15)."""

from typing import Any

from google.protobuf.json_format import MessageToDict

from ihala.referrals.v1 import referrals_pb2 as pb
from ihala.referrals.v1 import referrals_service_pb2 as service_pb
from tests.referrals.samples import Running, a_provider, a_report, order

ENVELOPE = {"offer_id", "provider_id", "receiver_id", "state", "version", "urgency", "items", "hold", "create_time"}
OPEN = {"due_time", "due_kind"}


async def view(referrals: Running, offer_id: str) -> dict[str, Any]:
    response = await referrals.receiver().ReadOffer(service_pb.ReadOfferRequest(offer_id=offer_id))
    return MessageToDict(response.offer, preserving_proto_field_name=True)


async def test_each_stage_shows_its_own_fields_and_no_others(referrals: Running) -> None:
    await referrals.know(a_provider(places=(a_report(2),)))
    made = await referrals.refer()
    offer_id, receiver = made.offers[0].offer_id, referrals.receiver()

    requested = await view(referrals, offer_id)
    await receiver.AcknowledgeOffer(order("Acknowledge", offer_id))
    received = await view(referrals, offer_id)
    await receiver.AcceptOffer(order("Accept", offer_id))
    accepted = await view(referrals, offer_id)
    await receiver.ArriveOffer(order("Arrive", offer_id))
    arrived = await view(referrals, offer_id)
    await receiver.CompleteOffer(order("Complete", offer_id, outcome="provided_here"))
    closed = await view(referrals, offer_id)

    assert requested.keys() == ENVELOPE | OPEN
    for read in (received, accepted, arrived):
        assert read.keys() == ENVELOPE | OPEN | {"code", "person", "briefing", "read_time"}
        # of the person: what the rules need and the consent covers; legal status never
        assert read["person"] == {"age": {"min_years": 15, "max_years": 17}, "languages": {"languages": ["ti"]}}
        assert read["briefing"].keys() == {"brought_by", "risk", "arrive_end_time"}
    assert closed.keys() == ENVELOPE | {"reason", "read_time"}


async def test_a_listed_offer_shows_what_an_unread_one_does(referrals: Running) -> None:
    await referrals.know(a_provider(places=(a_report(2),)))
    made = await referrals.refer()
    await referrals.receiver().AcknowledgeOffer(order("Acknowledge", made.offers[0]))

    (offer,) = (await referrals.receiver().ListOffers(service_pb.ListOffersRequest(receiver_id="house-desk"))).offers

    listed = MessageToDict(offer, preserving_proto_field_name=True)
    assert listed.keys() == (ENVELOPE | OPEN | {"read_time"}) - {"hold"}


async def test_a_field_that_the_consent_does_not_cover_is_not_shown(referrals: Running) -> None:
    """R1."""
    await referrals.know(a_provider())
    consent_id = await referrals.consent(fields=["need", "language"])
    made = await referrals.refer(consent_id=consent_id, briefing=pb.Briefing())
    await referrals.receiver().AcknowledgeOffer(order("Acknowledge", made.offers[0]))

    read = await view(referrals, made.offers[0].offer_id)

    assert read["person"] == {"languages": {"languages": ["ti"]}}
    assert "briefing" not in read or read["briefing"] == {}


async def test_an_unaccepted_offer_shows_no_facts_once_the_consent_has_ended(referrals: Running) -> None:
    await referrals.know(a_provider())
    made = await referrals.refer()
    await referrals.receiver().AcknowledgeOffer(order("Acknowledge", made.offers[0]))
    referrals.clock.move(days=31)

    assert "person" not in await view(referrals, made.offers[0].offer_id)


async def test_a_duty_coordinator_and_the_sender_see_no_facts_of_the_person(referrals: Running) -> None:
    await referrals.know(a_provider())
    made = await referrals.refer()
    await referrals.receiver().AcknowledgeOffer(order("Acknowledge", made.offers[0]))
    request = service_pb.ReadOfferRequest(offer_id=made.offers[0].offer_id, on_behalf_of="house-desk", via=pb.VIA_PHONE)

    coordinator = MessageToDict((await referrals.duty().ReadOffer(request)).offer)
    await referrals.receiver().AcceptOffer(order("Accept", made.offers[0]))
    sender = MessageToDict((await referrals.sender().DepartOffer(order("Depart", made.offers[0]))).offer)

    for shown in (coordinator, sender):
        assert shown["code"] == "ACC-EMG"
        assert shown.keys().isdisjoint({"person", "briefing"})


async def test_every_reading_is_in_the_audit(referrals: Running) -> None:
    """R15."""
    await referrals.know(a_provider())
    made = await referrals.refer()
    for _ in range(3):
        await view(referrals, made.offers[0].offer_id)

    rows = await referrals.rows("SELECT actor, via_system FROM audit WHERE action = 'offer.read'")
    assert rows == [("house-desk", None)] * 3
