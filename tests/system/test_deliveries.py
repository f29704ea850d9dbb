"""A desk's software that listens over a stream, and what a coordinator reads of it, with every process as it runs."""

import json
from time import monotonic
from typing import Any

from tests.house import ROOT, House

CASE = str(ROOT / "demo" / "cases" / "1-tripoli.json")
NOTED_WITHIN_S = 10.0


def deliveries_of(house: House, offer_id: str) -> tuple[Any, dict[str, str]]:
    """Read where an alert has been, once it is noted that it went out: that is done for many at a time."""
    until_s = monotonic() + NOTED_WITHIN_S
    while True:
        [log] = house.json("receiver", "deliveries", "--offer", offer_id)["alerts"]
        states = {each["channel"]: each["state"] for each in log["deliveries"]}
        if "pending" not in states.values() or monotonic() > until_s:
            return log, states


def test_a_desk_hears_over_a_stream_and_a_coordinator_reads_by_which_ways_it_was_told(house: House) -> None:
    """L6: delivered is what the software said; the account on NATS, which nobody asked, has only been sent to."""
    answer = house.ihala("match", "--case", CASE, "--format", "json")
    clinic = answer.document["needs"][0]["matches"][0]
    consent = house.json(
        *("consent", "record", "--match", "-", "--provider", clinic["provider_id"], "--case-ref", "stream-1"),
        *("--given-by", "person", "--method", "through_interpreter", "--assent", "given", "--language", "ti"),
        typed=answer.out,
    )
    referral = house.json(
        *("refer", "--match", "-", "--provider", clinic["provider_id"], "--case-ref", "stream-1"),
        *("--consent", consent["consent_id"], "--brought-by", "worker"),
        typed=answer.out,
    )
    offer_id = referral["offers"][0]["offer_id"]

    heard = house.ihala("listen", "--receiver", "house-system", "--stream", "--count", "1")

    assert json.loads(heard.out)["offer_id"] == offer_id
    log, states = deliveries_of(house, offer_id)
    assert states["stream"] == "delivered"
    assert states["page"] == states["nats"] == "sent"
    [by_stream] = [each for each in log["deliveries"] if each["channel"] == "stream"]
    assert [(each["number"], each["code"]) for each in by_stream["attempts"]] == [(1, "")]
    assert (log["settled_time"], log["escalations"]) == (None, [])

    house.json("respond", offer_id, "acknowledge")
    house.json("respond", offer_id, "accept")
    devices = house.json("receiver", "devices", "house-system")["devices"]
    assert {each["channel"] for each in devices if each["end_time"] is None} >= {"nats", "stream"}


def test_nothing_was_given_up(house: House) -> None:
    assert house.json("receiver", "letters", "list")["dead_letters"] == []
    assert house.ihala("receiver", "letters", "clear", "unknown", "--format", "json").error["reason"] == "NOT_FOUND"
