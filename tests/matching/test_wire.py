"""What the feed tells is read as the least that it can mean; where a person starts is found by towns."""

from typing import Any

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from ihala.directory.v1 import directory_pb2 as pb
from ihala.geo.v1 import geo_pb2
from services.errors import InvalidInput, NotFound
from services.geo import Gauge, Point, cell_at, ecef_m
from services.matching.model.provider import Claim, ReachOut, Reporting, Status, VettingState
from services.matching.origins import Origins
from services.matching.wire.provider_wire import provider_from_wire
from services.towns import load
from tests.matching.peers import a_message
from tests.matching.samples import TRIPOLI


def test_what_is_not_said_is_the_least_that_it_can_mean() -> None:
    provider = provider_from_wire(pb.Provider(provider_id="p-1"), revision=1)

    assert provider.place is None
    assert provider.is_confidential  # nobody said that it is public
    assert (provider.status, provider.reach_out) == (Status.DRAFT, ReachOut.NONE)
    assert (provider.vetting, provider.reporting) == (VettingState.UNVETTED, Reporting.UNKNOWN)
    assert {provider.wheelchair, provider.co_located, provider.works_across_borders} == {Claim.UNKNOWN}
    assert provider.claim_of("LEG-ADV") is Claim.NO
    assert provider.pool_id == "p-1"


def test_a_count_of_0_is_not_an_absent_one() -> None:
    reports = [pb.PlaceReport(population="girls", total=0, occupied=0), pb.PlaceReport(population="boys")]
    provider = provider_from_wire(a_message("p-1", place_reports=reports), revision=1)

    assert [(each.total, each.occupied) for each in provider.place_reports] == [(0, 0), (None, None)]


def test_an_age_of_0_is_not_an_open_end() -> None:
    rule = pb.Rule(kind=pb.RULE_KIND_AGE, claim=pb.CLAIM_YES, age=pb.AgeBand(min_years=0))
    (read,) = provider_from_wire(a_message("p-1", rules=[rule]), revision=1).rules

    assert (read.min_years, read.max_years) == (0, None)


def test_a_kind_of_rule_that_is_not_known_is_never_left_out() -> None:
    with pytest.raises(InvalidInput):
        provider_from_wire(a_message("p-1", rules=[pb.Rule(claim=pb.CLAIM_NO)]), revision=1)


def test_r16_a_confidential_site_with_a_point_is_refused() -> None:
    with pytest.raises(InvalidInput):
        provider_from_wire(a_message("p-1", disclosure=pb.DISCLOSURE_AREA), revision=1)


def test_a_confidential_site_is_where_its_cell_is() -> None:
    cell = cell_at(TRIPOLI, 5)
    place = geo_pb2.Place(cell=geo_pb2.AreaCell(h3_cell=cell.h3_cell))
    provider = provider_from_wire(a_message("p-1", disclosure=pb.DISCLOSURE_AREA, place=place), revision=1)

    assert (provider.place, provider.is_confidential) == (cell, True)


def test_what_many_providers_say_alike_is_held_once() -> None:
    facts: dict[str, Any] = {
        "rules": [pb.Rule(kind=pb.RULE_KIND_GENDER, claim=pb.CLAIM_YES, codes=["woman"])],
        "languages": [pb.LanguageOffer(language="ar")],
        "staff_genders": ["woman"],
    }
    raw = [a_message(provider_id, **facts).SerializeToString() for provider_id in ("p-1", "p-2")]
    one, other = (provider_from_wire(pb.Provider.FromString(each), revision=1) for each in raw)

    for name in ("claims", "rules", "languages", "staff_genders", "country_code", "time_zone"):
        assert getattr(one, name) is getattr(other, name)
    assert one.pool_id is one.provider_id
    assert one != other


TOWNS = list(load(["LY", "TN"]))
TOWNS_M = ecef_m([each.point.latitude_deg for each in TOWNS], [each.point.longitude_deg for each in TOWNS])


class TestOrigins:
    """The town list of a region."""

    ORIGINS = Origins(TOWNS)

    def test_a_town_has_its_middle_and_country(self) -> None:
        point, country = self.ORIGINS.town("geonames:2210247")

        assert country == "LY"
        assert abs(point.latitude_deg - TRIPOLI.latitude_deg) < 0.1

    def test_a_town_that_is_not_listed_is_not_found(self) -> None:
        with pytest.raises(NotFound):
            self.ORIGINS.town("geonames:0")

    @pytest.mark.parametrize(("point", "country"), [(TRIPOLI, "LY"), (Point(33.5, 11.11), "TN")])
    def test_a_point_is_in_the_country_of_the_nearest_town(self, point: Point, country: str) -> None:
        assert self.ORIGINS.country_at(Gauge(point)) == country
        assert self.ORIGINS.country_at(Gauge(cell_at(point, 5))) == country

    @given(st.floats(-90, 90) | st.floats(22, 34), st.floats(-180, 180) | st.floats(8, 14))
    def test_no_town_is_nearer(self, latitude_deg: float, longitude_deg: float) -> None:
        place = Point(latitude_deg, longitude_deg)
        away_m = np.linalg.norm(TOWNS_M - ecef_m(latitude_deg, longitude_deg), axis=1)
        nearest = {TOWNS[each].country_code for each in np.flatnonzero(away_m <= away_m.min() + 1e-6)}

        assert self.ORIGINS.country_at(Gauge(place)) in nearest

    def test_without_towns_no_country_is_known(self) -> None:
        assert Origins([]).country_at(Gauge(TRIPOLI)) == ""
