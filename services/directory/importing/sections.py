"""
Read a mapping's tables so that nothing in them is passed over.

Fail closed: a key that nobody asks for is an error that names it, because a
misspelt rule that is ignored sends people to the wrong place.
"""

from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass, field
from typing import Any, Self

from services.directory.importing.paths import Path, Record, getter, parse_path
from services.errors import InvalidInput, Reason, Violation

_MISSING: Any = object()


@dataclass(slots=True)
class Used:
    """The paths that a mapping reads, each with the place in the mapping that names it."""

    paths: list[tuple[Path, str]] = field(default_factory=list)


class Section:
    """
    One table of a mapping; what is taken from it is crossed off.

    Args:
        table: The table as TOML has it.

        path: Where it stands in the mapping, for messages.

        used: Collects what the mapping reads from records.

        base: The path of the list whose items the section reads; empty: the record itself.
    """

    def __init__(self, table: Any, path: str, used: Used, base: Path = ()) -> None:
        if not isinstance(table, Mapping):
            raise InvalidInput(f"{path} must be a table")
        self._left = dict(table)
        self.path = path
        self.used = used
        self.base = base

    def at(self, key: str) -> str:
        """Where a key of this section stands in the mapping."""
        return f"{self.path}.{key}" if self.path else key

    def has(self, key: str) -> bool:
        return key in self._left

    def take(self, key: str, default: Any = _MISSING) -> Any:
        """Take a value of any kind. Raises InvalidInput if it must be there and is not."""
        value = self._left.pop(key, default)
        if value is _MISSING:
            raise InvalidInput(f"{self.at(key)} must be given")
        return value

    def text(self, key: str, default: str = _MISSING) -> str:
        value = self.take(key, default)
        if not isinstance(value, str):
            raise InvalidInput(f"{self.at(key)} must be a text")
        return value

    def texts(self, key: str) -> tuple[str, ...]:
        """Take a list of texts, or one text as a list of one."""
        value = self.take(key)
        listed = [value] if isinstance(value, str) else value
        if not isinstance(listed, list) or not all(isinstance(item, str) for item in listed):
            raise InvalidInput(f"{self.at(key)} must be a list of texts")
        return tuple(listed)

    def paths(self, key: str) -> list[Path]:
        """Take a list of paths that are only named; absent is an empty list."""
        return [parse_path(text, self.at(key)) for text in self.texts(key)] if self.has(key) else []

    def flag(self, key: str) -> bool:
        """Take true or false; absent is false."""
        value = self.take(key, default=False)
        if not isinstance(value, bool):
            raise InvalidInput(f"{self.at(key)} must be true or false")
        return value

    def source(self, key: str) -> Callable[[Record], Any]:
        """Take a path, and make the function that reads it."""
        return self.reader(self.text(key), key)

    def reader(self, path_text: str, key: str) -> Callable[[Record], Any]:
        """Make the function that reads a path, and note that the mapping reads it."""
        path = parse_path(path_text, self.at(key))
        self.used.paths.append((self.base + path, self.at(key)))
        return getter(path)

    def inner(self, key: str, default: Any = _MISSING) -> "Section":
        """Open the table below a key."""
        return Section(self.take(key, default), self.at(key), self.used, self.base)

    def open(self, table: Any, key: str) -> "Section":
        """Open a table that was taken from this section."""
        return Section(table, self.at(key), self.used, self.base)

    def each(self, key: str) -> Iterator["Section"]:
        """Open the tables of a list; absent is an empty list, one table a list of one."""
        tables = self.take(key, [])
        if isinstance(tables, Mapping):
            tables = [tables]
        if not isinstance(tables, list):
            raise InvalidInput(f"{self.at(key)} must be a list of tables")
        for number, table in enumerate(tables):
            with Section(table, f"{self.at(key)}[{number}]", self.used, self.base) as section:
                yield section

    def __enter__(self) -> Self:
        return self

    def __exit__(self, kind: type[BaseException] | None, *rest: object) -> None:
        if kind is None:
            self.close()

    def close(self) -> None:
        """Refuse whatever was not asked for."""
        if self._left:
            faults = [Violation(self.at(key), "must be a key that a mapping knows here") for key in self._left]
            message = "; ".join(f"{fault.field} {fault.rule}" for fault in faults)
            raise InvalidInput(message, reason=Reason.UNKNOWN_FIELD, fields=faults)


@contextmanager
def named(path: str) -> Iterator[None]:
    """Let a failure below say where in the mapping it was."""
    try:
        yield
    except InvalidInput as fault:
        rule = fault.fields[0].rule if fault.fields else "must be valid"
        raise InvalidInput(f"{path} {rule}", reason=fault.reason, fields=[Violation(path, rule)]) from fault
