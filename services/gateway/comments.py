"""Reads the comments of protos, by the full name of what they stand at."""

from collections.abc import Iterator, Mapping
from typing import Any, Final

from google.protobuf.descriptor_pb2 import FileDescriptorProto, FileDescriptorSet

# numbers of fields of descriptor.proto, which paths of comments are made of
MESSAGES, ENUMS, SERVICES = 4, 5, 6
FIELDS, NESTED, NESTED_ENUMS, VALUES, METHODS = 2, 3, 4, 2, 2

#: the attribute that each number names, and what may stand inside of it
_Parts = Mapping[int, tuple[str, Any]]
_ENUM: Final[_Parts] = {VALUES: ("value", {})}
_MESSAGE: Final[dict[int, tuple[str, Any]]] = {FIELDS: ("field", {}), NESTED_ENUMS: ("enum_type", _ENUM)}
_MESSAGE[NESTED] = ("nested_type", _MESSAGE)
_FILE: Final[_Parts] = {
    MESSAGES: ("message_type", _MESSAGE),
    ENUMS: ("enum_type", _ENUM),
    SERVICES: ("service", {METHODS: ("method", {})}),
}


def comments_of(protos: FileDescriptorSet) -> dict[str, str]:
    """Return the comments that stand above messages, fields, enums, values, services and methods."""
    return {name: text for file in protos.file for name, text in _comments(file)}


def _comments(file: FileDescriptorProto) -> Iterator[tuple[str, str]]:
    names = dict(_names(file, file.package, _FILE, ()))
    for location in file.source_code_info.location:
        name = names.get(tuple(location.path))
        if name and location.leading_comments:
            yield name, _text(location.leading_comments)


def _names(parent: Any, scope: str, parts: _Parts, path: tuple[int, ...]) -> Iterator[tuple[tuple[int, ...], str]]:
    for number, (attribute, inner) in parts.items():
        for index, each in enumerate(getattr(parent, attribute)):
            here, name = (*path, number, index), f"{scope}.{each.name}"
            yield here, name
            yield from _names(each, name, inner, here)


def _text(comment: str) -> str:
    """Join lines that a paragraph was broken into."""
    lines = [line.strip() for line in comment.strip().splitlines()]
    paragraphs = "\n".join(lines).split("\n\n")
    return "\n\n".join(each.replace("\n", " ") for each in paragraphs)
