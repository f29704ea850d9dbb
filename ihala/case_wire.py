"""
Read cases that are written down in JSON, in the form that protobuf gives them.

What is wrong is said by where it is, never by what it holds: a case tells of a
person, and a message of an error goes to logs.
"""

import re
from collections.abc import Iterator, Mapping
from typing import Any, Final, TypeVar

from google.protobuf.descriptor import FieldDescriptor
from google.protobuf.json_format import ParseDict, ParseError
from google.protobuf.message import Message

from ihala.matching.v1 import matching_pb2 as pb
from services.errors import InvalidInput, Reason, Violation

M = TypeVar("M", bound=Message)

_TIMESTAMP: Final = "google.protobuf.Timestamp"


def search_from_json(document: Mapping[str, Any]) -> pb.FindMatchesRequest:
    """
    Read a search.

    Raises:
        InvalidInput: it is not a search (MALFORMED), or has a field that there is not (UNKNOWN_FIELD).
    """
    return message_from_json(document, pb.FindMatchesRequest(), "case")


def message_from_json(document: Mapping[str, Any], message: M, noun: str) -> M:
    """
    Fill a message from JSON.

    Raises:
        InvalidInput: a field is not one of the message's, and which it has (UNKNOWN_FIELD); or a value is not of
            its field's kind (MALFORMED). Both name the place.
    """
    for place, known in _unknown_fields(document, message.DESCRIPTOR, ""):
        rule = f"is not a field; those there are {', '.join(known)}"
        raise InvalidInput(f"{noun}: {place} {rule}", reason=Reason.UNKNOWN_FIELD, fields=[Violation(place, rule)])
    try:
        return ParseDict(dict(document), message)
    except (ParseError, ValueError, TypeError, AttributeError) as error:
        # the text of the error has the value in it: only its last place is kept
        found = re.search(rf"{message.DESCRIPTOR.name}\.([\w.\[\]]+?)[\".]*$", str(error))
        fault = found[1] if found else ".".join(re.findall(r"Failed to parse (\w+) field", str(error)))
        rule = f"must be as a {message.DESCRIPTOR.name} has it in JSON"
        raise InvalidInput(
            f"{noun}: {fault or 'it'} {rule}", reason=Reason.MALFORMED, fields=[Violation(fault or noun, rule)]
        ) from None


def _unknown_fields(value: Any, descriptor: Any, path: str) -> Iterator[tuple[str, list[str]]]:
    """Find fields that a message does not have, each with those that it has."""
    if value is None:  # in protobuf's JSON the same as left out
        return
    if not isinstance(value, Mapping):  # protobuf would take an empty list for a message that says nothing
        raise InvalidInput(f"case: {path or 'it'} must be an object", reason=Reason.MALFORMED)
    known = {name: field for field in descriptor.fields for name in (field.name, field.json_name)}
    for name, inner in value.items():
        place = f"{path}.{name}" if path else name
        field = known.get(name)
        if field is None:
            yield place, [each.name for each in descriptor.fields]
            continue
        if field.is_repeated and not isinstance(inner, list | None):
            raise InvalidInput(f"case: {place} must be a list", reason=Reason.MALFORMED)
        if field.type == FieldDescriptor.TYPE_MESSAGE and field.message_type.full_name != _TIMESTAMP:
            several = enumerate(inner or ()) if field.is_repeated else [(None, inner)]
            for number, each in several:
                yield from _unknown_fields(each, field.message_type, place if number is None else f"{place}[{number}]")
