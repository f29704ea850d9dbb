"""On real and on demo directories: exact on WGS84, life first, and the demo's cases find whom they should."""

import json
from collections.abc import Sequence
from datetime import UTC, datetime
from random import Random

import numpy as np
import pytest
from google.protobuf import json_format
from pyproj import Geod

from ihala.matching.v1 import matching_pb2 as pb
from services import towns
from services.geo import Point
from services.matching.index.snapshot import Snapshot
from services.matching.model.provider import Claim, Provider, Status, VettingState
from services.matching.model.request import Asked
from services.matching.origins import Origins
from services.matching.ranking import find
from services.matching.wire.request_wire import enquiry_from_wire
from tests.matching.imported import ROOT, demo, healthsites
from tests.matching.samples import a_need, a_person, asked
from tests.matching.scan import full_scan, lists_of

WGS84 = Geod(ellps="WGS84")
KUFRA = Point(24.1997, 23.2905)
#: whom vetting, the firewall, papers, status, language and the child path would keep out if life did not come first
WORST_OFF = a_person(languages=frozenset({"ti"}), is_unaccompanied=True, has_documents=False, status_class="irregular")
ODD = [Point(0, 0), Point(0, 180), Point(0, -180), Point(90, 0), Point(-90, 0), Point(52, -179.999)]


def some_points(count: int) -> list[Point]:
    random = Random(20261121)
    around = [Point(random.uniform(20, 36), random.uniform(-17, 25)) for _ in range(count // 2)]
    return [
        *ODD,
        *around,
        *(Point(random.uniform(-90, 90), random.uniform(-180, 180)) for _ in range(count - len(around))),
    ]


def points_of(providers: Sequence[Provider]) -> list[Point]:
    return [each.place for each in providers if isinstance(each.place, Point)]


def offering(providers: Sequence[Provider], code: str) -> list[Provider]:
    """Choose by the plainest words those that a plain search may list."""
    return [
        each
        for each in providers
        if each.claim_of(code) is not Claim.NO
        and each.status is Status.ACTIVE
        and each.vetting is not VettingState.SUSPENDED
        and isinstance(each.place, Point)
    ]


@pytest.mark.parametrize("code", ["HEA-EMG", "HEA-PRI"])
def test_500_points_equal_a_scan_by_wgs84_geodesics(code: str) -> None:
    """The scan is written without anything of ours: all distances, rounded to millimetres, sorted with the ids."""
    providers = healthsites()
    snapshot = Snapshot.of("epoch", 1, providers)
    listed = offering(providers, code)
    sure = np.array([each.claim_of(code) is Claim.YES or code == "HEA-EMG" for each in listed])  # R59
    here = points_of(listed)
    longitudes, latitudes = [each.longitude_deg for each in here], [each.latitude_deg for each in here]
    ties = points_of(listed)[:3]
    for origin in [*ties, *some_points(500)]:
        count = len(listed)
        metres = WGS84.inv([origin.longitude_deg] * count, [origin.latitude_deg] * count, longitudes, latitudes)[2]
        scanned = sorted(
            zip(np.rint(np.array(metres) * 1000), [each.provider_id for each in listed], sure, strict=True)
        )

        answer = find(snapshot, asked(a_need(code), origin=origin), 10)

        assert lists_of(answer)[0] == [(mm, each) for mm, each, is_sure in scanned if is_sure][:10]
        assert lists_of(answer)[1] == [(mm, each) for mm, each, is_sure in scanned if not is_sure][:10]


def test_some_points_equal_a_full_scan_of_every_constraint() -> None:
    providers = healthsites()
    snapshot = Snapshot.of("epoch", 1, providers)
    for code, origin in zip(["HEA-EMG", "HEA-PRI", "HEA-DEN", "ACC-EMG"], some_points(4)[-4:], strict=True):
        question = asked(a_need(code), origin=origin, person=a_person())

        assert lists_of(find(snapshot, question, 10)) == full_scan(providers, question, 10)


def test_from_kufra_the_four_hospitals_within_5_km_come_first() -> None:
    answer = find(Snapshot.of("epoch", 1, healthsites()), asked(a_need("HEA-EMG"), origin=KUFRA), 10)

    assert [row.cost_mm <= 5_000_000 for row in answer.matches] == [True] * 4 + [False] * 6


def test_a_hospital_of_which_nobody_knows_is_listed_with_the_question() -> None:
    answer = find(Snapshot.of("epoch", 1, healthsites()), asked(a_need("HEA-EMG"), origin=KUFRA), 10)
    unknown = [row for row in answer.matches if row.provider.claim_of("HEA-EMG") is Claim.UNKNOWN]

    assert unknown
    assert all(
        ("service", "unknown") in {(each.constraint, each.code) for each in row.remarks.cautions} for row in unknown
    )
    assert all("service" in {each.constraint for each in row.unknowns} for row in unknown)


def test_r59_no_libyan_town_with_a_hospital_near_is_sent_farther() -> None:
    providers = healthsites()
    snapshot = Snapshot.of("epoch", 1, providers)
    here = points_of(offering(providers, "HEA-EMG"))
    longitudes, latitudes = [each.longitude_deg for each in here], [each.latitude_deg for each in here]
    for town in towns.load(["LY"]):
        start = town.point
        from_longitudes, from_latitudes = [start.longitude_deg] * len(here), [start.latitude_deg] * len(here)
        nearest_m = min(WGS84.inv(from_longitudes, from_latitudes, longitudes, latitudes)[2])
        if nearest_m > 5_000:
            continue
        for person in (None, a_person(), WORST_OFF):
            question = asked(a_need("HEA-EMG"), origin=town.point, person=person)

            assert find(snapshot, question, 1).matches[0].cost_mm == round(nearest_m * 1000)


@pytest.mark.parametrize("name", ["1-tripoli", "2-oujda"])
def test_the_cases_of_the_demo_find_whom_they_should(name: str) -> None:
    case = json.loads((ROOT / "demo" / "cases" / f"{name}.json").read_text(encoding="utf-8"))
    origins = Origins(towns.load(["LY", "MA", "ES", "DZ", "TN"]))
    request = json_format.ParseDict(case["request"], pb.FindMatchesRequest())
    enquiry, _ = enquiry_from_wire(request, origins.town, origins.country_at)
    snapshot = Snapshot.of("epoch", 1, demo())
    now = datetime(2026, 11, 21, 12, tzinfo=UTC)

    nearest = {
        need.code: find(snapshot, Asked.of(enquiry, need, now, {}), 1).matches[0].provider.provider_id
        for need in enquiry.needs
    }

    assert nearest == case["nearest"]
