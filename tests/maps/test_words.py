"""Every word of the pages exists in every language, and none is left over."""

import re
import tomllib
from importlib.resources import files

import pytest

from services.maps.layers import GROUP_COLOURS
from services.taxonomy import LABEL_LANGUAGES, services

MAPS = files("services.maps")
WORDS = tomllib.loads(MAPS.joinpath("data", "words.toml").read_text(encoding="utf-8"))


@pytest.mark.parametrize("key", WORDS)
def test_a_word_is_said_in_every_language_with_the_same_gaps(key: str) -> None:
    gaps = {language: set(re.findall(r"\{(\w+)\}", WORDS[key][language])) for language in LABEL_LANGUAGES}

    assert set(WORDS[key]) == set(LABEL_LANGUAGES)
    assert len(set(map(frozenset, gaps.values()))) == 1


def test_every_word_is_used() -> None:
    sources = [each for each in MAPS.iterdir() if each.name.endswith(".py")]
    sources += list(MAPS.joinpath("templates").iterdir())
    text = "\n".join(each.read_text(encoding="utf-8") for each in sources)
    built = {f"missing_{part}" for part in ("providers", "areas", "referrals")}
    built |= {f"reach_{how}" for how in ("enrolled", "telephone", "walk_in", "none")}

    assert [key for key in WORDS if key not in built and not re.search(rf"\b{key}\b", text)] == []


def test_every_group_has_a_colour_of_its_own() -> None:
    groups = {code.partition("-")[0] for code in services()}

    assert groups == set(GROUP_COLOURS)
    assert len(set(GROUP_COLOURS.values())) == len(groups)
