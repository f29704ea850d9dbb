"""Read what is known of a person; a fact that is absent stays absent."""

from collections.abc import Callable, Mapping
from functools import lru_cache
from typing import Any, Final

from google.protobuf.message import Message

from ihala.matching.v1 import matching_pb2 as pb
from services.errors import InvalidInput
from services.matching.model.person import OLDEST_AGE, AgeRange, Person
from services.taxonomy import Kind, canonical_language, term

_MOST_CODES: Final = 64  # of one list
_MOST_KEPT: Final = 1024
_DISPUTED: Final = pb.AGE_BASIS_DISPUTED


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


class Lists(dict[bytes, frozenset[str]]):
    """
    Lists of words, by the bytes of their messages.

    Args:
        field: Of a person, with that of the message that lists them.

        message: The kind of the message.

        read: Reads a word, and is told the path of the field for an error.

        most_kept: So many are kept, and then all are forgotten. No message is that holds anything besides words.
    """

    def __init__(
        self, field: str, message: type[Message], read: Callable[[str, str], str], most_kept: int = _MOST_KEPT
    ) -> None:
        super().__init__()
        self._field = f"person.{field}"
        self._message = message
        self._read = read
        self._most_kept = most_kept

    def __missing__(self, written: bytes) -> frozenset[str]:
        message = self._message.FromString(written)
        listed = getattr(message, self._field.rpartition(".")[2])
        if len(listed) > _MOST_CODES:
            raise InvalidInput(f"{self._field} must have at most {_MOST_CODES} entries")
        found = frozenset([self._read(each, self._field) for each in listed])
        message.DiscardUnknownFields()
        if self._most_kept and message.SerializeToString() == written:
            if len(self) >= self._most_kept:
                self.clear()
            self[written] = found
        return found


def _code_of(kind: Kind) -> Callable[[str, str], str]:
    return lambda code, field: term(kind, code, field).code


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
        _languages[message.languages.SerializeToString()] if has("languages") else None,
        _family[message.family.SerializeToString()] if has("family") else None,
        _PROCESSES[message.process],
        _exploitation[message.exploitation.SerializeToString()] if has("exploitation") else None,
        message.unaccompanied if has("unaccompanied") else None,
        message.no_reason_to_believe_child,
        _accessibility[message.accessibility.SerializeToString()] if has("accessibility") else None,
        message.has_documents if has("has_documents") else None,
        _status_class(message.status_class) if has("status_class") else None,
        message.accepts_reporting,
        _indicators[message.indicators.SerializeToString()] if has("indicators") else frozenset(),
    )


def _age(message: pb.AgeRange) -> AgeRange | None:
    min_years, max_years = message.min_years, message.max_years
    if not max_years and not message.HasField("max_years"):
        if not min_years and not message.HasField("min_years"):
            return None  # a basis without a number is no age
        max_years = OLDEST_AGE
    return _age_range(min_years, max_years, message.basis == _DISPUTED)


def _status_class(code: str) -> str | None:
    return term(Kind.STATUS_CLASS, code, "person.status_class").code if code else None


# The same few ages and lists come again and again. What is kept are words of vocabularies, as the index keeps
# them: whose they are is not in them. What was noticed of somebody is not kept even so.
_age_range: Final = lru_cache(_MOST_KEPT)(AgeRange)
_languages: Final = Lists("languages.languages", pb.LanguageList, canonical_language)
_family: Final = Lists("family.codes", pb.CodeList, _code_of(Kind.FAMILY))
_exploitation: Final = Lists("exploitation.codes", pb.CodeList, _code_of(Kind.EXPLOITATION))
_accessibility: Final = Lists("accessibility.codes", pb.CodeList, _code_of(Kind.ACCESSIBILITY))
_indicators: Final = Lists("indicators.codes", pb.CodeList, _code_of(Kind.INDICATOR), most_kept=0)
