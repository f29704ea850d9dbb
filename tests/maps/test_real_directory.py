"""The map over the real directory: what it draws is what coordinators may see, and no more."""

from collections.abc import Awaitable, Callable
from pathlib import Path

from ihala.directory.v1 import directory_pb2 as pb
from services.errors import Reason
from services.maps.cells import area_names
from services.maps.clients import RemotePictures
from services.maps.drawing import map_script
from services.maps.filters import Filters, View
from services.maps.model import Part
from services.maps.pages import map_page, standalone_page
from services.maps.tables import TABLES, table_csv
from services.runtime.auth import Role
from tests.directory.canary import Canary
from tests.directory.house import NOON, TRIPOLI, House, a_house, text

CANARY = Canary(32.718281828459, 13.241592653589)
ALIAS = "Jasmine"


async def a_confidential_site(house: House) -> None:
    location = await house.location(CANARY.point, disclosure=pb.DISCLOSURE_AREA)
    await house.provider(location=location, names=[text(ALIAS)])


async def what_is_shown(house: House, filters: Filters) -> tuple[str, list[int]]:
    """Draw everything that a coordinator can have of a picture: pages, script, tables; and its counts of areas."""
    async with house.serving.channel(Role.COORDINATOR) as channel:
        picture = await RemotePictures(channel, channel, lambda: NOON).read(filters)
    assert picture.missing == {Part.REFERRALS: Reason.UNIMPLEMENTED}  # this house has a directory alone
    view = View(filters=filters)
    names = area_names(picture.h3_cells, "en")
    drawn = [draw(picture, view, names) for draw in (map_page, map_script, standalone_page)]
    drawn += [table_csv(name, picture, view, names) for name in TABLES]
    return "\n".join(drawn), [each.provider_count for each in picture.areas]


async def test_the_map_shows_a_confidential_site_as_part_of_a_count_alone_r16_r19(
    migrated_url: Callable[..., Awaitable[str]], tmp_path: Path
) -> None:
    async with a_house(await migrated_url("directory"), tmp_path) as house:
        await house.provider(names=[text("Harbour clinic")], location=await house.location(TRIPOLI))
        for _ in range(4):
            await a_confidential_site(house)
        four, counts_of_four = await what_is_shown(house, Filters())
        await a_confidential_site(house)
        five, counts_of_five = await what_is_shown(house, Filters())
        chosen, _ = await what_is_shown(house, Filters(service="ACC", country="LY"))

    assert (counts_of_four, counts_of_five) == ([], [5])
    for shown in (four, five, chosen):
        assert "Harbour clinic" in shown
        assert ALIAS not in shown
        assert CANARY.found_in(shown.encode()) == []


async def test_the_directorys_filters_hold_on_the_map(
    migrated_url: Callable[..., Awaitable[str]], tmp_path: Path
) -> None:
    async with a_house(await migrated_url("directory"), tmp_path) as house:
        await house.provider(names=[text("Night house")])
        clinic = [pb.ServiceClaim(code="HEA-EMG", claim=pb.CLAIM_UNKNOWN)]
        tigrinya = [pb.LanguageOffer(language="ti")]
        await house.provider(names=[text("Clinic")], claims=clinic, languages=tigrinya)
        shown = {
            filters: (await what_is_shown(house, filters))[0]
            for filters in (Filters(), Filters(service="HEA"), Filters(speaks="ti"), Filters(country="MA"))
        }

    assert [("Night house" in each, "Clinic" in each) for each in shown.values()] == [
        (True, True),
        (False, True),
        (False, True),
        (False, False),
    ]
