"""Texts in several languages that come from several files: each file says its own languages, and leaves the others."""

from collections.abc import Collection

from services.directory.model.values import Texts


def with_texts(present: Texts, told: Texts) -> Texts:
    """Give texts the languages that are told; those of other languages stay before them as they are."""
    languages = {text.language for text in told}
    return tuple(text for text in present if text.language not in languages) + told


def keeping(told: Texts, present: Texts, translated: Collection[str]) -> Texts:
    """
    Add to what a file tells the present texts of languages that only its translations bring.

    Args:
        told: What the file says.

        present: What is there.

        translated: The languages that translations of the dataset have brought.
    """
    languages = {text.language for text in told}
    kept = (text for text in present if text.language in translated and text.language not in languages)
    return told + tuple(kept)
