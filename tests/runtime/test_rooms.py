"""A room lets in what it can answer in time, and says to the others when there may be room (F24)."""

from contextlib import ExitStack

import pytest

from services.errors import DeadlineExceeded, Exhausted
from services.runtime.rooms import RETRY_AFTER_S, UNWEIGHED, Room

LIMIT = 100


class Clock:
    def __init__(self) -> None:
        self.s = 0.0

    def __call__(self) -> float:
        return self.s


def slowed(pace_s: float) -> Room:
    """Make a room that has answered many calls, beside each other, each at the expense of the others."""
    clock = Clock()
    room = Room(LIMIT, clock)
    for _ in range(5):
        with ExitStack() as calls:
            for _ in range(UNWEIGHED):
                calls.enter_context(room.place())
            clock.s += UNWEIGHED * pace_s
    return room


def test_one_more_than_its_limit_is_refused_and_told_when_to_come_again() -> None:
    room = Room(1)
    with room.place(10.0), pytest.raises(Exhausted) as caught, room.place(10.0):
        pass
    with room.place(10.0):
        pass

    assert caught.value.retry_after_s == RETRY_AFTER_S


def test_a_call_that_would_be_answered_too_late_is_refused_before_any_work_is_done() -> None:
    room = slowed(0.1)
    with ExitStack() as calls:
        for _ in range(40):
            calls.enter_context(room.place(10.0))
        with pytest.raises(Exhausted) as caught, room.place(2.0):
            pass
        with room.place(10.0):
            pass
        with room.place():
            pass

    assert caught.value.retry_after_s == pytest.approx(4.0, rel=0.1)


def test_a_few_calls_are_let_in_however_slow_they_seem() -> None:
    room = slowed(60.0)
    with ExitStack() as calls:
        for _ in range(UNWEIGHED):
            calls.enter_context(room.place(0.1))
        with pytest.raises(Exhausted), room.place(0.1):
            pass


def test_it_forgets_within_some_calls_that_it_was_slow() -> None:
    clock = Clock()
    room = Room(LIMIT, clock)
    with ExitStack() as calls:
        for _ in range(50):
            calls.enter_context(room.place(10.0))
        clock.s += 50.0
    for _ in range(200):
        with room.place(10.0):
            clock.s += 0.01
    with ExitStack() as calls:
        for _ in range(LIMIT):
            calls.enter_context(room.place(3.0))


def test_nothing_is_begun_for_a_caller_who_waits_no_more() -> None:
    with pytest.raises(DeadlineExceeded), Room(LIMIT).place(0.0):
        pass
