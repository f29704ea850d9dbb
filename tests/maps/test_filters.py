"""Filters live in the address: what is not known is refused, never dropped."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from services.errors import InvalidInput
from services.maps.filters import Filters, View, preferred_language, view_from_query
from services.taxonomy import GROUPS, LABEL_LANGUAGES, services

VIEWS = st.builds(
    View,
    language=st.sampled_from(LABEL_LANGUAGES),
    filters=st.builds(
        Filters,
        service=st.sampled_from(["", *GROUPS, *services()]),
        speaks=st.sampled_from(["", "ar", "ti"]),
        country=st.sampled_from(["", "LY", "MA"]),
        free_only=st.booleans(),
    ),
)


@given(VIEWS)
def test_an_address_says_the_view_it_was_made_from(view: View) -> None:
    pairs = [(part.partition("=")[0], part.partition("=")[2]) for part in view.query().split("&")]

    assert view_from_query(pairs) == view


@pytest.mark.parametrize(
    "pairs",
    [
        [("service", "XXX")],
        [("service", "hea")],
        [("speaks", "not a tag")],
        [("speaks", "qqq")],
        [("country", "ly")],
        [("country", "LIBYA")],
        [("places", "full")],
        [("lang", "de")],
        [("servise", "HEA")],
        [("code", "K7QMX")],
        [("service", "HEA"), ("service", "LEG")],
    ],
)
def test_a_filter_that_is_not_known_is_refused_and_never_wider(pairs: list[tuple[str, str]]) -> None:
    with pytest.raises(InvalidInput) as caught:
        view_from_query(pairs)

    assert pairs[0][1] not in caught.value.message


def test_what_a_form_leaves_empty_filters_nothing() -> None:
    pairs = [("service", ""), ("speaks", ""), ("country", ""), ("places", ""), ("lang", "fr")]

    assert view_from_query(pairs) == View(filters=Filters(), language="fr")


@pytest.mark.parametrize(
    ("header", "language"),
    [
        ("ar-LY,ar;q=0.9,en;q=0.5", "ar"),
        ("de,fr;q=0.4", "fr"),
        ("en;q=0.3,fr;q=0.8", "fr"),
        ("", "en"),
        ("*;q=x", "en"),
    ],
)
def test_the_page_speaks_the_browsers_language_if_it_can(header: str, language: str) -> None:
    assert preferred_language(header) == language
