"""Read what is known of a person; a fact that is absent stays absent."""

from collections.abc import Iterable
from typing import Final, Literal

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
_ENUMS: Final = (("sex", _SEXES), ("gender", _GENDERS), ("process", _PROCESSES))
_CodeListName = Literal["family", "exploitation", "accessibility", "indicators"]
_MOST_CODES: Final = 64  # of one list


def person_from_wire(message: pb.Person) -> Person:
    """
    Read a person.

    Raises:
        InvalidInput: an age is out of range, or a code is not in its vocabulary
            (UNKNOWN_CODE), naming the field.
    """
    for field, known in _ENUMS:
        if getattr(message, field) and getattr(message, field) not in known:
            raise InvalidInput(f"person.{field} must be a value of its enum")
    if message.status_class:
        term(Kind.STATUS_CLASS, message.status_class, "person.status_class")
    return Person(
        age=_age(message),
        sex=_SEXES.get(message.sex),
        gender=_GENDERS.get(message.gender),
        languages=_languages(message),
        family=_codes(message, "family", Kind.FAMILY),
        process=_PROCESSES.get(message.process),
        exploitation=_codes(message, "exploitation", Kind.EXPLOITATION),
        is_unaccompanied=message.unaccompanied if message.HasField("unaccompanied") else None,
        no_reason_to_believe_child=message.no_reason_to_believe_child,
        accessibility=_codes(message, "accessibility", Kind.ACCESSIBILITY),
        has_documents=message.has_documents if message.HasField("has_documents") else None,
        status_class=message.status_class or None,
        accepts_reporting=message.accepts_reporting,
        indicators=_codes(message, "indicators", Kind.INDICATOR) or frozenset(),
    )


def _age(message: pb.Person) -> AgeRange | None:
    age = message.age
    if not (age.HasField("min_years") or age.HasField("max_years")):
        return None  # a basis without a number is no age
    bounds = {field: getattr(age, field) for field in ("min_years", "max_years") if age.HasField(field)}
    return AgeRange(**bounds, is_disputed=age.basis == pb.AGE_BASIS_DISPUTED)


def _languages(message: pb.Person) -> frozenset[str] | None:
    if not message.HasField("languages"):
        return None
    field = "person.languages.languages"
    return frozenset(canonical_language(each, field) for each in _few(message.languages.languages, field))


def _codes(message: pb.Person, name: _CodeListName, kind: Kind) -> frozenset[str] | None:
    if not message.HasField(name):
        return None
    field = f"person.{name}.codes"
    return frozenset(term(kind, each, field).code for each in _few(getattr(message, name).codes, field))


def _few(values: Iterable[str], field: str) -> list[str]:
    listed = list(values)
    if len(listed) > _MOST_CODES:
        raise InvalidInput(f"{field} must have at most {_MOST_CODES} entries")
    return listed
