"""Lines that coordinators draw: kept, ended, followed by whoever must not send anybody across (R60)."""

from typing import Any

import pytest

from ihala.directory.v1 import directory_pb2 as pb
from ihala.directory.v1 import lines_pb2 as line_pb
from ihala.geo.v1 import geo_pb2
from services.errors import InvalidInput, NotFound, PermissionDenied
from services.geo import Point
from services.geo.lines import crosses
from services.runtime.auth import Role
from tests.directory.house import House, a_request_id, text

NADOR = Point(35.1681, -2.9335)
MELILLA = Point(35.2923, -2.9381)
OUJDA = Point(34.6814, -1.9086)
#: about where the fence stands, from sea to sea
FENCE = (Point(35.32, -2.99), Point(35.28, -2.972), Point(35.265, -2.945), Point(35.262, -2.93), Point(35.255, -2.88))


def a_line(**fields: Any) -> line_pb.Line:
    points = [geo_pb2.Point(latitude_deg=each.latitude_deg, longitude_deg=each.longitude_deg) for each in FENCE]
    return line_pb.Line(
        **{"kind": line_pb.LINE_KIND_CLOSED_BORDER, "names": [text("Fence")], "points": points, **fields}
    )


async def draw(house: House, line: line_pb.Line, stub: Any = None) -> line_pb.Line:
    request = line_pb.CreateLineRequest(request_id=a_request_id(), line=line)
    drawn: line_pb.Line = (await (stub or house.coordinator).CreateLine(request)).line
    return drawn


async def end(house: House, line_id: str) -> line_pb.Line:
    request = line_pb.EndLineRequest(request_id=a_request_id(), line_id=line_id)
    ended: line_pb.Line = (await house.coordinator.EndLine(request)).line
    return ended


async def test_a_line_is_followed_from_its_drawing_to_its_end(house: House) -> None:
    matching = house.service
    nothing = await matching.ListLines(line_pb.ListLinesRequest())
    line = await draw(house, a_line())

    heard = await matching.ListLines(line_pb.ListLinesRequest(epoch=nothing.epoch, after_revision=nothing.revision))
    ended = await end(house, line.line_id)
    later = await matching.ListLines(line_pb.ListLinesRequest(epoch=heard.epoch, after_revision=heard.revision))
    fresh = await matching.ListLines(line_pb.ListLinesRequest())
    quiet = await matching.ListLines(line_pb.ListLinesRequest(epoch=fresh.epoch, after_revision=fresh.revision))

    assert list(heard.lines) == [line]
    assert [(each.line_id, each.ended) for each in later.lines] == [(line.line_id, True)]
    assert not fresh.lines
    assert not quiet.lines
    assert quiet.caught_up
    assert fresh.revision == ended.revision
    assert (await end(house, line.line_id)).revision == ended.revision


@pytest.mark.parametrize(
    ("fields", "field"),
    [
        ({"kind": line_pb.LINE_KIND_UNSPECIFIED}, "kind"),
        ({"names": []}, "names"),
        ({"points": [geo_pb2.Point(latitude_deg=1, longitude_deg=1)]}, "points"),
        ({"points": [geo_pb2.Point(latitude_deg=1, longitude_deg=1)] * 2}, "points[1]"),
        ({"points": [geo_pb2.Point(latitude_deg=1), geo_pb2.Point()]}, "points[0].longitude_deg"),
        ({"starts_at": "20:00"}, "ends_at"),
        ({"starts_at": "20:00", "ends_at": "05:00"}, "time_zone"),
        ({"starts_at": "8pm", "ends_at": "05:00", "time_zone": "Africa/Tripoli"}, "starts_at"),
        ({"line_id": "mine"}, "line_id"),
    ],
)
async def test_a_line_that_is_none_is_refused_by_its_field(house: House, fields: dict[str, Any], field: str) -> None:
    with pytest.raises(InvalidInput) as caught:
        await draw(house, a_line(**fields))

    assert caught.value.fields[0].field == f"line.{field}"


async def test_a_curfew_has_hours(house: House) -> None:
    hours = {"starts_at": "20:00", "ends_at": "05:00", "time_zone": "Africa/Tripoli"}

    line = await draw(house, a_line(kind=line_pb.LINE_KIND_CURFEW, valid=pb.Period(), **hours))

    assert (line.starts_at, line.ends_at) == ("20:00", "05:00")


async def test_only_coordinators_and_editors_draw(house: House) -> None:
    with pytest.raises(PermissionDenied):
        await draw(house, a_line(), house.stub(Role.CASE_SYSTEM))
    with pytest.raises(NotFound):
        await end(house, "no-such-line")


def test_from_nador_nothing_in_melilla_r60() -> None:
    assert crosses(NADOR, MELILLA, FENCE)
    assert crosses(MELILLA, NADOR, FENCE)
    assert not crosses(NADOR, OUJDA, FENCE)


def test_touching_is_crossing_and_the_antimeridian_is_no_edge() -> None:
    line = (Point(-1, 179.5), Point(1, 179.5))
    over = (Point(-1, 180), Point(1, -180))

    assert crosses(Point(0, 179), Point(0, -179), line)
    assert crosses(Point(0, 179), Point(0, -179), over)
    assert crosses(Point(0, 179), Point(0, 179.5), line)
    assert crosses(Point(1, 179.5), Point(2, 179.5), line)
    assert not crosses(Point(0, -179), Point(0, -178), line)
    assert not crosses(Point(1.5, 179.5), Point(2, 179.5), line)
