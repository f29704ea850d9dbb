"""The command line on the real thing: what people and scripts type, good and bad."""

import json
import re
import time
from pathlib import Path
from typing import Any

import pytest

from tests.house import ROOT, House

TRIPOLI = "32.8874,13.1873"
ANNOUNCED_WITHIN_S = 30.0  #: matching asks every five; a busy machine takes longer
CASE = str(ROOT / "demo" / "cases" / "1-tripoli.json")


def test_a_town_is_found_by_its_name_in_any_script(house: House) -> None:
    answers = [house.json("search", "--near", name, "--limit", "3") for name in ("جنزور", "LY:Janzur")]

    assert answers[0] == answers[1]
    assert answers[0]["origin"]["country_code"] == "LY"
    distances = [each["distance_m"] for each in answers[0]["providers"]]
    assert distances == sorted(distances)


def test_a_search_row_has_the_documented_keys(house: House) -> None:
    row = house.json("search", "--near", TRIPOLI, "--limit", "1")["providers"][0]

    assert {
        "provider_id",
        "dataset",
        "source_key",
        "name",
        "service_codes",
        "distance_m",
        "latitude_deg",
        "longitude_deg",
        "contacts",
        "hours",
        "verified_time",
    } <= row.keys()


def test_a_match_has_the_documented_keys(house: House) -> None:
    answer = house.json("match", "--at", TRIPOLI, "--need", "ACC-EMG", "--age", "15-17", "--gender", "woman")

    need = answer["needs"][0]
    assert {"needs", "directory_revision", "match_token"} <= answer.keys()
    assert {"code", "matches", "ask_first", "excluded"} <= need.keys()
    assert {"constraint", "count"} == need["excluded"][0].keys()
    row = (need["matches"] + need["ask_first"])[0]
    assert {"provider_id", "unknowns", "cautions", "places", "open"} <= row.keys()
    assert ("distance_band" in row) == ("h3_cell" in row)


def test_r48_what_is_announced_closes_houses_until_it_is_taken_back(house: House) -> None:
    asked = ("match", "--at", TRIPOLI, "--need", "LEG-ADV", "--when", "2031-03-02T09:00:00Z")  # a Sunday
    named = ("--country", "LY", "--from", "2031-03-01", "--to", "2031-03-03", "--name", "en=Test")
    first = house.json(*asked)["needs"][0]["matches"][0]
    made = house.json("calendar", "announce", "closure", *named, "--also-round-the-clock")["calendar_entries"][0]
    try:
        listed = house.json("calendar", "list", "--country", "LY", "--from", "2031-03-03")["calendar_entries"]
        after, latest = first, time.monotonic() + ANNOUNCED_WITHIN_S
        while after["open"] == first["open"] and time.monotonic() < latest:
            after = house.json(*asked)["needs"][0]["matches"][0]
    finally:
        back = house.json("calendar", "end", made["calendar_entry_id"], "--last-day", "2031-02-28")

    assert (first["open"], after["open"]) == ("open", "closed")
    assert first["provider_id"] == after["provider_id"]
    assert [each["calendar_entry_id"] for each in listed] == [made["calendar_entry_id"]]
    assert back["calendar_entries"][0]["last_day"] == "2031-02-28"


def test_r48_a_search_finds_who_is_open(house: House) -> None:
    near = ("search", "--near", TRIPOLI, "--need", "LEG-ADV", "--limit", "50")
    found = {each["provider_id"] for each in house.json(*near)["providers"]}
    friday = {each["provider_id"] for each in house.json(*near, "--open-at", "2031-03-07T09:00:00Z")["providers"]}

    assert friday < found


def test_zero_and_negative_coordinates_are_places(house: House) -> None:
    for at in ("0,0", "-33.9,18.4", "0,-180"):
        assert house.json("match", "--at", at, "--need", "HEA-EMG")["needs"][0]["matches"]


def test_of_several_towns_of_a_name_it_says_which_it_took(house: House) -> None:
    said = house.ihala("match", "--at", "Tripoli", "--need", "HEA-EMG", "--format", "json")

    assert said.document["origin"]["country_code"] == "LY"
    assert "Tripoli, LY" in said.err
    assert "Tripoli, LB" in said.err


def test_a_referral_goes_its_whole_way_by_the_command_line(house: House, tmp_path: Path) -> None:
    answer = house.ihala("match", "--case", CASE, "--format", "json")
    clinic = answer.document["needs"][0]["matches"][0]
    consent = house.json(
        *("consent", "record", "--match", "-", "--provider", clinic["provider_id"], "--case-ref", "cli-1"),
        *("--given-by", "person", "--method", "through_interpreter", "--assent", "given", "--language", "ti"),
        typed=answer.out,
    )

    referral = house.json(
        *("refer", "--match", "-", "--provider", clinic["provider_id"], "--case-ref", "cli-1"),
        *("--consent", consent["consent_id"], "--brought-by", "worker"),
        typed=answer.out,
    )
    offer_id = referral["offers"][0]["offer_id"]
    heard = house.ihala("listen", "--receiver", "house-system", "--count", "1")
    states = [
        house.json("respond", offer_id, act, *more)["offer"]["state"]
        for act, more in (
            ("acknowledge", ()),
            ("accept", ()),
            ("arrive", ()),
            ("complete", ("--outcome", "provided_here")),
        )
    ]
    shown = house.json("referrals", "show", referral["referral_id"])
    watched = house.ihala("referrals", "watch", "--count", "1", "--format", "json")

    assert json.loads(heard.out)["offer_id"] == offer_id
    assert states == ["received", "accepted", "in_progress", "completed"]
    assert shown["offers"][0]["state"] == "completed"
    assert [event["type"] for event in shown["history"]][-2:] == ["offer_arrived", "offer_completed"]
    assert {"offer_id", "state", "due_time"} <= shown["offers"][0].keys()
    assert {"cursor", "case_ref", "referral"} <= json.loads(watched.out).keys()


def test_a_desk_that_is_rung_is_answered_for_by_somebody_on_duty(house: House) -> None:
    answer = house.ihala("match", "--at", TRIPOLI, "--need", "HEA-SGV", "--format", "json")
    clinic = next(row for row in answer.document["needs"][0]["matches"] if row["reach_out"] == "enrolled")
    consent = house.json(
        *("consent", "record", "--provider", clinic["provider_id"], "--field", "need", "--field", "urgency"),
        *("--case-ref", "cli-2", "--given-by", "person", "--method", "spoken"),
    )
    referral = house.json(
        *("refer", "--match", "-", "--provider", clinic["provider_id"], "--case-ref", "cli-2"),
        *("--consent", consent["consent_id"]),
        typed=answer.out,
    )

    receiver_id = house.desks["house-system"].receiver_id
    offer = house.json(
        *("respond", referral["offers"][0]["offer_id"], "decline", "--reason", "staff_unavailable"),
        *("--on-behalf-of", receiver_id, "--via", "phone", "--actor", "duty-1"),
    )["offer"]

    assert offer["state"] == "rejected"


def test_places_are_reported_and_seen(house: House) -> None:
    found = house.json("search", "--dataset", "demo", "--limit", "200", "--country", "MA")["providers"]
    desk = house.desks["tangier-desk"]
    provider_id = next(each["provider_id"] for each in found if each["source_key"] in desk.provider_keys)

    house.json("places", provider_id, "boys=9/4")
    places = house.json("places", provider_id)["places"]

    assert next(each["free"] for each in places if each["population"] == "boys") == 5


def test_an_export_has_the_public_directory_and_no_confidential_site(house: House, tmp_path: Path) -> None:
    assert house.ihala("export", str(tmp_path / "d.geojson")).exit_code == 0
    assert house.ihala("export", str(tmp_path / "d.csv"), "--as", "csv").exit_code == 0

    document = json.loads((tmp_path / "d.geojson").read_text())
    assert len(document["features"]) > 50
    assert "Demo site" not in (tmp_path / "d.geojson").read_text() + (tmp_path / "d.csv").read_text()


def test_hsds_goes_out_and_in_again_and_has_no_confidential_site(house: House, tmp_path: Path) -> None:
    assert house.ihala("export", str(tmp_path / "d.zip"), "--as", "hsds", "--format", "csv").exit_code == 0
    assert house.ihala("export", str(tmp_path / "d.json"), "--as", "hsds").exit_code == 0

    answer = house.json("import", str(tmp_path / "d.json"), "--mapping", "hsds", "--dataset", "copy", "--dry-run")
    assert answer["created"] > 50
    assert answer["rejected"] == []
    assert answer["documents"]["created"] > answer["created"]
    assert "Demo site" not in (tmp_path / "d.json").read_text(encoding="utf-8")
    refused = house.ihala("export", str(tmp_path / "e.json"), "--as", "hsds", "--need", "HEA")
    assert refused.exit_code == 11


def test_a_map_is_one_file_that_asks_nobody(house: House, tmp_path: Path) -> None:
    document = house.json("map", "--out", str(tmp_path / "map.html"), "--page-language", "ar")

    page = (tmp_path / "map.html").read_text(encoding="utf-8")
    assert document["bytes"] > 10_000
    assert 'dir="rtl"' in page
    assert "Demo site" not in page
    assert not re.search(r"""\bsrc=["']https?://|<link[^>]+https?://|url\(["']?https?://""", page)


def test_a_device_is_enrolled_by_a_code_and_desks_are_listed(house: House) -> None:
    code = house.json("receiver", "enrol", "nador-desk")

    assert len(code["code"]) == 8
    assert code["page_url"].startswith("http://127.0.0.1:")
    assert len(house.json("receiver", "list")["receivers"]) == 12
    assert house.json("receiver", "devices", "nador-desk")["devices"] == []


def test_the_doctor_finds_every_part_well(house: House) -> None:
    assert house.json("doctor")["ok"] is True


def test_words_come_in_three_languages(house: House) -> None:
    labels = {
        language: house.json("vocabulary", "urgency", "--language", language)["entries"][0]["label"]
        for language in ("en", "fr", "ar")
    }

    assert len(set(labels.values())) == 3


@pytest.mark.parametrize(
    ("arguments", "exit_code", "reason", "field", "sent"),
    [
        (["match", "--at", "91,13", "--need", "HEA-EMG"], 11, "INVALID_FIELD", "latitude_deg", "91,13"),
        (["match", "--at", "nan,13", "--need", "HEA-EMG"], 11, "INVALID_FIELD", "at", "nan,13"),
        (["match", "--at", "32.8;13.1", "--need", "HEA-EMG"], 20, "NOT_FOUND", "at", "32.8;13.1"),
        (
            ["match", "--at", "0,0", "--need", "HEA-EMG", "--need", "HEA-XXX"],
            14,
            "UNKNOWN_CODE",
            "needs[1].code",
            "HEA-XXX",
        ),
        (["match", "--at", "0,0", "--need", "HEA-EMG", "--age", "young"], 11, "INVALID_FIELD", "age", "young"),
        (["match", "--at", "0,0", "--need", "HEA-EMG", "--gender", "x"], 14, "UNKNOWN_CODE", "gender", "x"),
        (["match", "--at", "0,0", "--need", "HEA-EMG", "--when", "noon"], 11, "INVALID_FIELD", "when_time", "noon"),
        (["match", "--need", "HEA-EMG"], 11, "INVALID_FIELD", "at", None),
        (["search", "--need", "YYY"], 14, "UNKNOWN_CODE", "codes[0]", "YYY"),
        (["search", "--status", "asleep"], 14, "UNKNOWN_CODE", "statuses[0]", "asleep"),
        (["vocabulary", "weather"], 14, "UNKNOWN_CODE", "kind", "weather"),
        (["places", "nobody"], 20, "NOT_FOUND", None, None),
        (["respond", "nothing", "accept"], 20, "NOT_FOUND", None, None),
        (["respond", "nothing", "waitlist"], 11, "INVALID_FIELD", "until", None),
        (["referrals", "show", "nothing"], 20, "NOT_FOUND", None, None),
        (["match", "--at", "0,0", "--need", "HEA-EMG", "--profile", "/nowhere.toml"], 20, "NOT_FOUND", None, None),
    ],
)
def test_bad_input_gets_its_reason_field_and_exit_code(
    house: House, arguments: list[str], exit_code: int, reason: str, field: str | None, sent: str | None
) -> None:
    said = house.ihala(*arguments, "--format", "json")

    assert (said.exit_code, said.error["reason"], said.out) == (exit_code, reason, "")
    if field is not None:
        fault = said.error["fields"][0]
        assert (fault["field"], fault["sent"]) == (field, sent)


def test_an_option_that_does_not_exist_is_a_fault_of_usage(house: House) -> None:
    assert house.ihala("search", "--colour", "red").exit_code == 2


def test_a_referral_without_consent_changes_nothing(house: House) -> None:
    answer = house.ihala("match", "--at", TRIPOLI, "--need", "HEA-SGV", "--format", "json")
    before = house.json("referrals", "list", "--limit", "500")

    unnamed = house.ihala("refer", "--match", "-", "--case-ref", "bad-1", "--format", "json", typed=answer.out)
    unknown = house.ihala(
        "refer", "--match", "-", "--case-ref", "bad-1", "--consent", "none", "--format", "json", typed=answer.out
    )

    assert (unnamed.exit_code, unnamed.error["reason"]) == (26, "CONSENT_MISSING")
    assert (unknown.exit_code, unknown.error["reason"]) == (26, "CONSENT_MISSING")
    assert house.json("referrals", "list", "--limit", "500") == before


def test_a_referral_to_an_unknown_provider_changes_nothing(house: House) -> None:
    answer = house.ihala("match", "--at", TRIPOLI, "--need", "HEA-SGV", "--format", "json")
    consent = house.json(
        *("consent", "record", "--code", "HEA-SGV", "--field", "need", "--case-ref", "bad-2"),
        *("--given-by", "person", "--method", "spoken"),
    )
    before = house.json("referrals", "list", "--limit", "500")

    said = house.ihala(
        *("refer", "--match", "-", "--provider", "no-such-provider", "--case-ref", "bad-2"),
        *("--consent", consent["consent_id"], "--format", "json"),
        typed=answer.out,
    )

    assert (said.exit_code, said.error["reason"]) in {
        (20, "NOT_FOUND"),
        (33, "PROVIDER_NOT_REFERABLE"),
        (29, "MATCH_STALE"),
    }
    assert house.json("referrals", "list", "--limit", "500") == before


def test_an_oversized_message_is_refused_with_its_reason(house: House, tmp_path: Path) -> None:
    case = {
        "needs": [{"code": "HEA-EMG"}],
        "origin": {"point": {"latitude_deg": 0, "longitude_deg": 0}},
        "safety": {"excluded_provider_ids": ["x" * 60] * 5000},
    }
    file = tmp_path / "case.json"
    file.write_text(json.dumps(case))

    said = house.ihala("match", "--case", str(file), "--format", "json")

    assert (said.exit_code, said.error["reason"], said.error["fields"][0]["field"]) == (18, "TOO_LARGE", "message")


@pytest.mark.parametrize(
    ("document", "reason"),
    [({"needs": [{"kode": "X"}]}, "UNKNOWN_FIELD"), ({"needs": 3}, "MALFORMED"), ([], "MALFORMED")],
)
def test_a_case_file_that_is_no_search_is_refused(house: House, tmp_path: Path, document: Any, reason: str) -> None:
    file = tmp_path / "case.json"
    file.write_text(json.dumps(document))

    assert house.ihala("match", "--case", str(file), "--format", "json").error["reason"] == reason


def test_a_match_that_was_edited_is_stale(house: House) -> None:
    answer = house.json("match", "--at", TRIPOLI, "--need", "HEA-SGV")
    other = house.json("match", "--at", "0,0", "--need", "HEA-SGV")
    token, _, _ = answer["match_token"].partition("~")
    answer["match_token"] = token + "~" + other["match_token"].partition("~")[2]
    consent = house.json(
        *("consent", "record", "--code", "HEA-SGV", "--field", "need", "--field", "urgency", "--case-ref", "bad-3"),
        *("--given-by", "person", "--method", "spoken"),
    )

    said = house.ihala(
        *("refer", "--match", "-", "--case-ref", "bad-3", "--consent", consent["consent_id"], "--format", "json"),
        typed=json.dumps(answer),
    )

    assert (said.exit_code, said.error["reason"]) == (29, "MATCH_STALE")
