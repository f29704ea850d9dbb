"""
R60 over the real files: from no town around Nador is anybody sent to Melilla, unless a service works across.

The file of Morocco has the hospitals of Melilla and says that they are in Morocco, as
OpenStreetMap's extract was cut. So two things must hold: a record that says where it is stays
behind its border, and a line that a coordinator draws keeps the others behind it.
"""

from collections.abc import Sequence
from dataclasses import replace

import pytest
from pyproj import Geod
from shapely.geometry import Point as Flat
from shapely.geometry import Polygon

from services import towns
from services.geo import Gauge, Point
from services.matching.index.snapshot import Snapshot
from services.matching.model.answer import Row
from services.matching.model.lines import Line
from services.matching.model.person import AgeRange
from services.matching.model.provider import Claim, Provider
from services.matching.origins import Origins
from services.matching.ranking import find
from services.towns.town_list import Town
from tests.matching.imported import healthsites
from tests.matching.samples import a_need, a_person, asked

WGS84 = Geod(ellps="WGS84")
NADOR = Point(35.16813, -2.93352)
#: about where the fence stands, from sea to sea; ways are straight and may come over the sea, so it is closed there
FENCE = (Point(35.32, -2.99), Point(35.28, -2.972), Point(35.265, -2.945), Point(35.262, -2.93), Point(35.255, -2.88),
         Point(35.33, -2.88), Point(35.32, -2.99))  # fmt: skip
ENCLAVE = Polygon([(each.longitude_deg, each.latitude_deg) for each in FENCE])
AROUND_M = 100_000
_NEAREST = 60  #: rows a list: all of Melilla and its neighbours are among them
GROWN_UP = a_person(age=AgeRange(30, 30), languages=frozenset({"ar"}), has_documents=False)
CHILD = a_person(age=AgeRange(15, 15), languages=frozenset({"ti"}), is_unaccompanied=True)


def is_in_melilla(provider: Provider) -> bool:
    place = provider.place
    return isinstance(place, Point) and ENCLAVE.contains(Flat(place.longitude_deg, place.latitude_deg))


def towns_around() -> Sequence[Town]:
    """Every Moroccan town within 100 km of Nador that is on this side of the fence."""
    return [
        each
        for each in towns.load(["MA"])
        if WGS84.inv(NADOR.longitude_deg, NADOR.latitude_deg, each.point.longitude_deg, each.point.latitude_deg)[2]
        < AROUND_M
        and not ENCLAVE.contains(Flat(each.point.longitude_deg, each.point.latitude_deg))
    ]


def rows_from(snapshot: Snapshot, town: Town, code: str, **facts: object) -> Sequence[Row]:
    found = find(snapshot, asked(a_need(code), origin=town.point, country_code="MA", **facts), _NEAREST)
    return *found.matches, *found.ask_first


@pytest.mark.parametrize("code", ["HEA-EMG", "HEA-PRI"])
def test_r60_a_drawn_fence_keeps_the_real_files_of_melilla_behind_it(code: str) -> None:
    snapshot = Snapshot.of("epoch", 1, healthsites())
    fence = Line(line_id="fence", points=FENCE)
    there = {each.provider_id for each in healthsites() if is_in_melilla(each) and each.claim_of(code) is not Claim.NO}
    assert there, "the file has places in Melilla"
    around = towns_around()
    assert len(around) > 20

    for town in around:
        for person in (GROWN_UP, CHILD):
            rows = rows_from(snapshot, town, code, person=person, lines=(fence,))
            assert rows, "life first, and this side is served" if code == "HEA-EMG" else town.name
            assert not [row for row in rows if row.provider.provider_id in there]


def test_r60_a_record_that_says_where_it_is_stays_behind_its_border_unless_it_works_across() -> None:
    """The same places as a coordinator corrects them: they are in Spain, and one of them works across."""
    across = next(each for each in healthsites() if is_in_melilla(each) and each.claim_of("HEA-EMG") is Claim.YES)
    corrected = [replace(each, country_code="ES") if is_in_melilla(each) else each for each in healthsites()]
    corrected.append(
        replace(across, provider_id="across", country_code="ES", works_across_borders=Claim.YES)
    )  # fmt: skip
    snapshot = Snapshot.of("epoch", 1, corrected)
    countries = Origins(towns.load(["MA", "ES", "DZ"]))

    for town in towns_around():
        for person in (GROWN_UP, CHILD):
            rows = rows_from(snapshot, town, "HEA-EMG", person=person)
            assert [row.provider.provider_id for row in rows if is_in_melilla(row.provider)] == ["across"]
    assert countries.country_at(Gauge(NADOR)) == "MA"
    assert countries.country_at(Gauge(Point(35.2923, -2.9381))) == "ES"
