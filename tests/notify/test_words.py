"""Tests of what the page says: complete in each language, times as the wall clock of the desk has them."""

import string
import tomllib
from datetime import UTC, datetime, timedelta
from pathlib import Path

import pytest

from services.notify import pages
from services.notify.model import OfferState
from services.notify.pages.words import LANGUAGES, Words, choose_language

DATA = Path(pages.__file__).parent.parent / "data" / "words.toml"
NOON = datetime(2026, 3, 4, 12, tzinfo=UTC)


def test_every_text_is_in_every_language_with_the_same_gaps() -> None:
    for name, row in tomllib.loads(DATA.read_text(encoding="utf-8")).items():
        assert row.keys() == LANGUAGES.keys(), name
        gaps = {
            language: {gap for _, gap, _, _ in string.Formatter().parse(text) if gap} for language, text in row.items()
        }
        assert len({frozenset(each) for each in gaps.values()}) == 1, name
        assert all(text.strip() for text in row.values()), name


def test_every_state_that_a_desk_may_meet_has_words() -> None:
    assert {state for state in OfferState if f"state_{state}" not in Words("en")} == {"entered_in_error"}


@pytest.mark.parametrize(
    ("time", "said"),
    [
        (NOON, "\u206614:00\u2069"),
        (NOON + timedelta(hours=12), "tomorrow \u206602:00\u2069"),
        (NOON + timedelta(days=3), "\u20667/3\u2069 \u206614:00\u2069"),
    ],
)
def test_times_are_those_of_the_desks_wall(time: datetime, said: str) -> None:
    assert Words("en").time(time, "Africa/Tripoli", NOON) == said


def test_a_zone_that_nobody_knows_is_utc() -> None:
    assert "12:00" in Words("en").time(NOON, "Mars/Olympus", NOON)


@pytest.mark.parametrize(
    ("delta", "words"),
    [(timedelta(minutes=25), "25\u00a0min"), (timedelta(hours=3), "Answer by"), (timedelta(0), "was due")],
)
def test_a_deadline_says_how_long_is_left(delta: timedelta, words: str) -> None:
    assert words in Words("en").due(NOON + delta, "UTC", NOON)


@pytest.mark.parametrize(
    ("asked", "kept", "accepted", "chosen"),
    [
        ("ar", "fr", "en", "ar"),
        ("xx", "fr", "en", "fr"),
        (None, None, "fr-MA,fr;q=0.9,en;q=0.8", "fr"),
        (None, None, "de,en;q=0.5,ar;q=0.9", "ar"),
        (None, None, "fr;q=nonsense,en;q=0.5", "en"),
        (None, None, "", "en"),
    ],
)
def test_the_language_is_that_of_the_link_then_the_cookie_then_the_browser(
    asked: str | None, kept: str | None, accepted: str, chosen: str
) -> None:
    assert choose_language(asked, kept, accepted) == chosen
