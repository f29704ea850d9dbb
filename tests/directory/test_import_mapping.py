"""A mapping says everything or is refused: nothing in it is passed over."""

import re

import pytest

from services.errors import InvalidInput, Reason
from tests.directory.import_files import MAPPING, a_mapping


@pytest.mark.parametrize(
    ("more", "field"),
    [
        ("[[claims]]\ncode = 'HEA-PRI'\nclaims = 'yes'\nfrom = 'shelter'", "claims[1].claims"),
        ("[[contracts]]\nkind = 'phone'", "contracts"),
        ("[[rules]]\nkind = 'age'\nmin_age = 18", "rules[0].min_age"),
        ("[[contacts]]\nkind = 'phone'\nvalue = { from = 'name', fallback = 'x' }", "contacts[0].value.fallback"),
        ("[[rules]]\nkind = 'age'\nwhen = { from = 'name', equals = 'x', given = true }", "rules[0].when[0].equals"),
    ],
)
def test_an_unknown_key_is_an_error_that_names_it(more: str, field: str) -> None:
    with pytest.raises(InvalidInput) as caught:
        a_mapping(MAPPING, more)

    assert caught.value.reason is Reason.UNKNOWN_FIELD
    assert field in [violation.field for violation in caught.value.fields]


@pytest.mark.parametrize(
    ("more", "field"),
    [
        ("[[claims]]\ncode = 'ACC-BED'\nclaim = 'yes'", "claims[1].code"),
        ("[[claims]]\nflags = 'shelter'\ncodes = { Bed = 'ACC-BED' }", "claims[1].codes"),
    ],
)
def test_a_code_that_is_not_ours_is_refused(more: str, field: str) -> None:
    with pytest.raises(InvalidInput) as caught:
        a_mapping(MAPPING, more)

    assert caught.value.reason is Reason.UNKNOWN_CODE
    assert field in [violation.field for violation in caught.value.fields]


@pytest.mark.parametrize(
    "left_out",
    [
        "dataset",
        "licence",
        "key",
        "on_duplicate",
        "format",
        "disclosure",
        "country",
        "time_zone",
        "status",
        "reach_out",
    ],
)
def test_what_decides_over_people_must_be_said(left_out: str) -> None:
    text = re.sub(rf"^{left_out} = .*\n", "", MAPPING, flags=re.MULTILINE)

    with pytest.raises(InvalidInput, match=left_out):
        a_mapping(text)


@pytest.mark.parametrize(
    ("key", "value"),
    [
        ("disclosure", "'secret'"),
        ("status", "'open'"),
        ("reach_out", "'fax'"),
        ("on_duplicate", "'merge'"),
        ("format", "'xml'"),
        ("dataset", "'Not A Dataset'"),
        ("latitude", "'lat..'"),
    ],
)
def test_a_word_outside_its_list_is_refused(key: str, value: str) -> None:
    with pytest.raises(InvalidInput):
        a_mapping(**{key: value})


@pytest.mark.parametrize("text", ["format = ", "\x00", "[[["])
def test_what_is_not_toml_is_malformed(text: str) -> None:
    with pytest.raises(InvalidInput) as caught:
        a_mapping(text)

    assert caught.value.reason is Reason.MALFORMED


def test_no_rule_can_rest_on_cooperation_with_authorities() -> None:
    """R4."""
    with pytest.raises(InvalidInput):
        a_mapping(MAPPING, "[[rules]]\nkind = 'cooperation'")
