"""Words, codes and languages in the form in which they are compared."""

import re
from functools import lru_cache
from typing import Final

from services.directory.model import Claim, Provider, Texts, refuse
from services.errors import Reason
from services.taxonomy import GROUPS, languages, services
from services.towns import normalise, without_article

MAX_WORD_LENGTH: Final = 100  #: characters of a word that are compared
MAX_ASKED_LENGTH: Final = 200
_ELISION: Final = re.compile("['’`]")
_ARTICLE: Final = "ال"


@lru_cache(maxsize=4096)
def _normal(name: str) -> str:
    """Normalise a name; providers, their locations and services share theirs, above all in an import."""
    return normalise(name)


def words_of(texts: Texts) -> list[str]:
    """
    List the words of names, each once, as `normalise` writes them.

    A word after an elision or an article is listed with it and without:
    `d'hébergement` is found by `heb`, `الإيواء` by `ايواء`.
    """
    words: set[str] = set()
    for text in texts:
        plain = _normal(text.text).split()
        words.update(plain)
        if _ELISION.search(text.text):
            words.update(normalise(_ELISION.sub(" ", text.text)).split())
        # one word alone has no article but the one that is written together with it
        words.update(without_article(word) for word in plain if word.startswith(_ARTICLE))
    return sorted({word[:MAX_WORD_LENGTH] for word in words})


def asked_words(text: str) -> tuple[str, ...]:
    """
    Read what words of a name must start with.

    Raises:
        InvalidInput: the text has no letter or digit, or is too long.
    """
    if not text:
        return ()
    if len(text) > MAX_ASKED_LENGTH:
        raise refuse("text", f"must have at most {MAX_ASKED_LENGTH} characters")
    words = tuple(word[:MAX_WORD_LENGTH] for word in normalise(text).split())
    if not words:
        raise refuse("text", "must have a letter or a digit")
    return words


def sort_name(texts: Texts) -> str:
    """Write the name that a list is ordered by: the first, normalised; empty if there is none."""
    return _normal(texts[0].text)[:MAX_ASKED_LENGTH] if texts else ""


def codes_of(provider: Provider) -> list[str]:
    """List the service codes that a provider claims or may have, with the codes above them."""
    codes = {claim.code for claim in provider.claims if claim.claim is not Claim.NO}
    return sorted(codes | {services()[code].parent for code in codes} - {""})


def asked_code(field: str, code: str) -> str:
    """Read a service code or one above it; raises InvalidInput UNKNOWN_CODE for another."""
    if code not in services() and code not in GROUPS:
        raise refuse(field, "must be a code of the vocabulary service", Reason.UNKNOWN_CODE)
    return code


def languages_of(provider: Provider) -> list[str]:
    """List the languages of a provider, with the tags above them: `ary-MA`, `ary`, `ar`."""
    return sorted({tag for offer in provider.languages for tag in _with_those_above(offer.language)})


@lru_cache(maxsize=4096)
def _with_those_above(tag: str) -> tuple[str, ...]:
    """List a language tag and those above it; an import asks for the same ones all the time."""
    tags: list[str] = []
    while tag:
        tags.append(tag)
        listed = languages().get(tag)
        tag = tag.rpartition("-")[0] or (listed.parent if listed else "")
    return tuple(tags)
