"""What is kept of opening hours for many moments is what they say of each."""

from datetime import UTC, datetime, timedelta

from hypothesis import given, settings
from hypothesis import strategies as st

from services.geo import Point
from services.hours import Schedule, Timetable
from services.matching.index import telling
from services.matching.index.opening import OPENS, Openings
from services.matching.index.snapshot import Snapshot
from services.matching.model.hours import Hours, OpenState
from services.matching.model.travel import EVERY, moment
from services.matching.ranking import find
from tests.matching.samples import NOON, a_provider, asked

CLOCKS = st.sampled_from(("00:00", "00:03", "08:00", "12:30", "17:00", "23:59", "24:00"))
SCHEDULES = st.builds(
    Schedule,
    is_intake=st.booleans(),
    rrule=st.sampled_from(("", "FREQ=WEEKLY;BYDAY=MO,SA", "FREQ=DAILY", "every day")),
    opens_at=CLOCKS,
    closes_at=CLOCKS,
)
#: clocks change there on the 29th of March and the 25th of October, and in Beirut at midnight
ZONES = st.sampled_from(("Africa/Tripoli", "Europe/Rome", "Asia/Beirut", "Africa/Casablanca", "nowhere"))
FROM = st.sampled_from((datetime(2026, 3, 27, 9, tzinfo=UTC), datetime(2026, 10, 23, 21, tzinfo=UTC)))
ASKED = st.lists(st.integers(-10, 600), min_size=1, max_size=12)


@settings(deadline=None)
@given(st.lists(SCHEDULES, max_size=3), ZONES, FROM, ASKED)
def test_what_is_kept_of_hours_is_what_they_say_of_each_moment(
    schedules: list[Schedule], zone: str, start: datetime, asked: list[int]
) -> None:
    now = (start - datetime(1970, 1, 1, tzinfo=UTC)) // EVERY
    window = Openings().around(now, 1)
    for ahead in asked:
        window.ask(hours_of(schedules, zone), 0, now + ahead)

    (states,) = window.states.tolist()

    for ahead, state in enumerate(states):
        if state >= 0:
            assert OPENS[state] == hours_of(schedules, zone).at(moment(window.first + ahead))
    assert all(states[now + ahead - window.first] >= 0 for ahead in asked if now + ahead < window.first + len(states))


def test_what_was_kept_is_forgotten_when_the_day_is_over() -> None:
    openings = Openings()
    openings.around(1_000_000, 1).ask(hours_of([], "Africa/Tripoli"), 0, 1_000_001)
    assert (openings.around(1_000_001, 2).states[0] >= 0).any(), "further hours leave what is known"

    window = openings.around(1_000_200, 2)

    assert len(window.states) == 2
    assert (window.states < 0).all()


def test_other_days_are_known_once_somebody_arrives_then() -> None:
    house = a_provider(schedules=(Schedule(is_intake=True, opens_at="08:00", closes_at="18:00"),))
    snapshot = Snapshot.of("epoch", 1, [house])
    openings, opens = snapshot.base.block.vocabulary.openings, []
    for days in (0, 0, 9, 9):
        now = NOON + timedelta(days=days, hours=12 * (days > 0))
        answer = find(snapshot, asked(origin=Point(32.8, 13.2), now_time=now, when_time=now), 1)
        opens += [row.remarks.open for row in (*answer.matches, *answer.ask_first)]
        (told,) = answer.listing.told.tolist()
        assert OPENS[told[telling.OPENS]] == opens[-1]
        assert openings.window.states[told[telling.HOURS], told[telling.ARRIVAL] - openings.window.first] >= 0

    assert opens == [OpenState.OPEN] * 2 + [OpenState.CLOSED] * 2


def hours_of(schedules: list[Schedule], zone: str) -> Hours:
    """Make hours that remember nothing yet."""
    return Hours(Timetable(schedules=tuple(schedules), exceptions=(), zone=zone), ())
