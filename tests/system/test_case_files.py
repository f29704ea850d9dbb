"""A case in a file: zones as they are typed and drawn, who is left out, and a word for what is no case."""

import json
from pathlib import Path
from typing import Any

import pytest

from ihala.client import Ihala, Need, Point, Safety, TravelMode, around
from tests.house import ROOT, House

TRIPOLI = "32.8874,13.1873"
CODE = "HEA-PRI"
CASE = ROOT / "demo" / "cases" / "1-tripoli.json"
CANARY = "canary-7731"


def nearest(house: House) -> dict[str, Any]:
    """Find who would come first if nothing were to keep out of."""
    row: dict[str, Any] = house.json("match", "--at", TRIPOLI, "--need", CODE)["needs"][0]["matches"][0]
    return row


def a_case(**more: Any) -> dict[str, Any]:
    return {"needs": [{"code": CODE}], "origin": {"at": TRIPOLI}, **more}


def asked(house: House, folder: Path, case: dict[str, Any]) -> dict[str, Any]:
    """Ask with a case in a file, and return the answer for its first need."""
    file = folder / "case.json"
    file.write_text(json.dumps(case))
    found: dict[str, Any] = house.json("match", "--case", str(file))["needs"][0]
    return found


def ids_of(need: dict[str, Any]) -> set[str]:
    return {row["provider_id"] for row in (*need["matches"], *need["ask_first"])}


def excluded_for_safety(need: dict[str, Any]) -> int:
    counts = {each["constraint"]: each["count"] for each in need["excluded"]}
    return int(counts.get("safety", 0))


def square(at: dict[str, Any], half_deg: float) -> dict[str, Any]:
    """Draw a square around a row as GeoJSON, longitude first."""
    lat, lon = at["latitude_deg"], at["longitude_deg"]
    corners = [(-1, -1), (1, -1), (1, 1), (-1, 1), (-1, -1)]
    return {"type": "Polygon", "coordinates": [[[lon + x * half_deg, lat + y * half_deg] for x, y in corners]]}


def test_a_zone_as_it_is_typed_takes_out_who_is_in_it(house: House, tmp_path: Path) -> None:
    """R22."""
    first = nearest(house)
    zone = {"at": f"{first['latitude_deg']},{first['longitude_deg']}", "radius_m": 200}

    need = asked(house, tmp_path, a_case(safety={"danger_zones": [zone]}))

    assert first["provider_id"] not in ids_of(need)
    assert excluded_for_safety(need) >= 1


def test_a_zone_around_a_town_is_found_by_its_name(house: House, tmp_path: Path) -> None:
    """R22."""
    zone = {"at": "LY:Tripoli", "radius_m": 300_000}

    need = asked(house, tmp_path, a_case(origin={"at": "TN:Tunis"}, safety={"danger_zones": [zone]}))

    assert excluded_for_safety(need) >= 1


def test_a_zone_that_was_drawn_takes_out_who_is_in_it(house: House, tmp_path: Path) -> None:
    """R22."""
    first = nearest(house)
    (tmp_path / "zone.geojson").write_text(json.dumps(square(first, 0.002)))

    need = asked(house, tmp_path, a_case(safety={"danger_zones": [{"geojson": "zone.geojson"}]}))
    past = asked(
        house,
        tmp_path,
        a_case(safety={"danger_zones": [{"geojson": "zone.geojson", "end_time": "2020-01-01T00:00:00Z"}]}),
    )

    assert first["provider_id"] not in ids_of(need)
    assert first["provider_id"] in ids_of(past)


def test_an_envelope_stands_beside_flags_without_being_in_the_shell(house: House, tmp_path: Path) -> None:
    """R22, R24, R25."""
    first = nearest(house)
    file = tmp_path / "safety.json"
    file.write_text(json.dumps({"keep_apart": [{"person_ref": CANARY, "provider_ids": [first["provider_id"]]}]}))
    flags = ("match", "--at", TRIPOLI, "--need", CODE, "--travel", "foot", "--safety")

    said = house.ihala(*flags, str(file), "--format", "json")
    piped = house.ihala(*flags, "-", "--format", "json", typed=file.read_text())

    for each in (said, piped):
        assert first["provider_id"] not in ids_of(each.document["needs"][0])
        assert CANARY not in each.err + json.dumps(each.document["needs"])


def test_hours_since_are_said_by_a_flag_or_in_the_file(house: House, tmp_path: Path) -> None:
    """R47."""
    by_flag = house.ihala(
        "match", "--at", TRIPOLI, "--need", "HEA-SGV", "--hours-since-event", "-1", "--format", "json"
    )
    case = a_case(needs=[{"code": "HEA-SGV", "hours_since_event": 60}])

    assert by_flag.error["fields"][0]["field"] == "needs[0].hours_since_event"
    assert asked(house, tmp_path, case)["matches"]


def test_a_plan_keeps_out_of_the_zones_of_its_file(house: House, tmp_path: Path) -> None:
    """R22, R52."""
    plan = json.loads((ROOT / "demo" / "plan-tripoli.json").read_text())
    plan = plan.get("request", plan)
    before = house.json("plan", str(ROOT / "demo" / "plan-tripoli.json"))
    row = next(each for each in before["providers"] if "latitude_deg" in each)
    plan["safety"] = {"danger_zones": [{"at": f"{row['latitude_deg']},{row['longitude_deg']}", "radius_m": 100}]}
    file = tmp_path / "plan.json"
    file.write_text(json.dumps(plan))

    after = house.json("plan", str(file))

    assert row["provider_id"] in {each["provider_id"] for each in before["assignments"]}
    assert row["provider_id"] not in {each["provider_id"] for each in after["assignments"]}


@pytest.mark.parametrize(
    ("safety", "field"),
    [
        ({"danger_zone": []}, "safety.danger_zone"),
        ({"danger_zones": [{"at": TRIPOLI, "radius": CANARY}]}, "safety.danger_zones[0]"),
        ({"danger_zones": [{"at": TRIPOLI}]}, "safety.danger_zones[0]"),
        ({"danger_zones": [{"geojson": CANARY}]}, "safety.danger_zones[0].geojson"),
        ({"danger_zones": [{"at": "84384b3ffffffff", "radius_m": 5}]}, "safety.danger_zones[0].at"),
        ([], "safety"),
    ],
)
def test_what_is_no_envelope_is_refused_by_its_field(house: House, tmp_path: Path, safety: Any, field: str) -> None:
    """R24: an envelope that says nothing by mistake would keep nobody safe."""
    file = tmp_path / "case.json"
    file.write_text(json.dumps(a_case(safety=safety)))

    said = house.ihala("match", "--case", str(file), "--format", "json")

    assert field in said.error["message"]
    assert CANARY not in said.err


def test_a_key_that_stands_twice_is_refused(house: House) -> None:
    """R24: of two lists of zones the first would be lost."""
    said = house.ihala("match", "--case", "-", "--format", "json", typed='{"safety": {}, "safety": {}}')

    assert (said.error["reason"], "once" in said.error["message"]) == ("MALFORMED", True)


async def test_the_library_says_the_envelope_in_values(house: House) -> None:
    """R22, R23, R47."""
    start = Point(32.8874, 13.1873)
    async with Ihala(house.profile("ministry"), actor="worker-7") as ihala:
        free = await ihala.find_matches([Need(code=CODE)], start)
        first = free[CODE].matches[0]
        assert isinstance(first.place, Point)
        kept = await ihala.find_matches(
            [Need(code=CODE)],
            start,
            safety=Safety(danger_zones=[around(first.place, 200)], escorted_transport=True),
            travel_mode=TravelMode.FOOT,
        )

    assert first.provider_id not in {row.provider_id for row in kept[CODE].matches}
    assert kept[CODE].excluded["safety"] >= 1
    way = kept[CODE].matches[0].travel
    assert way is not None
    assert way.mode == "foot"
