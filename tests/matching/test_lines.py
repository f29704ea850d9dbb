"""R60: the way crosses no line that is in force on the way; and where a provider serves people."""

import asyncio
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from ihala.directory.v1 import directory_pb2, lines_pb2
from ihala.geo.v1 import geo_pb2
from ihala.matching.v1 import matching_pb2 as pb
from services.errors import Reason, Unavailable
from services.geo import Point, cell_at
from services.geo.outlines import laid_out_disc
from services.matching import consumer
from services.matching.clients import RemoteDirectory
from services.matching.consumer import follow_lines
from services.matching.index.state import Directory
from services.matching.model.areas import ServedArea
from services.matching.model.lines import Line
from services.matching.wire.areas_wire import areas_from_wire, line_from_wire
from services.runtime.auth import Role
from tests.matching.envelopes import LINES
from tests.matching.houses import Open, ids
from tests.matching.peers import FeedDirectory, FeedReferrals, register
from tests.matching.samples import NOON, TRIPOLI, a_provider
from tests.serving import an_identity, serving

FRONT = Line(line_id="front", points=(Point(32.7, 12.0), Point(32.7, 14.0)))
CURFEW = Line(
    line_id="curfew", points=FRONT.points, starts_at="20:00", ends_at="05:00", time_zone="Africa/Tripoli"
)  # from 18:00 to 03:00 in UTC
HERE = a_provider("here", place=Point(32.85, 13.3))
BEYOND = a_provider("beyond", place=Point(32.6, 13.2))
GROWN_UP = pb.Person(
    no_reason_to_believe_child=True, languages=pb.LanguageList(languages=["en"]), has_documents=True
)  # fmt: skip


async def test_r60_nobody_is_sent_across_a_front_line(house: Open) -> None:
    async with house(HERE, BEYOND) as here:
        here.directory.lines = (FRONT,)
        person = (await here.find(person=GROWN_UP)).needs[0]
        plain = (await here.find()).needs[0]
        by_telephone = (await here.find(needs=[pb.Need(code="LEG-ADV", remote=True)], person=GROWN_UP)).needs[0]

    assert ids(person.matches) == ["here"]
    assert [(each.constraint, each.provider_count) for each in person.excluded] == [("lines", 1)]
    assert ids(plain.matches) == ids(by_telephone.matches) == ["here", "beyond"]


async def test_r60_where_a_line_goes_through_its_cell_the_front_gate_of_a_site_is_asked_for(house: Open) -> None:
    site = a_provider("site", place=cell_at(Point(32.7, 13.2), 5), is_confidential=True)
    async with house(HERE, site) as here:
        here.directory.lines = (FRONT,)
        need = (await here.find(person=GROWN_UP)).needs[0]

    assert (ids(need.matches), ids(need.ask_first)) == (["here"], ["site"])
    assert [(each.constraint, each.question) for each in need.ask_first[0].unknowns] == [("lines", "front_gate")]


@pytest.mark.parametrize(
    ("now", "later", "is_open"),
    [
        (datetime(2026, 11, 21, 12, 0, tzinfo=UTC), timedelta(0), True),
        (datetime(2026, 11, 21, 17, 20, tzinfo=UTC), timedelta(0), False),  # 54 minutes: it begins on the way
        (datetime(2026, 11, 21, 16, 50, tzinfo=UTC), timedelta(0), True),
        (datetime(2026, 11, 21, 23, 0, tzinfo=UTC), timedelta(0), False),
        (datetime(2026, 11, 21, 23, 0, tzinfo=UTC), timedelta(hours=9), True),  # she leaves in the morning
        (datetime(2026, 11, 21, 12, 0, tzinfo=UTC), timedelta(hours=6, minutes=30), False),
    ],
)
async def test_r60_a_curfew_stops_who_would_meet_it_on_the_way(
    house: Open,
    now: datetime,
    later: timedelta,
    is_open: bool,  # noqa: FBT001 -- a verdict
) -> None:
    async with house(BEYOND) as here:
        here.now = now
        here.directory.lines = (CURFEW,)
        request: dict[str, Any] = {"person": GROWN_UP}
        if later:
            request["when_time"] = now + later
        need = (await here.find(**request)).needs[0]

    assert ids(need.matches) == (["beyond"] if is_open else [])


@given(LINES, st.integers(-100, 100), st.integers(0, 40))
def test_a_line_is_met_if_and_only_if_it_is_in_force_at_a_moment_of_the_way(
    line: Line, hours: int, quarters: int
) -> None:
    """By walking along in steps of a minute."""
    now = NOON + timedelta(hours=hours)
    way = timedelta(minutes=15 * quarters)
    moments = [now + timedelta(minutes=minute) for minute in range(15 * quarters + 1)]

    assert bool(line.is_met(int(way.total_seconds()), now=now, when=now)) == any(
        line.next_time(each) == each for each in moments
    )


@given(LINES, st.integers(-4000, 4000))
def test_the_next_and_the_last_moment_of_a_line_agree(line: Line, minutes: int) -> None:
    moment = NOON + timedelta(minutes=minutes)
    following, before = line.next_time(moment), line.last_time(moment)

    assert following is None or following >= moment
    assert before is None or before <= moment
    if following == moment:
        assert before == moment


class TestServiceAreas:
    """Inside the service area."""

    async def need(self, house: Open, *areas: ServedArea, code: str = "LEG-ADV") -> Any:
        async with house(a_provider("p", code=code, service_areas=areas)) as here:
            return (await here.find(code, person=GROWN_UP)).needs[0]

    async def test_who_is_inside_an_outline_is_served_and_who_is_outside_is_not(self, house: Open) -> None:
        near = ServedArea(outline=laid_out_disc(TRIPOLI, 9_000.0).wkb)
        far = ServedArea(outline=laid_out_disc(Point(30.0, 20.0), 9_000.0).wkb)

        assert ids((await self.need(house, near)).matches) == ids((await self.need(house, far, near)).matches) == ["p"]
        assert (await self.need(house, far)).excluded[0].constraint == "service_area"

    async def test_of_a_part_of_a_country_nobody_knows_the_outline(self, house: Open) -> None:
        need = await self.need(house, ServedArea(region_code="LY-TB"))

        assert [(each.constraint, each.ask) for each in need.ask_first[0].unknowns] == [("service_area", "provider")]
        assert (await self.need(house, ServedArea(region_code="TN-11"))).excluded[0].constraint == "service_area"
        assert ids((await self.need(house, ServedArea(region_code="LY"))).matches) == ["p"]

    async def test_r59_where_life_comes_first_an_area_never_empties_the_list(self, house: Open) -> None:
        need = await self.need(house, ServedArea(region_code="TN"), code="HEA-EMG")

        assert ("service_area", "not_met") in {(each.constraint, each.code) for each in need.matches[0].cautions}


def test_areas_and_lines_are_read_as_the_directory_tells_them() -> None:
    ring = [(13.0, 32.0), (14.0, 32.0), (14.0, 33.0), (13.0, 32.0)]
    points = [geo_pb2.Point(latitude_deg=y, longitude_deg=x) for x, y in ring]
    polygon = geo_pb2.Polygon(exterior=geo_pb2.Ring(points=points))
    outline, region = areas_from_wire(
        [directory_pb2.ServiceArea(polygon=polygon), directory_pb2.ServiceArea(region_code="LY")]
    )
    line, strange = (
        line_from_wire(
            lines_pb2.Line(line_id="l", points=points, starts_at="20:00", ends_at="05:00", time_zone=time_zone)
        )
        for time_zone in ("Africa/Tripoli", "Mars/Olympus")
    )

    assert (outline.has(Point(32.1, 13.5), "LY"), outline.has(Point(32.9, 13.1), "LY")) == (True, False)
    assert (region.has(TRIPOLI, "LY"), region.has(TRIPOLI, "")) == (True, None)
    assert (line.points[1], line.starts_at, line.start_time) == (Point(32.0, 14.0), "20:00", None)
    assert strange.next_time(NOON) == NOON  # in force all day, rather than never


class AskedDirectory(FeedDirectory):
    """Tells how often its lines were asked for."""

    def __init__(self) -> None:
        super().__init__()
        self.questions: asyncio.Queue[None] = asyncio.Queue()

    async def ListLines(self, request: Any, context: Any) -> Any:
        self.questions.put_nowait(None)
        if self.is_away:
            raise Unavailable("away")
        return await super().ListLines(request, context)

    is_away = False

    async def was_used(self) -> None:
        """Wait until what is told now has been heard."""
        while not self.questions.empty():
            self.questions.get_nowait()
        for _ in range(6):
            await self.questions.get()


def a_line(name: str, revision: int, **facts: Any) -> lines_pb2.Line:
    points = [geo_pb2.Point(latitude_deg=32.7, longitude_deg=east) for east in (12.0, 14.0)]
    return lines_pb2.Line(line_id=name, points=points, revision=revision, **facts)


async def test_lines_are_heard_and_hold_until_they_are_ended(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(consumer, "LINES_EVERY_S", 0.01)
    source, directory = AskedDirectory(), Directory()
    directory.lines = None
    identity = an_identity(tmp_path)

    def names() -> set[str]:
        return {each.line_id for each in directory.known_lines}

    with pytest.raises(Unavailable) as caught:
        names()
    assert caught.value.reason is Reason.UNREADY
    async with (
        serving(identity, lambda server: register(source, FeedReferrals(), server)) as served,
        served.channel(Role.SERVICE) as channel,
        asyncio.timeout(20),
        asyncio.TaskGroup() as group,
    ):
        loop = group.create_task(follow_lines(RemoteDirectory(channel), directory))
        await source.was_used()
        assert names() == set()
        source.lines = [a_line(f"l-{number}", number) for number in range(1, 6)]
        await source.was_used()
        assert names() == {"l-1", "l-2", "l-3", "l-4", "l-5"}
        source.lines = [*source.lines[1:], a_line("l-1", 6, ended=True)]
        await source.was_used()
        assert names() == {"l-2", "l-3", "l-4", "l-5"}
        source.is_away = True
        await source.was_used()
        assert names() == {"l-2", "l-3", "l-4", "l-5"}
        source.is_away, source.epoch, source.lines = False, "epoch-2", [a_line("l-9", 1)]
        await source.was_used()
        assert names() == {"l-9"}
        loop.cancel()
