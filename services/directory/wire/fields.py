"""
How the fields of a message that are there are read, in tables: most of a record's fields are not there.

An import reads hundreds of thousands of records; to ask each for every field that it
might have takes longer than to read those that it has.
"""

from collections.abc import Callable, Mapping
from typing import Any

from services.directory.model import each_inside, inside
from services.directory.wire.words_wire import Words

Read = Callable[[Any], Any]


def fields_of(message: Any, readers: Mapping[str, Read], **otherwise: Any) -> dict[str, Any]:
    """
    Read the fields of a message that are there and have a reader.

    Args:
        message: What came.

        readers: By field; others are not looked at.

        otherwise: Values of fields that need one and may not be there.

    Raises:
        InvalidInput: as the readers do, with the field's path.
    """
    fields = otherwise
    for field, value in message.ListFields():
        read = readers.get(field.name)
        if read is not None:
            fields[field.name] = read(value)
    return fields


def as_it_is(value: Any) -> Any:
    return value


def each(field: str, read: Read) -> Read:
    """Read a list, an entry at a time."""
    return lambda values: each_inside(field, read, values)


def one(field: str, read: Read) -> Read:
    """Read a part."""
    return lambda value: inside(field, read, value)


def word(field: str, words: Words[Any]) -> Read:
    """Read a word of an enum."""
    return lambda number: words.read(field, number)
