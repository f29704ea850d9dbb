"""A probe through the real matching, from a town's name to a yes that is sent (R10)."""

import json
from pathlib import Path

from tests.house import House


def hear_of(house: House, offer_id: str) -> None:
    """Listen until the desk's software has heard of an offer; other tests may have left alerts before it."""
    while json.loads(house.ihala("listen", "--receiver", "house-system", "--count", "1").out)["offer_id"] != offer_id:
        pass


def test_a_probe_goes_from_a_towns_name_to_an_offer(house: House, tmp_path: Path) -> None:
    answer = house.ihala("match", "--at", "جنزور", "--need", "HEA-SGV", "--urgency", "immediate", "--format", "json")
    rows = answer.document["needs"][0]["matches"]
    clinic = next(row for row in rows if row["reach_out"] == "enrolled")
    others = [row["provider_id"] for row in rows if row["provider_id"] != clinic["provider_id"]][:2]
    match_file = tmp_path / "match.json"
    match_file.write_text(answer.out, encoding="utf-8")
    chosen = [option for each in (clinic["provider_id"], *others) for option in ("--provider", each)]

    probed = house.json("probe", "--match", str(match_file), "--case-ref", "probe-1", *chosen)
    offers = {each["provider_id"]: each["offer_id"] for each in probed["offers"]}
    offer_id = offers[clinic["provider_id"]]
    hear_of(house, offer_id)
    read = house.json("respond", offer_id, "read")["offer"]
    yes = house.json("respond", offer_id, "can-take")["offer"]
    consent = house.json(
        *("consent", "record", "--match", str(match_file), "--provider", clinic["provider_id"]),
        *("--case-ref", "probe-1", "--given-by", "person", "--method", "spoken"),
    )
    house.json("referrals", "send", offer_id, "--match", str(match_file), "--consent", consent["consent_id"])
    hear_of(house, offer_id)
    accepted = house.json("respond", offer_id, "accept")["offer"]
    shown = house.json("referrals", "show", probed["referral_id"])

    assert (read["state"], read["code"], read["facts"], read["briefing"]) == ("probing", "HEA-SGV", {}, {})
    assert len(read["area_cell"]) == 15  # where the town is, coarsely: it was named by its place id
    assert read["area_cell"].startswith("83")
    assert (yes["state"], accepted["state"]) == ("draft", "accepted")
    states = {offer["provider_id"]: offer["state"] for offer in shown["offers"]}
    assert states == {clinic["provider_id"]: "accepted", **dict.fromkeys(others, "cancelled")}
