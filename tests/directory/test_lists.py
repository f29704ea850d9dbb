"""Words and towns are looked up by codes and by names in any script; areas are counted, never pointed at."""

import h3
import pytest
from hypothesis import given
from hypothesis import strategies as st

from ihala.directory.v1 import directory_pb2 as pb
from ihala.directory.v1 import directory_service_pb2 as rpc_pb
from ihala.geo.v1 import geo_pb2
from services.directory.search.counts import merged
from services.errors import NotFound
from services.taxonomy import Kind
from tests.directory.house import House

POINTS = st.tuples(st.floats(-89, 89), st.floats(-180, 180))


@pytest.mark.parametrize("kind", list(Kind))
async def test_every_vocabulary_is_listed_in_the_readers_language(house: House, kind: Kind) -> None:
    answer = await house.coordinator.ListVocabulary(rpc_pb.ListVocabularyRequest(kind=kind.value, language="ar-LY"))

    codes = [entry.code for entry in answer.entries]
    assert codes == sorted(codes)
    assert codes
    assert {entry.label.language for entry in answer.entries} == {"ar"}
    assert answer.version


async def test_a_code_tells_what_it_implies(house: House) -> None:
    answer = await house.coordinator.ListVocabulary(rpc_pb.ListVocabularyRequest(kind="service"))

    emergency = next(entry for entry in answer.entries if entry.code == "HEA-EMG")
    assert emergency.parent == "HEA"
    assert "life_first" in emergency.marks


@pytest.mark.parametrize("name", ["جنزور", "Tripoli", "طرابلس", "TRIPOLI", "Oujda", "وجدة"])
async def test_a_town_is_found_by_its_name_in_any_script(house: House, name: str) -> None:
    answer = await house.coordinator.ResolvePlace(rpc_pb.ResolvePlaceRequest(text=name))

    assert answer.towns
    town = answer.towns[0]
    again = await house.coordinator.GetTown(rpc_pb.GetTownRequest(place_id=town.place_id))
    assert again.town == town


async def test_no_town_is_an_empty_answer(house: House) -> None:
    answer = await house.coordinator.ResolvePlace(rpc_pb.ResolvePlaceRequest(text="Tripoli", country_code="MA"))

    assert not answer.towns
    with pytest.raises(NotFound):
        await house.coordinator.GetTown(rpc_pb.GetTownRequest(place_id="geonames:1"))


async def test_confidential_sites_are_counted_from_five_on_r19(house: House) -> None:
    service = await house.its_service()
    for latitude_deg, count in ((32.88, 5), (24.2, 3)):
        for _ in range(count):
            location = await house.location(
                geo_pb2.Point(latitude_deg=latitude_deg, longitude_deg=13.19), disclosure=pb.DISCLOSURE_AREA
            )
            await house.provider(service, location)
    await house.provider(service)

    answer = await house.coordinator.CountAreas(rpc_pb.CountAreasRequest(code="ACC"))
    none = await house.coordinator.CountAreas(rpc_pb.CountAreasRequest(code="HEA"))

    assert [(count.h3_cell, count.provider_count) for count in answer.counts] == [
        (h3.latlng_to_cell(32.88, 13.19, 3), 5)
    ]
    assert not none.counts


@given(st.lists(POINTS, max_size=60))
def test_no_count_is_below_five_and_none_counts_twice_r19(points: list[tuple[float, float]]) -> None:
    cells: dict[str, int] = {}
    for point in points:
        cell = h3.latlng_to_cell(*point, 5)
        cells[cell] = cells.get(cell, 0) + 1

    counts = merged(cells)

    assert all(count >= 5 and count % 5 == 0 and h3.get_resolution(cell) <= 3 for cell, count in counts)
    assert sum(count for _, count in counts) <= len(points)
    assert len(points) - sum(count for _, count in counts) < 5 * 122  # at most 4 are left out in each coarsest cell
    assert counts == sorted(counts)
