"""Find values inside a record of a file, whatever its keys look like."""

import re
from collections.abc import Callable, Iterable, Mapping
from typing import Any

from services.directory.model import Claim
from services.errors import InvalidInput

Record = Mapping[str, Any]  #: one row of a table, or one object of a JSON file
Path = tuple[str, ...]  #: keys from the outside in

_STEP = re.compile(r'"([^"]+)"|([^."]+)')


def parse_path(text: str, field: str) -> Path:
    """
    Read `properties."3. Intake Criteria"`: keys with a dot between them, quoted if they hold one.

    A number is the place in a list, from 0: `geometry.coordinates.0`.

    Raises:
        InvalidInput: the text is not a path.
    """
    steps: list[str] = []
    position = 0
    while True:
        found = _STEP.match(text, position)
        if found is None:
            raise InvalidInput(f"{field} must be a path: keys with dots between them, quoted if they hold a dot")
        steps.append(found[1] or found[2])
        position = found.end()
        if position == len(text):
            return tuple(steps)
        if text[position] != ".":
            raise InvalidInput(f"{field} must be a path: keys with dots between them, quoted if they hold a dot")
        position += 1


def spell(path: Path) -> str:
    """Write a path so that `parse_path` reads it back."""
    return ".".join(f'"{step}"' if "." in step else step for step in path)


def getter(path: Path) -> Callable[[Record], Any]:
    """Make the function that reads a path; it answers None where the record has nothing there."""
    if len(path) == 1:
        (key,) = path
        return lambda record: record.get(key)

    def get(record: Record) -> Any:
        value: Any = record
        for step in path:
            if isinstance(value, list | tuple) and step.isdecimal():
                value = value[int(step)] if int(step) < len(value) else None
            elif isinstance(value, Mapping):
                value = value.get(step)
            else:
                return None
        return value

    return get


def is_known(path: Path, value: Any) -> bool:
    """Tell whether a record, or any item of a list on the way, has the key, even with nothing in it."""
    if not path:
        return True
    if isinstance(value, list | tuple):
        if path[0].isdecimal():
            return int(path[0]) < len(value) and is_known(path[1:], value[int(path[0])])
        return any(is_known(path, {"value": item} if isinstance(item, str) else item) for item in value)
    return isinstance(value, Mapping) and path[0] in value and is_known(path[1:], value[path[0]])


def is_blank(value: Any) -> bool:
    """Tell whether a source says nothing: absent, null, empty or white space."""
    return value is None or (isinstance(value, str) and not value.strip())


def text_of(value: Any) -> str:
    """Write one value as text; a text stays byte for byte."""
    if isinstance(value, str):
        return value
    if isinstance(value, bool):
        return "true" if value else "false"
    return str(value)


def words_of(value: Any) -> tuple[str, ...]:
    """
    List what a value says: itself, the items of a list, or the set flags of an object.

    An object such as `{"Walk-in": true, "Outreach": 0}` says `Walk-in`: a key
    whose value is false, 0 or blank is not set.
    """
    if is_blank(value):
        return ()
    if isinstance(value, Mapping):
        return tuple(key for key, flag in value.items() if _is_set(flag))
    if isinstance(value, list | tuple):
        return tuple(text_of(item) for item in value if not is_blank(item))
    return (text_of(value),)


def _is_set(flag: Any) -> bool:
    if isinstance(flag, bool | int | float):
        return flag > 0
    return isinstance(flag, str) and claim_of(flag) is Claim.YES


YES: frozenset[str] = frozenset({"yes", "true", "1"})
NO: frozenset[str] = frozenset({"no", "false", "0"})


def claim_of(value: Any, yes: Iterable[str] = YES, no: Iterable[str] = NO) -> Claim:
    """
    Read a three-valued fact: yes, no or unknown.

    A number above 0 is yes and 0 is no; a word is looked up without regard to
    case; a blank and everything else is unknown, never no.
    """
    if isinstance(value, bool | int | float):
        if value > 0:
            return Claim.YES
        return Claim.NO if value == 0 else Claim.UNKNOWN
    if isinstance(value, str):
        word = value.strip().casefold()
        if word in yes:
            return Claim.YES
        if word in no:
            return Claim.NO
    return Claim.UNKNOWN
