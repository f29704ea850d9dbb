"""Every row of a file has one result: a record, or the reason why not."""

import json
import sys
from pathlib import Path

import pytest

from services.directory.importing import tables
from services.directory.model import Claim, Disclosure, ReachOut
from services.directory.model.imports import Fault, Notice
from services.errors import InvalidInput, Reason
from services.geo import AreaCell, Point
from tests.directory.import_files import HEADER, MAPPING, a_mapping, results_of

GOOD = "1,Dar,Bayt,32.88,13.19,yes\n"


def test_text_survives_byte_for_byte(tmp_path: Path) -> None:
    name = "  مركز\u200f «الأمل» ⵣ \u202bx\u202c NA 007 "
    owner = 'Dar ""double"" '

    (result,) = results_of(tmp_path, f'{HEADER}1,"{owner}","{name}",,,\n')

    assert result.record is not None
    assert result.record.provider.names[0].text == name
    assert result.record.organization.names[0].text == 'Dar "double" '


def test_a_byte_order_mark_and_other_line_ends_are_no_content(tmp_path: Path) -> None:
    (result,) = results_of(tmp_path, b"\xef\xbb\xbf" + (HEADER + GOOD).replace("\n", "\r\n").encode())

    assert result.source_key == "1"
    assert not result.faults


def test_a_malformed_row_is_reported_and_the_rest_goes_on(tmp_path: Path) -> None:
    rows = [
        GOOD,
        "2,too,few\n",
        '3,"open"quote,b,1,2,yes\n',
        "4,a,b,1,2,yes,too many\n",
        "\n",
        "5,Dar,Bayt,0,0,no\n",
    ]
    content = (HEADER + "".join(rows)).encode() + b"6,\xff\xfe,b,1,2,yes\n7,Dar,Bayt,1,1,\n"

    results = results_of(tmp_path, content)

    assert [(each.row_number, each.record is not None) for each in results] == [
        (1, True),
        (2, False),
        (3, False),
        (4, False),
        (5, True),
        (6, False),
        (7, True),
    ]
    assert [each.faults[0].rule for each in results if each.faults] == [
        "must have 6 columns",
        "must be a line of CSV with closed quotes",
        "must have 6 columns",
        "must be UTF-8",
    ]


@pytest.mark.parametrize("content", [b"", b"\n", b"\xff\xfe,a\n1,2\n", b"id,id\n1,2\n"])
def test_a_file_without_a_header_is_refused_whole(tmp_path: Path, content: bytes) -> None:
    with pytest.raises(InvalidInput) as caught:
        results_of(tmp_path, content)

    assert caught.value.reason is Reason.MALFORMED


def test_a_column_that_the_file_has_not_is_named(tmp_path: Path) -> None:
    with pytest.raises(InvalidInput) as caught:
        results_of(tmp_path, "id,owner,name,lat,long,shelter\n1,a,b,1,2,yes\n")

    assert caught.value.reason is Reason.UNKNOWN_FIELD
    assert [violation.field for violation in caught.value.fields] == ["location.longitude"]


@pytest.mark.parametrize(
    ("latitude", "longitude", "field"),
    [
        ("91", "13", "location.latitude_deg"),
        ("100", "101", "location.latitude_deg"),
        ("NaN", "13", "location.latitude_deg"),
        ("inf", "13", "location.latitude_deg"),
        ("32,88", "13", "location.latitude_deg"),
        ("1_0", "13", "location.latitude_deg"),
        ("32.8", "-181", "location.longitude_deg"),
        ("32.8", "", "location.longitude_deg"),
    ],
)
def test_a_point_that_is_none_is_refused_and_the_record_kept(
    tmp_path: Path, latitude: str, longitude: str, field: str
) -> None:
    (result,) = results_of(tmp_path, f'{HEADER}1,Dar,Bayt,"{latitude}",{longitude},yes\n')

    assert result.record is not None
    assert result.record.location.place is None
    assert field in [fault.field for fault in result.faults]
    assert Notice("location.place", "point_refused") in result.notices
    assert not any(latitude in fault.rule for fault in result.faults)


def test_0_is_a_valid_latitude_and_coordinates_are_never_swapped(tmp_path: Path) -> None:
    zero, wide = results_of(tmp_path, f"{HEADER}1,Dar,Bayt,0,0,yes\n2,Dar,Bayt,13.19,32.88,yes\n")

    assert zero.record is not None
    assert zero.record.location.place == Point(0.0, 0.0)
    assert wide.record is not None
    assert wide.record.location.place == Point(13.19, 32.88)


def test_a_record_without_a_position_is_kept_in_silence(tmp_path: Path) -> None:
    (result,) = results_of(tmp_path, f"{HEADER}1,Dar,Bayt,,,yes\n")

    assert result.record is not None
    assert result.record.location.place is None
    assert not result.faults
    assert not result.notices


@pytest.mark.parametrize(
    ("said", "claim"),
    [
        ("yes", Claim.YES),
        ("True", Claim.YES),
        ("1", Claim.YES),
        ("no", Claim.NO),
        ("False", Claim.NO),
        ("0", Claim.NO),
        ("", Claim.UNKNOWN),
        ("021 555", Claim.UNKNOWN),
        ("pas opérationnel", Claim.UNKNOWN),
    ],
)
def test_a_0_is_no_and_a_blank_or_junk_is_unknown(tmp_path: Path, said: str, claim: Claim) -> None:
    (result,) = results_of(tmp_path, f"{HEADER}1,Dar,Bayt,,,{said}\n")

    assert result.record is not None
    assert [each.claim for each in result.record.provider.claims] == [claim]


def test_a_row_without_its_key_or_its_names_is_refused(tmp_path: Path) -> None:
    no_key, no_owner = results_of(tmp_path, f"{HEADER},Dar,Bayt,,,\n2,,Bayt,,,\n")

    assert no_key.faults == (Fault("key", "must be given"),)
    assert no_owner.source_key == "2"
    assert no_owner.faults == (Fault("names", "must have at least one text"),)


def test_keys_of_several_columns_never_meet(tmp_path: Path) -> None:
    mapping = a_mapping(key='["id", "owner"]')

    results = results_of(tmp_path, f"{HEADER}1:2,3,a,,,\n1,2:3,b,,,\n", mapping)

    assert [each.source_key for each in results] == ["1\\:2:3", "1:2\\:3"]


def test_a_look_up_that_fails_is_unknown_and_remarked_or_refuses_what_must_be_known(tmp_path: Path) -> None:
    mapping = a_mapping(country='{ from = "owner", codes = { Dar = "LY" } }')

    known, unknown = results_of(tmp_path, f"{HEADER}{GOOD}2,Other,Bayt,,,\n", mapping)

    assert known.record is not None
    assert unknown.record is None
    assert unknown.faults == (Fault("location.country", "must be given"),)


def test_what_rows_share_is_as_the_first_says_it(tmp_path: Path) -> None:
    mapping = a_mapping(MAPPING.replace("[organization]", '[organization]\nkey = ["lat"]'))

    first, second = results_of(tmp_path, f"{HEADER}1,Dar,a,1,1,\n2,Dar el Amal,b,1,2,\n", mapping)

    assert first.record is not None
    assert second.record is not None
    assert second.record.organization == first.record.organization
    assert second.notices == (Notice("organization", "differs_from_first"),)


def test_with_last_the_earlier_rows_of_a_key_are_passed_over(tmp_path: Path) -> None:
    mapping = a_mapping(on_duplicate='"last"')

    results = results_of(tmp_path, f"{HEADER}1,Dar,old,,,\n2,Dar,b,,,\n1,Dar,new,,,\n", mapping)

    assert [each.repeated for each in results] == [True, False, False]


class TestConfidential:
    """R16: what tells more than the area is gone before anything is sent."""

    CANARY = "Canary Street 17"

    def result(self, folder: Path, **replaced: str):  # type: ignore[no-untyped-def]  # noqa: ANN201
        text = MAPPING.replace(
            "[provider]\n",
            "aliases = [{ value = 'Site 7', language = 'en' }]\naddresses = [{ from = 'name', language = 'en' }]\n"
            "[provider]\naliases = [{ value = 'Site 7', language = 'en' }]\n"
            "descriptions = [{ from = 'name', language = 'en' }]\n",
        )
        mapping = a_mapping(
            text,
            "[[contacts]]\nkind = 'phone'\nvalue = { from = 'name' }",
            **{"disclosure": "'area'", **replaced},
        )
        return results_of(folder, f"{HEADER}1,Dar,{self.CANARY},32.887412,13.187345,yes\n", mapping)[0]

    def test_the_point_becomes_a_cell_and_the_rest_is_withheld(self, tmp_path: Path) -> None:
        result = self.result(tmp_path)

        assert isinstance(result.record.location.place, AreaCell)
        assert [text.text for text in result.record.provider.names] == ["Site 7"]
        assert self.CANARY not in repr(result)
        assert "32.887" not in repr(result)
        assert {notice.code for notice in result.notices} == {
            "snapped_to_area",
            "address_withheld",
            "description_withheld",
            "contact_withheld",
        }

    def test_one_column_decides_for_each_row(self, tmp_path: Path) -> None:
        result = self.result(tmp_path, disclosure="{ from = 'shelter', codes = { yes = 'area', no = 'public' } }")

        assert result.record.location.disclosure is Disclosure.AREA

    def test_a_row_that_does_not_say_is_refused(self, tmp_path: Path) -> None:
        result = self.result(tmp_path, disclosure="{ from = 'shelter', codes = { hidden = 'area' } }")

        assert result.record is None
        assert result.faults == (Fault("location.disclosure", "must be given"),)


JSON_MAPPING = MAPPING.replace('"csv"', '"json"')


def a_record(**fields: object) -> dict[str, object]:
    return {"id": 1, "owner": "Dar", "name": "Bayt", "lat": 1.5, "lon": 2, "shelter": True, **fields}


def test_json_records_are_read_with_their_types(tmp_path: Path) -> None:
    records = [a_record(), a_record(id=2, shelter=0), a_record(id=3, lat=float("nan")), "no object"]

    one, two, three, four = results_of(tmp_path, json.dumps(records), a_mapping(JSON_MAPPING))

    assert one.record is not None
    assert one.record.location.place == Point(1.5, 2.0)
    assert one.record.provider.claims[0].claim is Claim.YES
    assert two.record is not None
    assert two.record.provider.claims[0].claim is Claim.NO
    assert Notice("location.place", "point_refused") in three.notices
    assert four.faults == (Fault("row", "must be an object"),)


def test_a_path_that_no_record_has_is_named_unless_it_is_optional(tmp_path: Path) -> None:
    text = JSON_MAPPING.replace('reach_out = "telephone"', 'reach_out = "telephone"\npool = { from = "beds.pool" }')
    content = json.dumps([a_record()])

    with pytest.raises(InvalidInput) as caught:
        results_of(tmp_path, content, a_mapping(text))
    (result,) = results_of(tmp_path, content, a_mapping('optional = ["beds.pool"]\n' + text))

    assert [violation.field for violation in caught.value.fields] == ["provider.pool.from"]
    assert result.record is not None


@pytest.mark.parametrize("content", ["{", "[1", '{"a": 1}', "[" * 100_000, b"\xff"])
def test_what_is_not_a_list_of_json_records_is_malformed(tmp_path: Path, content: str | bytes) -> None:
    with pytest.raises(InvalidInput) as caught:
        results_of(tmp_path, content, a_mapping(JSON_MAPPING))

    assert caught.value.reason is Reason.MALFORMED


@pytest.mark.parametrize("bare", [True, False])
def test_geojson_is_a_collection_or_a_bare_list(tmp_path: Path, bare: bool) -> None:  # noqa: FBT001
    text = MAPPING.replace('"csv"', '"geojson"').replace('latitude = "lat"\nlongitude = "lon"', 'geometry = "geometry"')
    for name in ("id", "owner", "name", "shelter"):
        text = text.replace(f'"{name}"', f'"properties.{name}"')
    features = [
        {"type": "Feature", "properties": a_record(), "geometry": {"type": "Point", "coordinates": [13.1, 32.8, 7]}},
        {"type": "Feature", "properties": a_record(id=2), "geometry": None},
        {"type": "Feature", "properties": a_record(id=3), "geometry": {"type": "LineString", "coordinates": []}},
    ]
    content = json.dumps(features if bare else {"type": "FeatureCollection", "features": features})

    point, none, line = results_of(tmp_path, content, a_mapping(text))

    assert point.record is not None
    assert point.record.location.place == Point(32.8, 13.1)
    assert none.record is not None
    assert not none.faults
    assert line.record is not None
    assert line.faults == (Fault("location.geometry", "must be a GeoJSON Point"),)


def test_a_table_of_geopandas_is_read_in_degrees_of_wgs84(tmp_path: Path) -> None:
    geopandas = pytest.importorskip("geopandas")
    points = geopandas.points_from_xy([13.19], [32.88], crs="EPSG:4326")
    frame = geopandas.GeoDataFrame([a_record()], geometry=points).to_crs("EPSG:3857")
    path = tmp_path / "file.gpkg"
    frame.to_file(path, driver="GPKG")

    columns, (record,) = tables.read_table(path)

    assert {"id", "owner", "geometry"} <= columns
    assert record["geometry"]["coordinates"] == pytest.approx((13.19, 32.88), abs=1e-9)


def test_a_missing_package_is_named_with_its_extra(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setitem(sys.modules, "geopandas", None)

    with pytest.raises(InvalidInput, match=r"ihala\[import\]"):
        tables.read_table(tmp_path / "file.gpkg")


def test_reach_is_the_first_choice_that_holds(tmp_path: Path) -> None:
    choices = (
        "[{ value = 'none', when = { from = 'shelter', is = ['no'] } },"
        " { value = 'walk_in', when = { from = 'lat', given = false } }, { value = 'telephone' }]"
    )
    rows = f"{HEADER}1,Dar,a,1,1,no\n2,Dar,b,,,yes\n3,Dar,c,1,1,yes\n"

    results = results_of(tmp_path, rows, a_mapping(reach_out=choices))

    reaches = [each.record.provider.reach_out for each in results if each.record]
    assert reaches == [ReachOut.NONE, ReachOut.WALK_IN, ReachOut.TELEPHONE]
