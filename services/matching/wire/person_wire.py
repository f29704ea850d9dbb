"""Read what is known of a person; a fact that is absent stays absent."""

from collections.abc import Callable, Mapping, Sequence
from functools import lru_cache
from typing import Any, Final

from ihala.matching.v1 import matching_pb2 as pb
from services.errors import InvalidInput
from services.matching.model.person import OLDEST_AGE, AgeRange, Person
from services.taxonomy import Kind, canonical_language, term

_MOST_CODES: Final = 64  # of one list
_MOST_KEPT: Final = 1024
_DISPUTED: Final = pb.AGE_BASIS_DISPUTED
_LANGUAGES: Final = "person.languages.languages"

#: reads a list of codes from the bytes of its message
Codes = Callable[[bytes], frozenset[str]]


class _Words(dict[int, str | None]):
    """
    The words of an enum by number, None where it is not specified; a number that it does not have is refused.

    Args:
        name: Of the field of a person.

        words: What it may say.
    """

    def __init__(self, name: str, words: Mapping[Any, str]) -> None:
        super().__init__({0: None, **words})
        self._name = name

    def __missing__(self, number: int) -> str | None:
        raise InvalidInput(f"person.{self._name} must be a value of its enum")


_SEXES: Final = _Words("sex", {pb.SEX_FEMALE: "female", pb.SEX_MALE: "male", pb.SEX_INTERSEX: "intersex"})
_GENDERS: Final = _Words(
    "gender",
    {
        pb.GENDER_WOMAN: "woman",
        pb.GENDER_MAN: "man",
        pb.GENDER_TRANSGENDER_WOMAN: "transgender_woman",
        pb.GENDER_TRANSGENDER_MAN: "transgender_man",
        pb.GENDER_OTHER: "other",
    },
)
_PROCESSES: Final = _Words(
    "process",
    {
        pb.PROCESS_TIP_PRESUMED: "tip_presumed",
        pb.PROCESS_TIP_CONFIRMED: "tip_confirmed",
        pb.PROCESS_SOM: "som",
        pb.PROCESS_BOTH: "both",
    },
)


def person_from_wire(message: pb.Person) -> Person:
    """
    Read a person; why a fact is absent decides nothing.

    Raises:
        InvalidInput: an age is out of range, or a code is not in its vocabulary
            (UNKNOWN_CODE), naming the field.
    """
    has = message.HasField
    return Person(  # in their order: by name takes three times as long
        _age(message.age) if has("age") else None,
        _SEXES[message.sex],
        _GENDERS[message.gender],
        _languages(message.languages.SerializeToString()) if has("languages") else None,
        _family(message.family.SerializeToString()) if has("family") else None,
        _PROCESSES[message.process],
        _exploitation(message.exploitation.SerializeToString()) if has("exploitation") else None,
        message.unaccompanied if has("unaccompanied") else None,
        message.no_reason_to_believe_child,
        _accessibility(message.accessibility.SerializeToString()) if has("accessibility") else None,
        message.has_documents if has("has_documents") else None,
        _status_class(message.status_class) if has("status_class") else None,
        message.accepts_reporting,
        _indicators(message.indicators.SerializeToString()) if has("indicators") else frozenset(),
    )


def _age(message: pb.AgeRange) -> AgeRange | None:
    has = message.HasField
    has_min, has_max = has("min_years"), has("max_years")
    if not (has_min or has_max):
        return None  # a basis without a number is no age
    return _age_range(
        message.min_years if has_min else 0, message.max_years if has_max else OLDEST_AGE, message.basis == _DISPUTED
    )


def _spoken(written: bytes) -> frozenset[str]:
    listed = pb.LanguageList.FromString(written).languages
    return frozenset([canonical_language(each, _LANGUAGES) for each in _few(listed, _LANGUAGES)])


def _codes(name: str, kind: Kind) -> Codes:
    """Make what reads a list of codes of a vocabulary."""
    field = f"person.{name}.codes"

    def read(written: bytes) -> frozenset[str]:
        listed = pb.CodeList.FromString(written).codes
        return frozenset([term(kind, each, field).code for each in _few(listed, field)])

    return read


def _status_class(code: str) -> str | None:
    return term(Kind.STATUS_CLASS, code, "person.status_class").code if code else None


def _few(values: Sequence[str], field: str) -> Sequence[str]:
    if len(values) > _MOST_CODES:
        raise InvalidInput(f"{field} must have at most {_MOST_CODES} entries")
    return values


# The same few ages and lists come again and again. What is kept are words of vocabularies, as the index keeps
# them: whose they are is not in them. What was noticed of somebody is not kept even so.
_age_range: Final = lru_cache(_MOST_KEPT)(AgeRange)
_languages: Final[Codes] = lru_cache(_MOST_KEPT)(_spoken)
_family: Final[Codes] = lru_cache(_MOST_KEPT)(_codes("family", Kind.FAMILY))
_exploitation: Final[Codes] = lru_cache(_MOST_KEPT)(_codes("exploitation", Kind.EXPLOITATION))
_accessibility: Final[Codes] = lru_cache(_MOST_KEPT)(_codes("accessibility", Kind.ACCESSIBILITY))
_indicators: Final[Codes] = _codes("indicators", Kind.INDICATOR)
