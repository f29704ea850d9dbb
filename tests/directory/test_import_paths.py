"""Paths into records, and what values say."""

from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from services.directory.importing.paths import claim_of, getter, is_known, parse_path, spell, words_of
from services.directory.model import Claim
from services.errors import InvalidInput

KEYS = st.text(st.characters(exclude_characters='"'), min_size=1)


@given(st.lists(KEYS, min_size=1, max_size=5).map(tuple))
def test_a_path_is_read_as_it_is_written(path: tuple[str, ...]) -> None:
    assert parse_path(spell(path), "from") == path


@given(st.lists(KEYS.filter(lambda key: not key.isdecimal()), min_size=1, max_size=5).map(tuple), st.integers())
def test_a_path_finds_what_was_put_there(path: tuple[str, ...], value: int) -> None:
    record: Any = value
    for key in reversed(path):
        record = {key: record}

    assert getter(path)(record) == value
    assert is_known(path, record)
    assert getter((*path, "deeper"))(record) is None
    assert not is_known((*path, "deeper"), record)


def test_a_number_is_a_place_in_a_list() -> None:
    record = {"geometry": {"coordinates": [13.1, 32.8]}, "rows": [{"a": 1}, {"b": None}]}

    assert getter(("geometry", "coordinates", "1"))(record) == 32.8
    assert getter(("geometry", "coordinates", "2"))(record) is None
    assert is_known(("rows", "b"), record)
    assert not is_known(("rows", "c"), record)


@pytest.mark.parametrize("text", ["", ".", "a.", ".a", "a..b", 'a"b"', '"a', '"a"b'])
def test_what_is_no_path_is_refused(text: str) -> None:
    with pytest.raises(InvalidInput):
        parse_path(text, "from")


@pytest.mark.parametrize(
    ("value", "words"),
    [
        (None, ()),
        ("  ", ()),
        (" Walk-in ", (" Walk-in ",)),
        (0, ("0",)),
        (True, ("true",)),
        (["a", "", 2], ("a", "2")),
        ({"Walk-in": True, "Outreach": 0, "Hotline": 3, "Visit": "yes"}, ("Walk-in", "Hotline", "Visit")),
        ({"Mail": "", "Fax": None, "Letter": False}, ()),
    ],
)
def test_a_value_says_its_words_and_an_object_its_set_keys(value: Any, words: tuple[str, ...]) -> None:
    assert words_of(value) == words


@pytest.mark.parametrize(
    ("value", "claim"),
    [
        (0, Claim.NO),
        (0.0, Claim.NO),
        (False, Claim.NO),
        (1, Claim.YES),
        (2500, Claim.YES),
        (True, Claim.YES),
        (-1, Claim.UNKNOWN),
        (float("nan"), Claim.UNKNOWN),
        (None, Claim.UNKNOWN),
        ("", Claim.UNKNOWN),
        (" YES ", Claim.YES),
        ("No", Claim.NO),
        ("maybe", Claim.UNKNOWN),
        ([], Claim.UNKNOWN),
        ({}, Claim.UNKNOWN),
    ],
)
def test_0_is_no_and_nothing_is_unknown(value: Any, claim: Claim) -> None:
    assert claim_of(value) is claim
