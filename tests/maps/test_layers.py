"""What is drawn and what is tabled are the same numbers, none of them below 5."""

import csv
import io
import math
from datetime import UTC, datetime

import h3
import pytest
from hypothesis import given
from hypothesis import strategies as st

from services.errors import InvalidInput, NotFound
from services.geo import Point
from services.maps.cells import area_names, outline_of
from services.maps.filters import Filters, View
from services.maps.layers import (
    LARGEST_RADIUS_PX,
    area_features,
    area_rows,
    bounds_of,
    group_of,
    group_rows,
    referral_features,
    referral_rows,
)
from services.maps.model import AreaCount, Picture, PublicProvider, ReferralCount
from services.maps.tables import safe_cell, table_csv
from tests.maps.scene import BENGHAZI, CAIRO, CASABLANCA, NOON, TRIPOLI, area_cell

HOSTILE = "<img src=x onerror=alert(1)>"


def a_public_provider(*codes: str, free_places: int | None = None, point: Point | None = None) -> PublicProvider:
    return PublicProvider(
        point=point,
        names={"en": "Harbour clinic"},
        country_code="LY",
        codes=codes,
        unsure_codes=(),
        free_places=free_places,
        report_time=None,
        reach_out="telephone",
    )


def a_picture(**parts: object) -> Picture:
    return Picture(as_of=NOON, **parts)  # type: ignore[arg-type]  # as the test names them


@pytest.mark.parametrize("count", [0, 1, 4])
def test_a_count_below_five_cannot_be_written_down_r14_r19(count: int) -> None:
    cell = area_cell(TRIPOLI)
    with pytest.raises(InvalidInput):
        AreaCount(h3_cell=cell, provider_count=count)
    with pytest.raises(InvalidInput):
        ReferralCount(h3_cell=cell, group="HEA", offer_count=count, accepted_count=None)
    with pytest.raises(InvalidInput):
        ReferralCount(h3_cell=cell, group="HEA", offer_count=9, accepted_count=count)


def test_a_provider_of_two_groups_counts_in_both_and_is_drawn_as_one() -> None:
    both = a_public_provider("LEG-ADV", "HEA-EMG", free_places=3)
    picture = a_picture(providers=[both, a_public_provider("HEA-EMG", free_places=0), a_public_provider()])

    rows = {row.group: (row.provider_count, row.with_free_count, row.free_places) for row in group_rows(picture, "en")}

    assert rows == {"HEA": (2, 1, 3), "LEG": (1, 1, 3), "": (1, 0, 0)}
    assert (group_of(both, ""), group_of(both, "HEA")) == ("LEG", "HEA")


def test_an_area_is_drawn_as_its_whole_cell_r19() -> None:
    cell = area_cell(CAIRO)
    rows = area_rows(a_picture(areas=[AreaCount(h3_cell=cell, provider_count=7)]), {cell: HOSTILE})
    (feature,) = area_features(rows, "en")

    assert feature["geometry"] == {"type": "Polygon", "coordinates": [outline_of(cell)]}
    assert feature["properties"]["count"] == "7"
    assert "<" not in str(feature["properties"])


def test_a_coarser_cell_is_filled_more_faintly() -> None:
    cells = [h3.latlng_to_cell(*CAIRO, resolution) for resolution in (0, 1, 2, 3)]
    rows = area_rows(
        a_picture(areas=[AreaCount(h3_cell=cell, provider_count=7) for cell in cells]), dict.fromkeys(cells, "")
    )
    fill = {each["id"]: each["properties"]["fill"] for each in area_features(rows, "en")}

    assert [fill[cell] for cell in cells] == sorted(set(fill.values()))


def test_circles_have_a_surface_in_proportion_to_their_counts() -> None:
    picture = a_picture(
        referrals=[
            ReferralCount(h3_cell=area_cell(TRIPOLI), group="ACC", offer_count=60, accepted_count=30),
            ReferralCount(h3_cell=area_cell(TRIPOLI), group="HEA", offer_count=40, accepted_count=None),
            ReferralCount(h3_cell=area_cell(BENGHAZI), group="HEA", offer_count=25, accepted_count=5),
        ]
    )
    names = dict.fromkeys(picture.h3_cells, HOSTILE)
    features = {each["id"]: each["properties"] for each in referral_features(referral_rows(picture, names, "en"), "en")}

    assert features[area_cell(TRIPOLI)]["radius"] == LARGEST_RADIUS_PX
    assert math.isclose(features[area_cell(BENGHAZI)]["radius"], LARGEST_RADIUS_PX / 2)
    assert features[area_cell(TRIPOLI)]["groups"] == "Accommodation 60; Health 40"
    assert "<" not in str(features)


@pytest.mark.parametrize(
    ("where", "language", "name"),
    [
        (TRIPOLI, "en", "Around \u2068Tripoli\u2069"),
        (TRIPOLI, "ar", "حول \u2068طرابلس\u2069"),
        (CASABLANCA, "fr", "Autour de \u2068Casablanca\u2069"),
        (CASABLANCA, "ar", "حول \u2068الدار البيضاء\u2069"),
    ],
)
def test_an_area_is_called_by_its_largest_town(where: tuple[float, float], language: str, name: str) -> None:
    cell = area_cell(where)

    assert area_names([cell], language) == {cell: name}


def test_an_area_without_a_town_is_called_by_its_index() -> None:
    cell = area_cell((0.0, -30.0))

    assert area_names([cell], "en") == {cell: cell}


def test_a_cell_across_the_antimeridian_stays_in_one_piece() -> None:
    longitudes = [longitude for longitude, _ in outline_of(area_cell((0.0, 180.0)))]

    assert max(longitudes) - min(longitudes) < 10


def test_everything_drawn_is_in_sight() -> None:
    picture = a_picture(
        providers=[a_public_provider("HEA-EMG", point=Point(0.0, 0.0)), a_public_provider("HEA-EMG")],
        areas=[AreaCount(h3_cell=area_cell(CAIRO), provider_count=5)],
    )
    corners = bounds_of(picture)

    assert corners is not None
    assert corners[0] == Point(0.0, 0.0)
    assert corners[1].latitude_deg > CAIRO[0] - 1
    assert bounds_of(a_picture(providers=[a_public_provider("HEA-EMG")])) is None


@pytest.mark.parametrize(("name", "rows"), [("services", 1), ("areas", 1), ("referrals", 1)])
def test_a_table_is_the_same_numbers_as_a_file(name: str, rows: int) -> None:
    cell = area_cell(TRIPOLI)
    picture = a_picture(
        providers=[a_public_provider("HEA-EMG", free_places=2)],
        areas=[AreaCount(h3_cell=cell, provider_count=8)],
        referrals=[ReferralCount(h3_cell=cell, group="HEA", offer_count=6, accepted_count=None)],
    )
    text = table_csv(name, picture, View(filters=Filters()), {cell: '=HYPERLINK("x")'})
    read = list(csv.reader(io.StringIO(text.removeprefix("\ufeff"))))

    assert text.startswith("\ufeff")
    assert len(read) == 1 + rows
    assert (
        read[1]
        == {
            "services": ["Health", "1", "1", "2"],
            "areas": [f'\'=HYPERLINK("x") ({cell})', "8"],
            "referrals": [f'\'=HYPERLINK("x") ({cell})', "Health", "6", "below 5"],
        }[name]
    )


@given(st.text())
def test_no_cell_begins_like_a_formula(text: str) -> None:
    cell = safe_cell(text)

    assert not cell.startswith(("=", "+", "-", "@", "\t", "\r", "\n"))
    assert cell.removeprefix("'") == text or cell == text


def test_there_is_no_other_table() -> None:
    with pytest.raises(NotFound):
        table_csv("providers", a_picture(), View(filters=Filters()), {})


def test_a_name_is_in_the_readers_language_where_there_is_one() -> None:
    provider = PublicProvider(
        point=None,
        names={"fr": "Clinique du port", "ar": "عيادة الميناء"},
        country_code="TN",
        codes=(),
        unsure_codes=(),
        free_places=None,
        report_time=datetime(2025, 1, 1, tzinfo=UTC),
        reach_out="none",
    )

    assert [provider.name_in(each) for each in ("ar", "fr", "en")] == [
        "عيادة الميناء",
        "Clinique du port",
        "Clinique du port",
    ]
