"""Bring the spellings of a name together, so that a town is found as people write it."""

import re
import unicodedata

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
_APOSTROPHES = re.compile("['`´’‘ʻʼʾʿʹ]")
_NO_LETTERS = re.compile(r"[\W_]+")
_ARTICLE = re.compile(r"(?:ال(?=\w{2})|(?:al|el|ar|er|as|es|at|et|az|ez|an|en|ad|ed|ash|esh|la|le|les) )")


def normalise(text: str) -> str:
    """
    Write a name the one way in which names are compared.

    Case, accents, Arabic vowel signs, hamza, tatweel, apostrophes, hyphens and
    double blanks make no difference; ta marbuta is ha, alef maqsura is ya. The
    result is for comparing only. It is the same if normalised again.
    """
    folded = unicodedata.normalize("NFKC", text).casefold()
    # Decomposed, an accent or a hamza on its carrier is a mark of its own.
    letters = (
        letter for letter in unicodedata.normalize("NFKD", folded) if unicodedata.category(letter) not in {"Mn", "Cf"}
    )
    plain = _APOSTROPHES.sub("", "".join(letters).translate(_LETTERS))
    return _NO_LETTERS.sub(" ", plain).strip()


def without_article(name: str) -> str:
    """Leave out the article before a normalised name: "al khums" and "khums" are one town."""
    return _ARTICLE.sub("", name, count=1) if _ARTICLE.match(name) else name
