"""
Finds what is wrong in a JSON document that is no message of a type, and says it by field path and rule.

Rules of this file: no value of the document is said, because it may be personal; of a
name that no message has, only what could be a name of one.
"""

import re
from collections.abc import Callable, Iterator
from typing import Any, Final

from google.protobuf.descriptor import Descriptor, FieldDescriptor

from services.errors import InvalidInput, Reason, Violation

Fits = Callable[[Descriptor, Any], bool]

#: a key that is longer, or has other letters, is no field of anybody's
NAME: Final = re.compile(r"[a-z][A-Za-z0-9_]{0,63}", re.ASCII)
WELL_KNOWN: Final = "google.protobuf."
TIMESTAMP: Final = "google.protobuf.Timestamp"
MAX_ENUM_LENGTH: Final = 150
RULES: Final = {
    FieldDescriptor.CPPTYPE_BOOL: "must be true or false",
    FieldDescriptor.CPPTYPE_DOUBLE: "must be a number",
    FieldDescriptor.CPPTYPE_FLOAT: "must be a number",
    FieldDescriptor.CPPTYPE_INT32: "must be a whole number",
    FieldDescriptor.CPPTYPE_INT64: "must be a whole number",
    FieldDescriptor.CPPTYPE_UINT32: "must be a whole number of at least 0",
    FieldDescriptor.CPPTYPE_UINT64: "must be a whole number of at least 0",
    FieldDescriptor.CPPTYPE_STRING: "must be a text",
}


def fault_in(document: Any, kind: Descriptor, fits: Fits) -> InvalidInput:
    """
    Say why a document is no message of a type.

    Args:
        document: What JSON gave.

        kind: The type that it should be of.

        fits: Tells whether a document is a message of a type.
    """
    violation, reason = _fault(document, kind, "", fits)
    path = violation.field or "message"
    return InvalidInput(f"{path} {violation.rule}", reason=reason, fields=[Violation(path, violation.rule)])


def _fault(document: Any, kind: Descriptor, path: str, fits: Fits) -> tuple[Violation, Reason]:
    if not isinstance(document, dict):
        return Violation(path, f"must be an object, {kind.name}"), Reason.MALFORMED
    given: dict[str, str] = {}
    for key, value in document.items():
        field = _field_of(kind, key)
        if field is None:
            known = key if isinstance(key, str) and NAME.fullmatch(key) else ""
            where = _join(path, known) if known else path
            rule = f"must be a field of {kind.name}" if known else f"must have only fields of {kind.name}"
            return Violation(where, rule), Reason.UNKNOWN_FIELD
        here = _join(path, field.name)
        if not fits(kind, {key: value}):
            return _fault_of_field(value, field, kind, here, fits)
        one_of = field.containing_oneof
        name = field.name if one_of is None or value is None else one_of.full_name
        if name in given:
            rule = "must be given once" if given[name] == field.name else f"must not be given besides {given[name]}"
            return Violation(here, rule), Reason.MALFORMED
        given[name] = field.name
    return Violation(path, f"must be an object, {kind.name}"), Reason.MALFORMED


def _fault_of_field(
    value: Any, field: FieldDescriptor, kind: Descriptor, path: str, fits: Fits
) -> tuple[Violation, Reason]:
    inner = field.message_type
    if inner is not None and inner.GetOptions().map_entry:
        return Violation(path, "must be an object"), Reason.MALFORMED
    for here, one in _values(value, field, path):
        if inner is None or inner.full_name.startswith(WELL_KNOWN):
            if not field.is_repeated or not fits(kind, {field.name: [one]}):
                return Violation(here, _rule(field)), Reason.MALFORMED
        elif not fits(inner, one):
            return _fault(one, inner, here, fits)
    return Violation(path, "must be a list" if field.is_repeated else _rule(field)), Reason.MALFORMED


def _values(value: Any, field: FieldDescriptor, path: str) -> Iterator[tuple[str, Any]]:
    if not field.is_repeated:
        yield path, value
    elif isinstance(value, list):
        yield from ((f"{path}[{index}]", one) for index, one in enumerate(value))


def _rule(field: FieldDescriptor) -> str:
    if field.enum_type is not None:
        names = ", ".join(value.name for value in field.enum_type.values if value.number)
        return f"must be one of {names}" if len(names) <= MAX_ENUM_LENGTH else f"must be a {field.enum_type.name}"
    if field.message_type is not None:
        if field.message_type.full_name == TIMESTAMP:
            return 'must be a time in UTC, for example "2026-01-31T09:30:00Z"'
        return f"must be a {field.message_type.name}"
    if field.type == FieldDescriptor.TYPE_BYTES:
        return "must be bytes in base64"
    return RULES[field.cpp_type]


def _field_of(kind: Descriptor, key: Any) -> FieldDescriptor | None:
    found: FieldDescriptor | None = kind.fields_by_name.get(key) or kind.fields_by_camelcase_name.get(key)
    return found


def _join(path: str, name: str) -> str:
    return f"{path}.{name}" if path else name
