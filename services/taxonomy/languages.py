"""Compare languages: which tag is meant, and whether two people understand each other."""

import re
from collections.abc import Mapping
from dataclasses import dataclass
from functools import cache
from types import MappingProxyType

from services.errors import InvalidInput
from services.taxonomy.terms import LABEL_LANGUAGES, Kind, Term, fields_of, read

_TAG = re.compile("[a-z]{2,3}(-[a-z0-9]{1,8})*", re.ASCII | re.IGNORECASE)
_SCRIPT_LENGTH = 4
_LONGEST_TAG = 35  # RFC 5646, 4.4.1


@dataclass(frozen=True, slots=True, kw_only=True)
class Language(Term):
    """A language or a variety of one; `parent` is its macrolanguage or family."""

    understands: frozenset[str]  #: other varieties that its speakers surely understand
    alias: tuple[str, ...]  #: other codes of the same language that sources use


@cache
def languages() -> Mapping[str, Language]:
    """List every language that has a label here, by its BCP 47 tag."""
    return MappingProxyType(
        {
            tag: Language(
                **fields_of(Kind.LANGUAGE, tag),
                understands=frozenset(row.get("understands", ())),
                alias=tuple(row.get("alias", ())),
            )
            for tag, row in read(Kind.LANGUAGE)["terms"].items()
        }
    )


@cache
def _tag_by_alias() -> Mapping[str, str]:
    return {alias: tag for tag, language in languages().items() for alias in language.alias}


def canonical_language(tag: str, field: str = "language") -> str:
    """
    Write a language tag the one way it is stored: known codes shortened, cases as BCP 47 has them.

    Any well-formed tag is accepted: people speak more languages than the list has.

    Raises:
        InvalidInput: the text is not a BCP 47 tag, naming the field.
    """
    if len(tag) > _LONGEST_TAG or not _TAG.fullmatch(tag):
        raise InvalidInput(f"{field} must be a BCP 47 language tag")
    primary, *rest = tag.lower().split("-")
    primary = _tag_by_alias().get(primary, primary)
    return "-".join([primary, *map(_subtag, rest)])


def understands(person: str, provider: str) -> bool | None:
    """
    Say whether somebody who understands one language is understood in another.

    Args:
        person: A canonical tag that the person understands.

        provider: A canonical tag that the provider works in.

    Returns:
        True if they surely understand each other, False if surely not, None if
        it must be asked: two varieties of one language, a variety and its
        language as a whole, or a language that the list does not have. Regions
        and scripts are left aside.
    """
    here, there = person.partition("-")[0], provider.partition("-")[0]
    if here == there:
        return True
    one, other = languages().get(here), languages().get(there)
    if one is None or other is None:
        return None
    if there in one.understands:
        return True
    related = there == one.parent or here == other.parent or (one.parent and one.parent == other.parent)
    return None if related else False


def label_language(tag: str) -> str:
    """Choose the language of labels for a reader: theirs, else the one above it, else English."""
    primary = canonical_language(tag).partition("-")[0] if tag else ""
    listed = languages().get(primary)
    for candidate in (primary, listed.parent if listed else ""):
        if candidate in LABEL_LANGUAGES:
            return candidate
    return LABEL_LANGUAGES[0]


def _subtag(text: str) -> str:
    if len(text) == _SCRIPT_LENGTH and text.isalpha():
        return text.title()
    return text.upper() if len(text) == 2 else text  # noqa: PLR2004 -- a region has two letters
