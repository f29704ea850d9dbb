"""R46-R48: when one arrives, whether intake is open then, what is left of clinical clocks, and who is too far."""

from datetime import UTC, datetime, timedelta
from typing import Any

import pytest
from google.protobuf.duration_pb2 import Duration

from ihala.matching.v1 import matching_pb2 as pb
from services.errors import InvalidInput
from services.geo import Point, cell_at
from services.hours import Schedule
from tests.matching.houses import Open, ids
from tests.matching.samples import TRIPOLI, a_provider

GROWN_UP = pb.Person(
    no_reason_to_believe_child=True, languages=pb.LanguageList(languages=["en"]), has_documents=True
)  # fmt: skip
SOUTH = Point(32.5, 13.1873)  #: 42.96 km away: 1 hour 12 minutes by car, 10 hours 45 on foot
UNTIL_22 = Schedule(is_intake=True, opens_at="08:00", closes_at="22:00")  # from 06:00 to 20:00 in UTC
EVENING = datetime(2026, 11, 21, 19, 0, tzinfo=UTC)  #: 21:00 in Tripoli


async def test_r48_intake_is_judged_on_arrival_and_not_now(house: Open) -> None:
    async with house(
        a_provider("near", schedules=(UNTIL_22,)), a_provider("south", place=SOUTH, schedules=(UNTIL_22,))
    ) as here:
        here.now = EVENING - timedelta(minutes=30)
        before = (await here.find()).needs[0].matches
        here.now = EVENING
        after = (await here.find()).needs[0].matches

    assert [each.open for each in before] == [pb.OPEN_STATE_OPEN, pb.OPEN_STATE_OPEN]
    assert [each.open for each in after] == [pb.OPEN_STATE_OPEN, pb.OPEN_STATE_CLOSED]
    assert {each.code for each in after[1].cautions} == {"closed_on_arrival", "ring_first"}


@pytest.mark.parametrize(
    ("mode", "seconds", "arrives"),
    [
        (pb.TRAVEL_MODE_UNSPECIFIED, 4331, timedelta(hours=1, minutes=15)),
        (pb.TRAVEL_MODE_CAR, 4331, timedelta(hours=1, minutes=15)),
        (pb.TRAVEL_MODE_PUBLIC, 7218, timedelta(hours=2, minutes=5)),
        (pb.TRAVEL_MODE_FOOT, 54133, timedelta(hours=15, minutes=5)),
    ],
)
async def test_the_way_is_estimated_by_mode_and_told_with_the_row(
    house: Open, mode: pb.TravelMode.ValueType, seconds: int, arrives: timedelta
) -> None:
    async with house(a_provider("south", place=SOUTH)) as here:
        travel = (await here.find(travel_mode=mode)).needs[0].matches[0].travel
        now = here.now

    assert travel.duration == Duration(seconds=seconds)
    assert travel.arrival_time.ToDatetime(tzinfo=UTC) == now + arrives
    assert travel.mode == (mode or pb.TRAVEL_MODE_CAR)


async def test_who_would_be_there_later_arrives_then(house: Open) -> None:
    async with house(a_provider("south", place=SOUTH)) as here:
        when = here.now + timedelta(hours=9, seconds=1)
        later = (await here.find(when_time=when)).needs[0].matches[0].travel
        hardly = (await here.find(when_time=here.now + timedelta(minutes=1))).needs[0].matches[0].travel

    assert later.arrival_time.ToDatetime(tzinfo=UTC) == when
    assert hardly.arrival_time.ToDatetime(tzinfo=UTC) == here.now + timedelta(hours=1, minutes=15)


async def test_r17_the_way_to_a_confidential_site_is_told_from_its_band_alone(house: Open) -> None:
    sites = [
        a_provider(name, place=cell_at(place, 6), is_confidential=True)
        for name, place in (("a", TRIPOLI), ("b", SOUTH), ("c", Point(30.0, 13.0)))
    ]
    async with house(*sites) as here:
        rows = (await here.find()).needs[0].matches

    assert [each.travel.duration.seconds for each in rows] == [2520, 7560, 0]
    assert [each.HasField("travel") for each in rows] == [True, True, False]


@pytest.mark.parametrize(
    ("urgency", "matches", "ask_first", "excluded"),
    [
        (pb.URGENCY_UNSPECIFIED, ["near", "south", "sebha", "kufra"], [], 0),
        (pb.URGENCY_NORMAL, ["near", "south", "sebha", "kufra"], [], 0),
        (pb.URGENCY_URGENT, ["near", "south", "sebha", "kufra"], [], 0),
        (pb.URGENCY_EMERGENCY, ["near", "south", "sebha"], ["kufra"], 0),
        (pb.URGENCY_IMMEDIATE, ["near", "south"], [], 2),
    ],
)
async def test_r46_who_cannot_be_reached_before_the_deadline_is_excluded_or_asked_about(
    house: Open, urgency: pb.Urgency.ValueType, matches: list[str], ask_first: list[str], excluded: int
) -> None:
    places = {"near": TRIPOLI, "south": SOUTH, "sebha": Point(27.04, 14.43), "kufra": Point(24.2, 23.3)}
    async with house(*(a_provider(name, place=place) for name, place in places.items())) as here:
        need = (await here.find(needs=[pb.Need(code="LEG-ADV", urgency=urgency)], person=GROWN_UP)).needs[0]

    assert (ids(need.matches), ids(need.ask_first)) == (matches, ask_first)
    assert {each.constraint: each.provider_count for each in need.excluded} == ({"reachable": 2} if excluded else {})
    for row in need.ask_first:
        assert [(each.constraint, each.question, each.ask) for each in row.unknowns] == [
            ("reachable", "travel_time", "person")
        ]


async def test_r59_where_life_comes_first_no_deadline_empties_the_list(house: Open) -> None:
    far = a_provider("far", code="HEA-EMG", place=Point(24.2, 23.3))
    async with house(far) as here:
        need = pb.Need(code="HEA-EMG", urgency=pb.URGENCY_IMMEDIATE)
        (row,) = (await here.find(needs=[need], person=GROWN_UP)).needs[0].matches

    assert ("reachable", "not_met") in {(each.constraint, each.code) for each in row.cautions}


class TestClinicalClocks:
    """R47: 72 hours for post-exposure prophylaxis against HIV, 120 for emergency contraception."""

    async def rows(self, house: Open, *providers: Any, hours: float | None = 60.0, **person: Any) -> Any:
        need = pb.Need(code="HEA-SGV")
        if hours is not None:
            need.hours_since_event = hours
        who = pb.Person(no_reason_to_believe_child=True, **person)
        async with house(*providers) as here:
            here.now = EVENING
            return (await here.find(needs=[need], person=who)).needs[0]

    async def test_what_is_left_counts_the_way_and_the_night(self, house: Open) -> None:
        open_now = a_provider("a", code="HEA-SGV", place=SOUTH)
        closed = a_provider("b", code="HEA-SGV", place=SOUTH, schedules=(UNTIL_22,))
        first, second = (await self.rows(house, open_now, closed)).matches

        assert {each.code: each.left.ToTimedelta() for each in first.clinical_clocks} == {
            "hiv_prophylaxis": timedelta(hours=10, minutes=45),
            "emergency_contraception": timedelta(hours=58, minutes=45),
        }
        # she arrives at 22:15, and care begins at 08:00: eleven hours from now
        assert [each.left.ToTimedelta() for each in second.clinical_clocks] == [
            timedelta(hours=1), timedelta(hours=49),
        ]  # fmt: skip
        assert second.clinical_clocks[0].care_time.ToDatetime(tzinfo=UTC) == EVENING + timedelta(hours=11)

    async def test_a_clock_that_has_run_out_by_then_is_told_and_excludes_nobody(self, house: Open) -> None:
        (row,) = (await self.rows(house, a_provider("a", code="HEA-SGV"), hours=80.0)).matches

        assert row.clinical_clocks[0].left.ToTimedelta() == -timedelta(hours=8)

    async def test_who_is_male_is_not_told_of_contraception(self, house: Open) -> None:
        (row,) = (await self.rows(house, a_provider("a", code="HEA-SGV"), sex=pb.SEX_MALE)).matches

        assert [each.code for each in row.clinical_clocks] == ["hiv_prophylaxis"]

    async def test_if_nobody_asked_how_long_ago_that_is_asked(self, house: Open) -> None:
        need = await self.rows(house, a_provider("a", code="HEA-SGV"), hours=None)

        assert (list(need.questions), list(need.matches[0].clinical_clocks)) == (["hours_since_event"], [])

    @pytest.mark.parametrize("hours", [-0.1, 8760.1, float("nan")])
    async def test_hours_out_of_range_are_refused(self, house: Open, hours: float) -> None:
        with pytest.raises(InvalidInput) as caught:
            await self.rows(house, hours=hours)

        assert "needs[0].hours_since_event" in caught.value.message
