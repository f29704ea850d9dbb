"""The one chain by which a text is chosen for a reader."""

import pytest

from services.directory.model import LocalizedText
from services.directory.model.fallback import text_for


@pytest.mark.parametrize(
    ("language", "expected"),
    [("fr", "fr"), ("fr-MA", "fr"), ("ary-Latn", "und"), ("pt", "pt-BR"), ("de", "und"), ("", "und")],
)
def test_the_text_for_a_reader_follows_one_chain(language: str, expected: str) -> None:
    texts = tuple(LocalizedText(tag, "words") for tag in ("ar", "fr", "pt-BR", "und"))

    found = text_for(texts, language)

    assert found is not None
    assert found.language == expected


def test_english_comes_before_a_text_of_no_language() -> None:
    texts = (LocalizedText("ar", "دار"), LocalizedText("und", "Dar"), LocalizedText("en-GB", "House"))

    assert text_for(texts, "de") == texts[2]
    assert text_for((), "de") is None
