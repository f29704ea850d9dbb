"""docs/mappings.md: what it shows is read as it stands."""

import re

import pytest

from services.directory.importing.mapping import parse_mapping
from tests.directory.import_files import ROOT

TEXT = (ROOT / "docs" / "mappings.md").read_text(encoding="utf-8")
BLOCKS = re.findall(r"```toml\n(.*?)```", TEXT, flags=re.DOTALL)
FIRST = BLOCKS[0]


def test_the_first_mapping_is_one() -> None:
    assert parse_mapping(FIRST.encode()).dataset == "towns.test"


@pytest.mark.parametrize("block", BLOCKS[1:])
def test_every_further_example_can_be_added_to_it(block: str) -> None:
    mapping = FIRST
    if block.startswith("#top"):
        mapping = block + mapping
    elif "#area" in block:
        mapping = re.sub(r"\[location\]\n.*?\n\n", block, mapping, flags=re.DOTALL)
    else:
        mapping += block
    if "#json" in block:
        mapping = mapping.replace('"csv"', '"json"')

    assert parse_mapping(mapping.encode()).dataset == "towns.test"


def test_every_notice_is_explained() -> None:
    for code in (
        "expired",
        "point_refused",
        "snapped_to_area",
        "address_withheld",
        "description_withheld",
        "contact_withheld",
        "unmapped",
        "hours_not_read",
        "differs_from_first",
    ):
        assert f"`{code}`" in TEXT
