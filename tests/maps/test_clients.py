"""Pictures are read over real channels, as a coordinator, whole or with what is missing named."""

import asyncio
from datetime import timedelta
from pathlib import Path

from ihala.directory.v1 import directory_pb2
from services.errors import Reason
from services.maps.clients import KEPT_S
from services.maps.filters import Filters
from services.maps.model import Part, PlacesState
from services.runtime.auth import Role
from tests.maps.scene import NOON, TRIPOLI, a_directory, a_provider, a_scene, area_cell, some_referrals

ALL = Filters()


async def test_every_page_of_the_directory_is_read(tmp_path: Path) -> None:
    directory = a_directory([a_provider(f"clinic {number}") for number in range(401)])
    async with a_scene(tmp_path, directory=directory) as scene:
        picture = await scene.pictures.read(ALL)

    assert len(picture.providers) == 401
    assert len(directory.searches) == 3
    assert (picture.as_of, picture.is_cut, picture.missing) == (NOON, False, {})


async def test_filters_are_the_directorys(tmp_path: Path) -> None:
    directory = a_directory()
    chosen = Filters(service="HEA-EMG", speaks="ti", country="LY", free_only=True)
    async with a_scene(tmp_path, directory=directory) as scene:
        await scene.pictures.read(chosen)

    (asked,) = directory.searches
    assert (list(asked.codes), asked.language, asked.country_code, asked.places_free) == (["HEA-EMG"], "ti", "LY", True)
    assert directory.counted == ["HEA-EMG"]


async def test_places_are_added_up_only_where_they_are_counted(tmp_path: Path) -> None:
    overfull = a_provider("overfull", places=(4, 6))
    overfull.place_reports.add(population="girls", occupied=1)
    directory = a_directory([a_provider("free", places=(10, 4)), overfull, a_provider("a lawyer")])
    async with a_scene(tmp_path, directory=directory) as scene:
        picture = await scene.pictures.read(ALL)

    assert [(each.free_places, each.places) for each in picture.providers] == [
        (6, PlacesState.FREE),
        (0, PlacesState.FULL),
        (None, PlacesState.NOT_COUNTED),
    ]


async def test_a_confidential_provider_is_dropped_even_if_search_gave_it_r19(tmp_path: Path) -> None:
    by_disclosure = a_provider("the house", disclosure=directory_pb2.DISCLOSURE_AREA)
    by_place = a_provider("the other house")
    by_place.place.cell.h3_cell = area_cell(TRIPOLI)
    unsaid = a_provider("unsaid", disclosure=directory_pb2.DISCLOSURE_UNSPECIFIED)
    directory = a_directory([by_disclosure, by_place, unsaid, a_provider("a clinic")])
    async with a_scene(tmp_path, directory=directory) as scene:
        picture = await scene.pictures.read(ALL)

    assert [each.name_in("en") for each in picture.providers] == ["a clinic"]


async def test_counts_below_five_are_dropped_even_if_they_were_told_r14_r19(tmp_path: Path) -> None:
    cell = area_cell(TRIPOLI)
    referrals = some_referrals({(cell, "HEA"): (4, None), (cell, "ACC"): (9, 4), (cell, "LEG"): (9, 5)})
    async with a_scene(tmp_path, directory=a_directory(areas={cell: 4}), referrals=referrals) as scene:
        picture = await scene.pictures.read(ALL)

    assert list(picture.areas) == []
    assert [(each.group, each.offer_count, each.accepted_count) for each in picture.referrals] == [
        ("ACC", 9, None),
        ("LEG", 9, 5),
    ]


async def test_referrals_are_those_of_the_chosen_group(tmp_path: Path) -> None:
    cell = area_cell(TRIPOLI)
    referrals = some_referrals({(cell, "HEA"): (7, 5), (cell, "ACC"): (9, 6)})
    async with a_scene(tmp_path, referrals=referrals) as scene:
        picture = await scene.pictures.read(Filters(service="HEA-EMG"))

    assert [each.group for each in picture.referrals] == ["HEA"]


async def test_what_does_not_answer_is_named_and_the_rest_is_read(tmp_path: Path) -> None:
    async with a_scene(tmp_path, directory=a_directory([a_provider()]), referrals_are_there=False) as scene:
        picture = await scene.pictures.read(ALL)

    assert len(picture.providers) == 1
    assert set(picture.missing) == {Part.REFERRALS}


async def test_a_credential_that_is_not_a_coordinators_shows_nothing_of_referrals(tmp_path: Path) -> None:
    async with a_scene(tmp_path, roles=[Role.SERVICE]) as scene:
        picture = await scene.pictures.read(ALL)

    assert picture.missing == {Part.REFERRALS: Reason.ROLE_NOT_ALLOWED}


async def test_a_page_its_script_and_its_tables_tell_one_reading(tmp_path: Path) -> None:
    directory = a_directory([a_provider()])
    async with a_scene(tmp_path, directory=directory) as scene:
        together = await asyncio.gather(*(scene.pictures.read(ALL) for _ in range(5)))
        directory.providers.append(a_provider("a new one"))
        soon = await scene.pictures.read(ALL)
        scene.clock.now += timedelta(seconds=KEPT_S + 1)
        later = await scene.pictures.read(ALL)

    assert all(each is together[0] for each in [*together, soon])
    assert len(later.providers) == 2


async def test_a_picture_with_a_part_missing_is_not_kept(tmp_path: Path) -> None:
    async with a_scene(tmp_path, directory_is_there=False) as scene:
        first = await scene.pictures.read(ALL)
        second = await scene.pictures.read(ALL)

    assert first is not second
    assert set(second.missing) == {Part.PROVIDERS, Part.AREAS}
