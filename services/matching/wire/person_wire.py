"""Read what is known of a person; a fact that is absent stays absent."""

from collections.abc import Callable, Mapping, Sequence
from functools import lru_cache
from typing import Any, Final

from ihala.matching.v1 import matching_pb2 as pb
from services.errors import InvalidInput
from services.matching.model.person import AgeRange, Person
from services.taxonomy import Kind, canonical_language, term

_SEXES: Final = {pb.SEX_FEMALE: "female", pb.SEX_MALE: "male", pb.SEX_INTERSEX: "intersex"}
_GENDERS: Final = {
    pb.GENDER_WOMAN: "woman",
    pb.GENDER_MAN: "man",
    pb.GENDER_TRANSGENDER_WOMAN: "transgender_woman",
    pb.GENDER_TRANSGENDER_MAN: "transgender_man",
    pb.GENDER_OTHER: "other",
}
_PROCESSES: Final = {
    pb.PROCESS_TIP_PRESUMED: "tip_presumed",
    pb.PROCESS_TIP_CONFIRMED: "tip_confirmed",
    pb.PROCESS_SOM: "som",
    pb.PROCESS_BOTH: "both",
}
_MOST_CODES: Final = 64  # of one list
_LANGUAGES: Final = "person.languages.languages"
#: the few that people speak are read again and again
_language: Final = lru_cache(maxsize=1024)(canonical_language)

#: reads the value of a field that is given
Reader = Callable[[Any], Any]


def person_from_wire(message: pb.Person) -> Person:
    """
    Read a person.

    Raises:
        InvalidInput: an age is out of range, or a code is not in its vocabulary
            (UNKNOWN_CODE), naming the field.
    """
    facts = {}
    for field, value in message.ListFields():  # asking for each that is not given takes longer
        known = READERS.get(field.name)
        if known is not None:  # else why a fact is absent, which decides nothing
            name, read = known
            facts[name] = read(value)
    return Person(**facts)


def _age(message: pb.AgeRange) -> AgeRange | None:
    if not (message.HasField("min_years") or message.HasField("max_years")):
        return None  # a basis without a number is no age
    bounds = {field: getattr(message, field) for field in ("min_years", "max_years") if message.HasField(field)}
    return AgeRange(**bounds, is_disputed=message.basis == pb.AGE_BASIS_DISPUTED)


def _spoken(message: pb.LanguageList) -> frozenset[str]:
    return frozenset([_language(each, _LANGUAGES) for each in _few(message.languages, _LANGUAGES)])


def _enum(name: str, words: Mapping[Any, str]) -> Reader:
    """Make what reads a value of an enum, None where it is not specified."""
    known: dict[Any, str | None] = {0: None, **words}

    def read(value: Any) -> str | None:
        if value not in known:
            raise InvalidInput(f"person.{name} must be a value of its enum")
        return known[value]

    return read


def _codes(name: str, kind: Kind) -> Reader:
    """Make what reads a list of codes of a vocabulary."""
    field = f"person.{name}.codes"
    return lambda message: frozenset([term(kind, each, field).code for each in _few(message.codes, field)])


def _status_class(code: str) -> str | None:
    return term(Kind.STATUS_CLASS, code, "person.status_class").code if code else None


def _few(values: Sequence[str], field: str) -> Sequence[str]:
    if len(values) > _MOST_CODES:
        raise InvalidInput(f"{field} must have at most {_MOST_CODES} entries")
    return values


#: field of the message -> field of `Person`, and what reads it
READERS: Final[Mapping[str, tuple[str, Reader]]] = {
    "age": ("age", _age),
    "sex": ("sex", _enum("sex", _SEXES)),
    "gender": ("gender", _enum("gender", _GENDERS)),
    "languages": ("languages", _spoken),
    "family": ("family", _codes("family", Kind.FAMILY)),
    "process": ("process", _enum("process", _PROCESSES)),
    "exploitation": ("exploitation", _codes("exploitation", Kind.EXPLOITATION)),
    "unaccompanied": ("is_unaccompanied", bool),
    "no_reason_to_believe_child": ("no_reason_to_believe_child", bool),
    "accessibility": ("accessibility", _codes("accessibility", Kind.ACCESSIBILITY)),
    "has_documents": ("has_documents", bool),
    "status_class": ("status_class", _status_class),
    "accepts_reporting": ("accepts_reporting", bool),
    "indicators": ("indicators", _codes("indicators", Kind.INDICATOR)),
}
