"""The library for whoever keeps the directory true, against a real directory."""

import json
from collections.abc import Awaitable, Callable
from datetime import timedelta
from pathlib import Path

import pytest

from ihala.area_client import Areas
from ihala.cli.geojson_files import line_of, outlines_of
from ihala.geo.v1 import geo_pb2
from ihala.profile import Profile
from ihala.record_client import Records
from services.errors import InvalidInput
from services.geo import Point
from services.runtime.auth import Role
from tests.directory.house import NOON, a_house
from tests.directory.test_suggestions import suggest


async def test_a_record_is_kept_true_from_the_command_line(
    migrated_url: Callable[..., Awaitable[str]], tmp_path: Path
) -> None:
    async with a_house(await migrated_url("directory"), tmp_path) as house:
        token_file = tmp_path / "token"
        token_file.write_text(house.serving.identity.token(Role.COORDINATOR, Role.DIRECTORY_EDITOR, client_id="editor"))
        profile = Profile(addresses={"directory": house.serving.address}, token_file=token_file)
        receiver = await house.receiver()
        provider = await house.provider(receiver_id=receiver.receiver_id)
        desk = house.stub(Role.RECEIVER, client_id="desk", receiver_ids=(receiver.receiver_id,))
        await suggest(desk, provider, staff_genders=["woman"])

        async with Records(profile) as records:
            (stale,) = [each async for each in records.stale()]
            (waiting,) = [each async for each in records.suggestions()]
            await records.review(waiting["suggestion_id"], approved=True, revision=waiting["provider_revision"])
            verified = await records.verify(provider.provider_id, NOON - timedelta(days=1))
            suspended = await records.suspend(provider.provider_id, "safeguarding_report")
            history = [each async for each in records.history(provider.provider_id)]
            pairs = [each async for each in records.duplicates()]
            drawn = await records.draw_line(
                "curfew",
                "North",
                [Point(1, 1), Point(2, 2)],
                end_time=NOON + timedelta(days=9),
                starts_at="20:00",
                ends_at="06:00",
                time_zone="Africa/Tripoli",
            )
            listed = await records.lines()
            ended = await records.end_line(drawn["line_id"])

    assert stale["verified_time"] is None
    assert waiting["changes"] == [{"field": "staff_genders", "before": None, "after": ["woman"]}]
    assert verified["verified_time"] == "2026-11-20T12:00:00Z"
    assert suspended["vetting"] == "suspended"
    assert [len(each["changes"]) > 0 for each in history] == [True] * 4
    assert pairs == []
    assert listed == [drawn]
    assert (drawn["starts_at"], drawn["ends_at"], drawn["time_zone"]) == ("20:00", "06:00", "Africa/Tripoli")
    assert drawn["valid"] == {"end_time": "2026-11-30T12:00:00Z"}
    assert ended["ended"]


async def test_service_areas_are_drawn_from_geojson_and_ended(
    migrated_url: Callable[..., Awaitable[str]], tmp_path: Path
) -> None:
    file = tmp_path / "areas.geojson"
    square = [[13, 32], [14, 32], [14, 33], [13, 33], [13, 32]]
    feature = {"type": "Feature", "properties": {"name": "South"}, "geometry": None}
    south = {**feature, "geometry": {"type": "Polygon", "coordinates": [square]}}
    east = {"type": "Feature", "geometry": {"type": "MultiPolygon", "coordinates": [[square], [square]]}}
    file.write_text(json.dumps({"type": "FeatureCollection", "features": [south, east]}))
    async with a_house(await migrated_url("directory"), tmp_path) as house:
        token_file = tmp_path / "token"
        token_file.write_text(house.serving.identity.token(Role.DIRECTORY_EDITOR, client_id="editor"))
        profile = Profile(addresses={"directory": house.serving.address}, token_file=token_file)
        provider = await house.provider()
        covers = geo_pb2.Point(latitude_deg=32.5, longitude_deg=13.5)

        async with Areas(profile) as areas:
            drawn = await areas.add(provider.provider_id, outlines=outlines_of(file), region_codes=["LY-TB"])
            found = await house.search(covers=covers)
            one_less = await areas.end(provider.provider_id, 4)
            with pytest.raises(InvalidInput):
                await areas.end(provider.provider_id, 4)
            none = await areas.end(provider.provider_id)
            listed = await areas.list(provider.provider_id)
        async with Areas(profile, of_services=True) as areas:
            of_service = await areas.add(provider.service_id, outlines=outlines_of(file)[:1])

    assert [(each["name"], each["region_code"]) for each in drawn["areas"]] == [
        ("South", ""),
        ("", ""),
        ("", ""),
        ("", "LY-TB"),
    ]
    assert found == [provider.provider_id]
    assert [each["number"] for each in one_less["areas"]] == [1, 2, 3]
    assert none == listed
    assert listed["areas"] == []
    assert of_service["areas"][0]["rings"] == [[[y, x] for x, y in square]]


@pytest.mark.parametrize(
    "text", ["", "{}", '{"type": "Point", "coordinates": [1, 2]}', '{"type": "FeatureCollection", "features": []}']
)
def test_a_file_without_outlines_is_refused(tmp_path: Path, text: str) -> None:
    file = tmp_path / "areas.geojson"
    file.write_text(text)

    with pytest.raises(InvalidInput):
        outlines_of(file)


@pytest.mark.parametrize("wrapped", [lambda it: it, lambda it: {"type": "Feature", "geometry": it}])
def test_a_line_is_read_from_geojson(tmp_path: Path, wrapped: Callable[[object], object]) -> None:
    file = tmp_path / "line.geojson"
    file.write_text(json.dumps(wrapped({"type": "LineString", "coordinates": [[13, 32], [14, 33, 7]]})))

    assert line_of(file) == [Point(32, 13), Point(33, 14)]


@pytest.mark.parametrize("text", ["", "{}", "[" * 100_000, '{"type": "LineString", "coordinates": [["x"]]}', "7"])
def test_a_file_that_is_no_line_is_refused(tmp_path: Path, text: str) -> None:
    file = tmp_path / "line.geojson"
    file.write_text(text)

    with pytest.raises(InvalidInput):
        line_of(file)
