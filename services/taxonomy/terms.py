"""Read the vocabularies of `data/` and look codes up in them."""

import tomllib
from collections.abc import Mapping
from dataclasses import dataclass
from enum import StrEnum
from functools import cache
from importlib.resources import files
from types import MappingProxyType
from typing import Any

from services.errors import InvalidInput, Reason

VERSION = "1.2"  #: of all vocabularies together; raised when a code comes or goes
LABEL_LANGUAGES = ("en", "fr", "ar")  #: every code has a label in each; English is the fallback


class Kind(StrEnum):
    """A vocabulary; its value is its name on the wire and the name of its file."""

    SERVICE = "service"  #: what is needed and offered
    POPULATION = "population"  #: for whom a place is kept
    LANGUAGE = "language"
    GENDER = "gender"
    SEX = "sex"
    FAMILY = "family"
    ACCESSIBILITY = "accessibility"
    AGE_BASIS = "age_basis"
    EXPLOITATION = "exploitation"
    PROCESS = "process"
    STATUS_CLASS = "status_class"
    URGENCY = "urgency"
    INDICATOR = "indicator"  #: what may point to exploitation
    SCREENING_QUESTION = "screening_question"  #: what to ask again then
    DECLINE_REASON = "decline_reason"
    FAILURE = "failure"  #: why an accepted offer was not delivered
    OUTCOME = "outcome"  #: what came of a service
    CONSTRAINT = "constraint"  #: what must hold of a provider, as a yes reads
    EXCLUSION = "exclusion"  #: the same, as a no reads
    PERSON_QUESTION = "person_question"
    PROVIDER_QUESTION = "provider_question"
    CAUTION = "caution"  #: what to know that does not exclude
    CHANGE = "change"  #: what can be done so that a provider fits
    CLINICAL_CLOCK = "clinical_clock"
    SAFETY_CONFLICT = "safety_conflict"


@dataclass(frozen=True, slots=True, kw_only=True)
class Term:
    """One code with its words."""

    code: str
    labels: Mapping[str, str]  #: a label for each of LABEL_LANGUAGES
    parent: str = ""  #: the code above it, empty at the top
    foreign_codes: tuple[str, ...] = ()  #: pointers into other vocabularies, "scheme:code"
    marks: frozenset[str] = frozenset()  #: what the code implies, for example "life_first"
    since: str = VERSION  #: the version of the vocabulary that brought the code
    deprecated: bool = False  #: kept for old records, not to be used any more


@cache
def read(kind: Kind) -> Mapping[str, Any]:
    """
    Read a vocabulary's file as it stands.

    Its table `terms` has a table for each code. `groups` are codes above codes,
    and `marks` lists, for each mark, the codes that have it.
    """
    text = files(__package__).joinpath("data", f"{kind}.toml").read_text(encoding="utf-8")
    return MappingProxyType(tomllib.loads(text))


def fields_of(kind: Kind, code: str) -> dict[str, Any]:
    """Turn what a file says of a code or a group into the arguments of `Term`."""
    table = read(kind)
    groups = table.get("groups", {})
    row = groups.get(code) or table["terms"][code]
    group, hyphen, _ = code.partition("-")
    marks_of_file: Mapping[str, list[str]] = table.get("marks", {})
    return {
        "code": code,
        "labels": MappingProxyType({language: row[language] for language in LABEL_LANGUAGES}),
        "parent": row.get("parent", group if hyphen and group in groups else ""),
        "foreign_codes": tuple(
            f"{scheme}:{foreign}" for scheme, codes in row.get("foreign", {}).items() for foreign in codes
        ),
        "marks": frozenset(row.get("marks", ())) | {mark for mark, codes in marks_of_file.items() if code in codes},
        "since": row.get("since", "1.0"),
        "deprecated": row.get("deprecated", False),
    }


@cache
def terms(kind: Kind) -> Mapping[str, Term]:
    """List a vocabulary by code, in the order of its file, without what only some kinds have."""
    return MappingProxyType({code: Term(**fields_of(kind, code)) for code in read(kind)["terms"]})


def term(kind: Kind, code: str, field: str = "code") -> Term:
    """
    Look a code up.

    Args:
        kind: The vocabulary.

        code: What came.

        field: The path of the field that it came in, for the error.

    Raises:
        InvalidInput: the code is not in the vocabulary (UNKNOWN_CODE).
    """
    found = terms(kind).get(code)
    if found is None:
        raise unknown_code(kind, field)
    return found


def unknown_code(kind: Kind, field: str) -> InvalidInput:
    """Say that a field holds a code that its vocabulary does not have."""
    return InvalidInput(f"{field} must be a code of the vocabulary {kind}", reason=Reason.UNKNOWN_CODE)
