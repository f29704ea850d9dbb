"""
Look answers up by code that is written for a kind of question: one expression for all that decides.

To read facts by their names, and to go through the tables one by one, takes twice as long.
"""

from collections.abc import Callable, Mapping, Sequence
from typing import Any, cast

from services.matching.model.person import Person
from services.matching.model.request import Asked, Need

#: finds an entry of each table for a question, its need and its person
LookUp = Callable[[Asked, Need, Person | None], tuple[bytes, ...]]


def look_up(tables: Sequence[tuple[Sequence[str], Mapping[Any, bytes]]]) -> LookUp:
    """
    Write what finds an entry of each table.

    Args:
        tables: Names of facts of a question, as constraints say what they ask, and what is kept by them: by one fact
            itself, by several as a tuple. An entry that hangs on none is found now, and joined to such a neighbour.
    """
    kept: dict[str, Mapping[Any, bytes] | bytes] = {}
    written: list[str] = []
    alike = ""  # the name of the last entry, if that is the same for all questions
    for names, table in tables:
        if names:
            alike, name = "", f"kept_{len(kept)}"
            kept[name] = table
            written.append(f"{name}[{', '.join(map(_path, names))}]")
        elif alike:
            kept[alike] = cast("bytes", kept[alike]) + table[()]
        else:
            alike = f"kept_{len(kept)}"
            kept[alike] = table[()]
            written.append(alike)
    entries = "".join(f"{each}, " for each in written)
    found: LookUp = eval(f"lambda asked, need, person: ({entries})", kept)  # noqa: S307 -- of names in the table
    return found


def _path(name: str) -> str:
    """Write how a fact is read."""
    bearer, *rest = name.split(".")
    if not all(each.isidentifier() for each in (bearer, *rest)):
        raise ValueError("a fact has names of attributes, with dots between")
    return name if bearer in {"need", "person"} else f"asked.{name}"
