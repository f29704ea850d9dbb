"""What a desk reads of an offer is words, not a program's values."""

from datetime import UTC, datetime

import pytest

from ihala.cli.facts import said, shown
from ihala.cli.output import local_text
from ihala.person import Urgency


@pytest.mark.parametrize(
    ("facts", "words"),
    [
        ({"age": (15, 17)}, "age 15 to 17"),
        ({"age": (16, 16)}, "age 16"),
        ({"age": (18, None)}, "age at least 18"),
        ({"age": (None, 17)}, "age at most 17"),
        ({"languages": ["ti", "ar"], "unaccompanied": True}, "languages ti, ar, unaccompanied"),
        ({"has_documents": False}, "not has_documents"),
        ({"girls": 1}, "girls 1"),
        ({}, ""),
    ],
)
def test_facts_are_one_line_of_words(facts: dict[str, object], words: str) -> None:
    assert said(facts) == words


def test_what_is_not_there_is_not_shown() -> None:
    assert shown(None) == ""
    assert shown({}) == ""
    assert shown({"state": "held", "expire_time": None}) == "state held"


def test_times_and_codes_are_shown_as_people_write_them() -> None:
    assert shown(Urgency.IMMEDIATE) == "immediate"
    moment = datetime(2026, 11, 21, 22, 30, tzinfo=UTC)
    assert shown(moment) == local_text(moment)


def test_terms_that_nobody_set_are_left_out_and_conditions_are_a_list_not_an_age() -> None:
    assert not shown({"conditions": (), "question": "", "stay_end_time": None})
    assert shown({"conditions": ("escort", "documents")}) == "conditions escort, documents"
