"""Bring the spellings of a name together, so that a town is found as people write it."""

import re
import unicodedata
from collections.abc import Mapping
from functools import cache

# What decomposition does not bring together: forms of one Arabic letter, the
# letters that Persian and Urdu keyboards write for it, and signs that come and go.
_LETTERS = str.maketrans(
    {
        "ة": "ه",
        "ى": "ي",
        "ی": "ي",
        "ے": "ي",
        "ک": "ك",
        "ھ": "ه",
        "ہ": "ه",
        "ە": "ه",
        "ٱ": "ا",
        "ء": None,
        "ـ": None,
        "ı": "i",
        "ł": "l",
        "đ": "d",
        "ø": "o",
        "æ": "ae",
        "œ": "oe",
    }
)
_APOSTROPHES = "'`´’‘ʻʼʾʿʹ"
#: code points where the marks of Unicode are; the planes between and after have letters alone
_WITH_MARKS = (range(0x1F000), range(0xE0000, 0xE0200))
_NO_LETTERS = re.compile(r"[\W_]+")
_ARTICLE = re.compile(r"(?:ال(?=\w{2})|(?:al|el|ar|er|as|es|at|et|az|ez|an|en|ad|ed|ash|esh|la|le|les) )")


@cache
def _plain() -> Mapping[int, str | int | None]:
    """Say what becomes of each character that does not stay as it is: one table, an import looks up millions."""
    marks = (code for codes in _WITH_MARKS for code in codes if unicodedata.category(chr(code)) in {"Mn", "Cf"})
    return {**dict.fromkeys(marks), **str.maketrans("", "", _APOSTROPHES), **_LETTERS}


def normalise(text: str) -> str:
    """
    Write a name the one way in which names are compared.

    Case, accents, Arabic vowel signs, hamza, tatweel, apostrophes, hyphens and
    double blanks make no difference; ta marbuta is ha, alef maqsura is ya. The
    result is for comparing only. It is the same if normalised again.
    """
    folded = unicodedata.normalize("NFKC", text).casefold()
    # Decomposed, an accent or a hamza on its carrier is a mark of its own.
    plain = unicodedata.normalize("NFKD", folded).translate(_plain())
    return _NO_LETTERS.sub(" ", plain).strip()


def without_article(name: str) -> str:
    """Leave out the article before a normalised name: "al khums" and "khums" are one town."""
    return _ARTICLE.sub("", name, count=1) if _ARTICLE.match(name) else name
