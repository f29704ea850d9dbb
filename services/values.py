"""Make values that are cheap to make, and never changed."""

from dataclasses import dataclass, field
from typing import Final, TypeVar, dataclass_transform

T = TypeVar("T")

made: Final = tuple.__new__  #: makes a named tuple of its fields as it makes itself, without the call between


@dataclass_transform(frozen_default=True, field_specifiers=(field,))
def value(cls: type[T]) -> type[T]:
    """
    Make a dataclass with slots that nobody may change: who checks types refuses it, the interpreter does not.

    One that the interpreter holds frozen takes three times as long to make, because each field
    is set by a call; these are made for every answer.
    """
    return dataclass(slots=True, unsafe_hash=True)(cls)
