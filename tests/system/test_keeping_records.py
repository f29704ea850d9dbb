"""The directory kept true from the command line: verify, look back, draw, find, and raise a flag (R33, R60)."""

import json
from pathlib import Path

import pytest

from tests.directory.import_files import HEADER, MAPPING
from tests.house import House

TOBRUK = (32.0836, 23.9764)


@pytest.fixture
def provider_id(house: House, tmp_path: Path) -> str:
    """A house of a dataset of its own, far from the demo's."""
    (tmp_path / "file.csv").write_text(
        f"{HEADER}keeping-1,Dar,مَرْكَز الإيواءِ,{TOBRUK[0]},{TOBRUK[1]},yes\n", encoding="utf-8"
    )
    (tmp_path / "mapping.toml").write_text(MAPPING.replace("towns.test", "keeping.test"), encoding="utf-8")
    house.json("import", str(tmp_path / "file.csv"), "--mapping", str(tmp_path / "mapping.toml"))
    (found,) = house.json("search", "--dataset", "keeping.test")["providers"]
    return str(found["provider_id"])


def test_a_record_is_kept_true(house: House, tmp_path: Path, provider_id: str) -> None:
    stale = house.json("record", "stale", "--dataset", "keeping.test")["providers"]
    verified = house.json("record", "verify", provider_id)
    found = house.json("search", "--text", "ايواء", "--by-relevance", "--dataset", "keeping.test")["providers"]
    outline = tmp_path / "area.geojson"
    square = [[23.9, 32.0], [24.1, 32.0], [24.1, 32.2], [23.9, 32.2], [23.9, 32.0]]
    outline.write_text(json.dumps({"type": "Polygon", "coordinates": [square]}))
    drawn = house.json("areas", "draw", provider_id, str(outline), "--region", "LY-BU")
    inside = house.json("search", "--inside", str(outline))["providers"]
    ended = house.json("areas", "end", provider_id, "2")
    suspended = house.json("record", "suspend", provider_id, "--reason", "safeguarding_report")
    history = house.json("record", "history", provider_id)["entries"]

    assert [each["provider_id"] for each in stale] == [provider_id]
    assert verified["verified_time"]
    assert [each["provider_id"] for each in found] == [provider_id]
    assert [each["region_code"] for each in drawn["areas"]] == ["", "LY-BU"]
    assert provider_id in {each["provider_id"] for each in inside}
    assert [each["number"] for each in ended["areas"]] == [1]
    assert (suspended["vetting"], suspended["open_offers"]) == ("suspended", [])
    assert [each["changes"][0]["field"] for each in history[:2]] == ["vetting", "service_areas"]
    assert all(each["actor"] and each["time"] for each in history)


def test_r60_a_line_is_drawn_with_times_and_ended(house: House, tmp_path: Path) -> None:
    file = tmp_path / "line.geojson"
    file.write_text(json.dumps({"type": "LineString", "coordinates": [[24.4, 31.0], [24.5, 31.4]]}))

    drawn = house.json(
        *("lines", "draw", "curfew", "East road", str(file), "--to", "2031-01-01T00:00:00Z"),
        *("--hours", "20:00-06:00", "--time-zone", "Africa/Tripoli"),
    )
    listed = house.json("lines", "list")["lines"]
    ended = house.json("lines", "end", drawn["line_id"])

    assert drawn in listed
    assert (drawn["starts_at"], drawn["ends_at"]) == ("20:00", "06:00")
    assert drawn["valid"] == {"end_time": "2031-01-01T00:00:00Z"}
    assert ended["ended"]
    assert drawn["line_id"] not in {each["line_id"] for each in house.json("lines", "list")["lines"]}
