"""Tests of when attempts are repeated and given up, and of quiet hours."""

import itertools
from datetime import UTC, datetime, time, timedelta

import pytest
from hypothesis import given
from hypothesis import strategies as st

from services.errors import InvalidInput
from services.notify.endpoint import ADDRESSED, Endpoint, EndpointState, QuietHours, wait_for_quiet
from services.notify.model import Channel
from services.notify.schedules import LONGEST_ASKED, SCHEDULES, next_attempt
from services.taxonomy import Urgency
from tests.notify.stores import NOON

EVEN = 0.5  #: the chance at which a wait is as it stands
PUSHED = [Channel.NATS, *sorted(ADDRESSED)]
chances = st.floats(0, 1, exclude_max=True)


def test_every_channel_that_is_sent_to_has_a_schedule() -> None:
    assert set(SCHEDULES) == set(PUSHED)


def test_a_webhook_is_tried_for_72_hours_at_the_steps_of_its_schedule() -> None:
    times, now, attempt = [NOON], NOON, 1
    while (following := next_attempt(Channel.WEBHOOK, attempt, NOON, now, chance=EVEN)) is not None:
        times.append(following)
        now, attempt = following, attempt + 1

    waits = [(later - earlier).total_seconds() for earlier, later in itertools.pairwise(times)]
    assert waits[:7] == [5, 30, 120, 300, 900, 3600, 10800]
    assert set(waits[7:]) == {10800}
    assert timedelta(hours=69) < now - NOON <= timedelta(hours=72)


@given(st.sampled_from(sorted(ADDRESSED)), st.integers(1, 500), chances)
def test_a_wait_is_within_a_fifth_of_its_step(channel: Channel, attempt: int, chance: float) -> None:
    schedule = SCHEDULES[channel]
    step = schedule.waits[min(attempt, len(schedule.waits)) - 1]

    following = next_attempt(channel, attempt, NOON, NOON, chance=chance)

    assert following is not None
    assert step * 0.8 <= following - NOON <= step * 1.2


@given(st.sampled_from(PUSHED), st.integers(1, 500), chances, st.integers(0, 10**6), st.integers(0, 400_000))
def test_the_next_attempt_is_later_and_never_beyond_the_end(
    channel: Channel, attempt: int, chance: float, asked_s: int, late_s: int
) -> None:
    now = NOON + timedelta(seconds=late_s)
    following = next_attempt(channel, attempt, NOON, now, chance=chance, asked=timedelta(seconds=asked_s))
    give_up_after = SCHEDULES[channel].give_up_after

    if following is None:
        assert give_up_after is not None
    else:
        assert following >= now + min(timedelta(seconds=asked_s), LONGEST_ASKED)
        assert give_up_after is None or following <= NOON + give_up_after


def test_nats_is_tried_for_ever() -> None:
    assert next_attempt(Channel.NATS, 10_000, NOON, NOON + timedelta(days=400), chance=EVEN) is not None


def at(hour: int, minute: int = 0) -> datetime:
    return datetime(2026, 3, 4, hour, minute, tzinfo=UTC)


NIGHT = QuietHours(start=time(22), end=time(7), time_zone="Africa/Tripoli")  #: 20:00 to 05:00 UTC
REST = QuietHours(start=time(13), end=time(15), time_zone="UTC")


@pytest.mark.parametrize(
    ("quiet", "now", "end"),
    [
        (NIGHT, at(19, 59), None),
        (NIGHT, at(20), datetime(2026, 3, 5, 5, tzinfo=UTC)),
        (NIGHT, at(4, 59), at(5)),
        (NIGHT, at(5), None),
        (REST, at(12, 59), None),
        (REST, at(13), at(15)),
        (REST, at(15), None),
    ],
)
def test_quiet_hours_end_by_the_clock_of_their_place(quiet: QuietHours, now: datetime, end: datetime | None) -> None:
    assert quiet.end_after(now) == end


@pytest.mark.parametrize("urgency", Urgency)
def test_what_cannot_wait_rings_through_quiet_hours(urgency: Urgency) -> None:
    rings = urgency in {Urgency.IMMEDIATE, Urgency.EMERGENCY}

    assert wait_for_quiet(NIGHT, urgency, at(21)) == (at(21) if rings else datetime(2026, 3, 5, 5, tzinfo=UTC))
    assert wait_for_quiet(NIGHT, urgency, at(12)) == at(12)
    assert wait_for_quiet(None, urgency, at(21)) == at(21)


@given(st.times(), st.times(), st.integers(0, 366 * 24 * 60))
def test_when_quiet_hours_have_ended_they_do_not_run(start: time, end: time, minutes: int) -> None:
    now = NOON + timedelta(minutes=minutes)
    start, end = start.replace(second=0, microsecond=0), end.replace(second=0, microsecond=0)
    if start == end:
        return
    quiet = QuietHours(start=start, end=end, time_zone="Europe/Paris")
    ended = quiet.end_after(now)

    if ended is not None:
        assert now < ended <= now + timedelta(hours=25)
        assert quiet.end_after(ended) is None or _skipped(ended)


def _skipped(moment: datetime) -> bool:
    """Say whether a clock is put forward or back about this moment: then the end is said twice, or never."""
    return moment.month in {3, 10}


@pytest.mark.parametrize(
    "facts",
    [
        {"start": time(7), "end": time(7), "time_zone": "UTC"},
        {"start": time(7), "end": time(8), "time_zone": "Mars/Base"},
        {"start": time(7), "end": time(8), "time_zone": ""},
        {"start": time(7), "end": time(8), "time_zone": "../etc/passwd"},
    ],
)
def test_quiet_hours_that_are_none_are_refused(facts: dict[str, object]) -> None:
    with pytest.raises(InvalidInput):
        QuietHours(**facts)  # type: ignore[arg-type]


@pytest.mark.parametrize(
    "facts",
    [
        {},
        {"receiver_id": "house-1", "client_id": "system-1"},
        {"receiver_id": "house-1", "channel": Channel.PAGE},
        {"receiver_id": "house-1", "channel": Channel.STREAM},
        {"client_id": "system-1", "channel": Channel.SMS},
        {"receiver_id": "house-1", "order_no": -1},
        {"receiver_id": "house-1", "order_no": 101},
        {"receiver_id": "house-1", "language": "xx"},
    ],
)
def test_an_endpoint_that_makes_no_sense_cannot_be(facts: dict[str, object]) -> None:
    whole = {"endpoint_id": "1", "channel": Channel.WEBHOOK, "state": EndpointState.ACTIVE, "create_time": NOON}
    with pytest.raises(InvalidInput):
        Endpoint(**whole | facts)  # type: ignore[arg-type]
