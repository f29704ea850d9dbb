"""A session ends by itself."""

from datetime import timedelta

from services.runtime import sessions as sessions_module
from services.runtime.sessions import Sessions
from tests.maps.scene import Clock


def some_sessions(clock: Clock) -> Sessions:
    return Sessions(clock, idle=timedelta(minutes=15), life=timedelta(hours=8))


def test_a_session_that_is_used_goes_on_until_its_life_is_over() -> None:
    clock = Clock()
    sessions = some_sessions(clock)
    secret = sessions.begin("amina")
    for _ in range(47):
        clock.now += timedelta(minutes=10)
        assert sessions.coordinator(secret) == "amina"
    clock.now += timedelta(minutes=10)

    assert sessions.coordinator(secret) is None


def test_a_session_that_is_not_used_ends() -> None:
    clock = Clock()
    sessions = some_sessions(clock)
    secret = sessions.begin("amina")
    clock.now += timedelta(minutes=15)

    assert sessions.coordinator(secret) is None


def test_ending_a_session_ends_that_one_alone() -> None:
    sessions = some_sessions(Clock())
    hers, his = sessions.begin("amina"), sessions.begin("bilal")
    sessions.end(hers)
    sessions.end("unknown")

    assert (sessions.coordinator(hers), sessions.coordinator(his)) == (None, "bilal")


def test_sessions_do_not_grow_without_end() -> None:
    clock = Clock()
    sessions = some_sessions(clock)
    first = sessions.begin("amina")
    for _ in range(sessions_module.MAX_SESSIONS):
        clock.now += timedelta(milliseconds=1)
        last = sessions.begin("bilal")

    assert (sessions.coordinator(first), sessions.coordinator(last)) == (None, "bilal")
