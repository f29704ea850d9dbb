"""docs/requirements-directory.md names tests that there are."""

import re

import pytest

from tests.directory.import_files import ROOT

PAGE = (ROOT / "docs" / "requirements-directory.md").read_text(encoding="utf-8")
NAMED = re.findall(r"\| `([\w/]+\.py)(?:::(\w+))?` \|$", PAGE, flags=re.MULTILINE)


def test_every_line_names_a_test() -> None:
    assert len(NAMED) == len(re.findall(r"^\|.*\|$", PAGE, flags=re.MULTILINE)) - 2


@pytest.mark.parametrize(("file", "name"), NAMED)
def test_the_test_of_a_requirement_is_there(file: str, name: str) -> None:
    text = (ROOT / "tests" / file).read_text(encoding="utf-8")

    assert re.search(rf"^(async )?def {name}\(" if name else r"^(async )?def test_", text, flags=re.MULTILINE)
