"""Files that others publish, through import and match of the running system, against what the files say."""

import csv
import json
import random
import re
import tomllib
from collections import defaultdict
from datetime import date
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from pyproj import Geod

from ihala.client import Ihala, Need
from services.geo import Point
from services.taxonomy import service
from tests.house import DATA, ROOT, House

UNHCR = DATA / "unhcr-jordan-services" / "services_2015_EN_562.json"
UNHCR_MAPPING = ROOT / "mappings" / "unhcr-services-advisor.toml"
HEALTHSITES = [DATA / "healthsites" / name for name in ("healthsites_LBY_2432.csv", "healthsites_MAR_3580.csv")]
HEALTHSITES_MAPPING = ROOT / "mappings" / "healthsites.toml"
DAY = date(2015, 2, 15)
CODES_A_CALL = 16
LIMIT = 100
KUFRA = "24.1997,23.2905"
#: where a careless search goes wrong: 0/0, the poles, both sides of the date line, a hospital itself
EDGES = [(0, 0), (90, 0), (-90, 0), (90, 180), (12, 180), (12, -180), (-12.5, 179.9999), (0, -90), (45, 0)]

needs_unhcr = pytest.mark.skipif(not UNHCR.exists(), reason="the UNHCR file is not beside the repository")
needs_healthsites = pytest.mark.skipif(
    not all(file.exists() for file in HEALTHSITES), reason="the healthsites files are not beside the repository"
)


@pytest.fixture(scope="session")
def unhcr(empty_house: House) -> list[dict[str, Any]]:
    """Import the file twice and return both reports."""
    arguments = ("import", str(UNHCR), "--mapping", str(UNHCR_MAPPING))
    return [empty_house.json(*arguments) for _ in range(2)]


@pytest.fixture(scope="session")
def healthsites(empty_house: House) -> list[dict[str, Any]]:
    """Import both files as one dataset, then each alone and again, and return the reports."""
    files = [str(file) for file in HEALTHSITES]
    return [
        empty_house.json("import", *chosen, "--mapping", str(HEALTHSITES_MAPPING))
        for chosen in (files, files[:1], files[1:], files)
    ]


@needs_unhcr
class TestServicesAdvisor:
    def test_all_are_read_and_both_records_of_a_reused_id_kept(self, unhcr: list[dict[str, Any]]) -> None:
        report = unhcr[0]

        assert (report["read"], report["created"], report["duplicates"], report["rejected"]) == (562, 562, 0, [])

    def test_those_that_have_ended_are_reported(self, unhcr: list[dict[str, Any]]) -> None:
        assert sum(notice["code"] == "expired" for notice in unhcr[0]["notices"]) == 562

    def test_a_second_import_changes_nothing(self, unhcr: list[dict[str, Any]]) -> None:
        report = unhcr[1]

        assert (report["created"], report["updated"], report["unchanged"], report["archived"]) == (0, 0, 562, 0)

    def test_on_a_day_of_2015_those_then_active_match_and_today_none(
        self, empty_house: House, unhcr: list[dict[str, Any]]
    ) -> None:
        expected = _active_on(DAY)
        codes = sorted(expected)
        assert len(codes) > 5

        for start in range(0, len(codes), CODES_A_CALL):
            wanted = [part for code in codes[start : start + CODES_A_CALL] for part in ("--need", code)]
            then = empty_house.json("match", "--at", "Amman", *wanted, "--limit", str(LIMIT), "--when", DAY.isoformat())
            now = empty_house.json("match", "--at", "Amman", *wanted, "--limit", str(LIMIT))

            for need in then["needs"]:
                rows = [*need["matches"], *need["ask_first"]]
                assert {_key(row["source_key"]) for row in rows} == expected[need["code"]], need["code"]
            assert [need["matches"] + need["ask_first"] for need in now["needs"]] == [[]] * len(now["needs"])


@needs_healthsites
class TestHealthsites:
    def test_two_files_are_one_dataset_and_repeats_are_counted(self, healthsites: list[dict[str, Any]]) -> None:
        both, libya, morocco, again = healthsites

        assert (both["read"], both["created"] + both["duplicates"]) == (6012, 6012)
        assert both["rejected"] == []
        for report in (libya, morocco, again):
            assert (report["created"], report["updated"], report["archived"]) == (0, 0, 0)
        assert libya["unchanged"] + morocco["unchanged"] >= both["created"]

    def test_arabic_names_are_byte_identical(self, empty_house: House, healthsites: list[dict[str, Any]]) -> None:
        named = {row["name"] for file in HEALTHSITES for row in _rows(file) if row["name"]}
        found = empty_house.json("search", "--near", KUFRA, "--dataset", "healthsites", "--limit", "500")["providers"]

        names = {name for row in found for name in row["names"].values()}
        arabic = {name for name in names if re.search("[\u0600-\u06ff]", name)}
        assert len(arabic) > 200
        assert arabic <= named

    def test_from_kufra_the_four_hospitals_within_5_km_are_listed(
        self, empty_house: House, healthsites: list[dict[str, Any]]
    ) -> None:
        need = empty_house.json("match", "--at", KUFRA, "--need", "HEA-EMG", "--limit", "20")["needs"][0]
        rows = [*need["matches"], *need["ask_first"]]

        assert sum(row["distance_m"] <= 5000 for row in rows) == 4

    def test_emergency_is_yes_no_or_unknown_as_the_source_says(
        self, empty_house: House, healthsites: list[dict[str, Any]]
    ) -> None:
        says = {_osm_key(row): row for file in reversed(HEALTHSITES) for row in reversed(_rows(file))}
        found = empty_house.json("search", "--near", KUFRA, "--dataset", "healthsites", "--limit", "2000")["providers"]

        claims = defaultdict(set)
        for row in found:
            source = says[tuple(re.findall(r"\w+", row["source_key"]))]
            if source["amenity"] == "hospital":
                claims[source["emergency"].lower()].add(row["claims"].get("HEA-EMG"))
        assert claims["yes"] == {"yes"}
        assert claims["no"] == {"no"}
        assert claims[""] == {"unknown"}

    async def test_500_points_equal_a_brute_force_scan_by_geodesic(
        self, empty_house: House, healthsites: list[dict[str, Any]]
    ) -> None:
        profile = empty_house.profile("ministry")
        async with Ihala(profile) as ihala:
            candidates = [
                each
                async for each in ihala.directory.search(codes=["HEA-EMG"], dataset="healthsites")
                if isinstance(each.place, Point)
            ]
            ids = np.array([each.provider_id for each in candidates])
            points = [each.place for each in candidates if isinstance(each.place, Point)]
            for latitude_deg, longitude_deg in _starts(points):
                answer = await ihala.find_matches([Need(code="HEA-EMG")], Point(latitude_deg, longitude_deg), limit=10)
                need = answer["HEA-EMG"]

                assert list(need.ask_first) == []  # life first: an unknown is a caution
                assert [row.provider_id for row in need.matches] == _nearest(latitude_deg, longitude_deg, ids, points)
                for row in need.matches:
                    unknown = next(each for each in candidates if each.provider_id == row.provider_id)
                    assert bool(row.unknowns) == (unknown.claims["HEA-EMG"] == "unknown")


def _active_on(day: date) -> dict[str, set[tuple[str, str]]]:
    """Say from the file alone who provided what on a day: (id, activity) by code."""
    mapping = tomllib.loads(UNHCR_MAPPING.read_text())
    codes = next(claims["codes"] for claims in mapping["claims"] if "codes" in claims)
    found: dict[str, set[tuple[str, str]]] = defaultdict(set)
    for feature in json.loads(UNHCR.read_text()):
        properties = feature["properties"]
        if not date.fromisoformat(properties["startDate"]) <= day <= date.fromisoformat(properties["endDate"]):
            continue
        for indicator, value in properties["indicators"].items():
            named = codes.get(indicator, [])
            for code in [named] if isinstance(named, str) else named:
                if float(value) > 0 and not service(code).never_automatic and not _needs_vetting(code):
                    found[code].add((str(feature["id"]), str(properties["activity"])))
    return found


def _needs_vetting(code: str) -> bool:
    return service(code).vetted_only  # nobody has vetted them for us (R33)


def _key(source_key: str) -> tuple[str, ...]:
    return tuple(re.findall(r"\d+", source_key))


def _rows(file: Path) -> list[dict[str, str]]:
    with file.open(encoding="utf-8", newline="") as stream:
        return list(csv.DictReader(stream))


def _osm_key(row: dict[str, str]) -> tuple[str, ...]:
    return (row["osm_type"], row["osm_id"])


def _starts(points: list[Point]) -> list[tuple[float, float]]:
    """Choose 500 points: the edges, hospitals themselves, their neighbourhood, and anywhere."""
    dice = random.Random(118)
    on_top = [(each.latitude_deg, each.longitude_deg) for each in dice.sample(points, 50)]
    near = [
        (each.latitude_deg + dice.uniform(-1, 1), each.longitude_deg + dice.uniform(-1, 1))
        for each in dice.choices(points, k=200)
    ]
    rest = 500 - len(EDGES) - len(on_top) - len(near)
    return [*EDGES, *on_top, *near, *((dice.uniform(-90, 90), dice.uniform(-180, 180)) for _ in range(rest))]


def _nearest(latitude_deg: float, longitude_deg: float, ids: Any, points: list[Point]) -> list[str]:
    count = len(points)
    lengths_m = Geod(ellps="WGS84").inv(
        np.full(count, float(longitude_deg)),
        np.full(count, float(latitude_deg)),
        np.array([each.longitude_deg for each in points]),
        np.array([each.latitude_deg for each in points]),
    )[2]
    costs_mm = np.rint(np.asarray(lengths_m) * 1000).astype(np.int64)
    return [str(each) for each in ids[np.lexsort((ids, costs_mm))][:10]]
