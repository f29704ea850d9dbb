"""Tests of what tables say of times."""

import time
from collections.abc import Iterator
from datetime import UTC, datetime

import pytest

from ihala.cli.output import local_text

NOON = datetime(2026, 11, 22, 12, 0, 5, tzinfo=UTC)


@pytest.fixture
def zone(request: pytest.FixtureRequest, monkeypatch: pytest.MonkeyPatch) -> Iterator[None]:
    """Let this machine's clock be that of somewhere."""
    monkeypatch.setenv("TZ", request.param)
    time.tzset()
    yield
    monkeypatch.undo()
    time.tzset()


@pytest.mark.parametrize(
    ("zone", "said"),
    [
        ("Africa/Tripoli", "2026-11-22 14:00:05+02"),
        ("Asia/Kolkata", "2026-11-22 17:30:05+05:30"),
        ("America/St_Johns", "2026-11-22 08:30:05-03:30"),
        ("UTC", "2026-11-22 12:00:05Z"),
    ],
    indirect=["zone"],
)
@pytest.mark.usefixtures("zone")
def test_a_time_in_a_table_says_by_which_clock_it_is(said: str) -> None:
    """In a container or far away the machine's clock is not the reader's, and a deadline must not be misread."""
    assert local_text(NOON) == said


def test_no_time_is_nothing() -> None:
    assert local_text(None) == ""
