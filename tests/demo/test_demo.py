"""The demo's directory is fictional, complete, and gives nobody's house away."""

import json
import re
import runpy
import shutil
import sys
from collections import Counter
from collections.abc import Iterator
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import pytest
from google.protobuf.json_format import ParseDict

from ihala.matching.v1 import matching_pb2
from services.directory.importing.mapping import read_mapping
from services.directory.importing.reading import read_rows
from services.directory.model import Claim, Disclosure, ImportRecord, ReachOut, Status, VettingState
from services.geo import AreaCell, cost_mm
from services.taxonomy import Kind, decline_reason, service, services, term, urgency_class
from services.taxonomy.urgency import Urgency
from services.towns import TownList, load

DEMO = Path(__file__).resolve().parents[2] / "demo"
NOW = datetime(2026, 11, 21, tzinfo=UTC)


def read(name: str) -> Any:
    return json.loads((DEMO / name).read_text(encoding="utf-8"))


@pytest.fixture(scope="module")
def records() -> dict[str, ImportRecord]:
    results = read_rows([DEMO / "providers.json"], read_mapping(DEMO / "mapping.toml"), now=lambda: NOW)
    found = {each.source_key: each.record for each in results if each.record is not None}
    assert len(found) == len(read("providers.json"))
    return found


@pytest.fixture(scope="module")
def towns() -> TownList:
    return load(["LY", "MA", "TN", "EG"])


def texts_of(value: Any) -> Iterator[str]:
    if isinstance(value, str):
        yield value
    for inner in value.values() if isinstance(value, dict) else value if isinstance(value, list) else ():
        yield from texts_of(inner)


def test_about_150_providers_stand_in_the_four_countries(records: dict[str, ImportRecord]) -> None:
    countries = Counter(each.location.country_code for each in records.values())

    assert 140 <= len(records) <= 170
    assert set(countries) == {"LY", "MA", "TN", "EG"}
    assert min(countries.values()) >= 20


def test_every_service_is_offered_somewhere(records: dict[str, ImportRecord]) -> None:
    offered = {claim.code for each in records.values() for claim in each.provider.claims if claim.claim is Claim.YES}

    assert offered == set(services())


def test_every_kind_of_record_is_there(records: dict[str, ImportRecord]) -> None:
    providers = [each.provider for each in records.values()]

    assert {each.reach_out for each in providers} == set(ReachOut)
    assert {each.status for each in providers} >= {Status.ACTIVE, Status.PAUSED, Status.DO_NOT_REFER}
    assert {each.vetting.state for each in providers} == set(VettingState)
    assert any(each.vetting.expire_time and each.vetting.expire_time < NOW for each in providers)
    assert any(each.valid.end_time and each.valid.end_time < NOW for each in providers)
    assert any(each.detention for each in providers)
    populations = {report.population for each in providers for report in each.place_reports}
    assert populations == {"women", "men", "girls", "boys", "families", "transgender"}
    assert any(report.total == report.occupied for each in providers for report in each.place_reports)
    pools = Counter(each.pool_id for each in providers if each.pool_id)
    assert max(pools.values()) == 2


def test_everything_says_that_it_is_made_up(records: dict[str, ImportRecord]) -> None:
    for record in read("providers.json"):
        assert record["fictional"] is True
    for each in records.values():
        for text in (*each.organization.names, *each.service.names, *each.provider.names, *each.location.names):
            assert re.search(r"\((demo|démo|تجريبي)\)$|^Demo site|^موقع تجريبي", text.text)
        assert {text.language for text in each.provider.names} >= {"ar"}
        if each.location.disclosure is Disclosure.PUBLIC:
            assert len(each.provider.descriptions) == 2


def test_no_number_rings_and_no_domain_is_anybodys() -> None:
    texts = list(texts_of(read("providers.json")))

    assert all(text.startswith("+999 ") for text in texts if re.fullmatch(r"\+[\d ]+", text))
    domains = [text for text in texts if "@" in text or "://" in text]
    assert domains
    assert all(text.endswith(".example") for text in domains)


def test_no_exact_point_of_a_confidential_site_is_in_the_file(records: dict[str, ImportRecord]) -> None:
    """R16: there is none; the file has the cell, an alias and a gate that is a town."""
    hidden = [each for each in read("providers.json") if each["location"]["disclosure"] == "area"]

    assert len(hidden) >= 15
    for record in hidden:
        assert not {"latitude", "longitude", "names", "address"} & set(record["location"])
        assert not {"names", "descriptions", "contacts"} & set(record)
        AreaCell(record["location"]["cell"])
        assert record["location"]["front_gate"].startswith("geonames:")


def test_points_lie_near_their_towns(records: dict[str, ImportRecord], towns: TownList) -> None:
    for key, each in records.items():
        if each.location.place is not None:
            nearest_mm = min(cost_mm(town.point, each.location.place) for town in towns if town.population > 10_000)
            assert nearest_mm < 30_000_000, key


def test_a_place_of_detention_shelters_nobody(records: dict[str, ImportRecord]) -> None:
    """R28."""
    for each in records.values():
        if each.provider.detention:
            assert not any(service(claim.code).accommodation for claim in each.provider.claims)
            assert each.provider.reach_out is ReachOut.NONE


def test_every_desk_has_providers_and_every_enrolled_provider_a_desk(records: dict[str, ImportRecord]) -> None:
    desks = read("receivers.json")
    served = [key for desk in desks for key in desk["provider_keys"]]

    assert len(desks) == 12
    assert len({desk["key"] for desk in desks}) == len(desks)
    assert len(set(served)) == len(served)
    assert {key for key, each in records.items() if each.provider.reach_out is ReachOut.ENROLLED} == set(served)
    assert {channel for desk in desks for channel in desk["channels"]} == {"page", "nats"}


@pytest.mark.parametrize(
    ("name", "channel"), [("1-tripoli.json", "nats"), ("2-oujda.json", "page")], ids=["Tripoli", "Oujda"]
)
def test_a_case_is_a_request_that_the_nearest_capable_desk_answers(
    records: dict[str, ImportRecord], towns: TownList, name: str, channel: str
) -> None:
    case = read(f"cases/{name}")
    request = ParseDict(case["request"], matching_pb2.FindMatchesRequest())
    desk = next(each for each in read("receivers.json") if each["key"] == case["answered_by"])
    origin = towns.get(request.origin.place_id).point

    assert channel == case["channel"]
    assert channel in desk["channels"]
    assert [need.code for need in request.needs] == list(case["nearest"])
    for need in request.needs:
        chosen = records[case["nearest"][need.code]]
        assert case["nearest"][need.code] in desk["provider_keys"]
        assert any(claim.code == need.code and claim.claim is Claim.YES for claim in chosen.provider.claims)
        assert chosen.provider.vetting.state is VettingState.VETTED
        assert {each.language for each in chosen.provider.languages} & set(request.person.languages.languages)
        assert chosen.location.place is not None
        for key, other in records.items():
            # nobody whom nothing excludes is nearer: places elsewhere are for others, full, or nobody has said
            if other is chosen or other.location.place is None or not other.provider.rules:
                continue
            claims = {claim.code: claim.claim for claim in other.provider.claims}
            populations = {report.population for report in other.provider.place_reports if report.has_free}
            wanted = {item.population for item in need.items}
            if claims.get(need.code) is Claim.YES and wanted <= populations:
                assert cost_mm(origin, chosen.location.place) <= cost_mm(origin, other.location.place), key


def test_300_past_referrals_name_known_providers_and_codes(records: dict[str, ImportRecord]) -> None:
    past = read("past_referrals.json")

    assert len(past) == 300
    assert len({each["case_ref"] for each in past}) == 300
    for each in past:
        claims = {claim.code: claim.claim for claim in records[each["provider_key"]].provider.claims}
        assert claims[each["code"]] is Claim.YES
        assert not service(each["code"]).never_automatic
        urgency_class(Urgency(each["urgency"]))
        term(Kind.POPULATION, each["group"])
        assert each["outcome"] in {"completed", "declined", "expired", "failed", "cancelled"}
        assert (each["outcome"] == "declined") == bool(each["reason"])
        if each["reason"]:
            decline_reason(each["reason"])
        assert 1 <= each["days_ago"] <= 90


def test_the_files_are_what_the_script_writes(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(sys, "path", sys.path[:])
    folder = tmp_path / "demo"
    folder.mkdir()
    for name in ("make.py", "kinds.toml"):
        shutil.copy(DEMO / name, folder)

    runpy.run_path(str(folder / "make.py"), run_name="__main__")

    for name in ("providers.json", "receivers.json", "past_referrals.json"):
        assert (folder / name).read_bytes() == (DEMO / name).read_bytes()
