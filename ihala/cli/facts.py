"""Say facts of an offer in words: what a person at a desk reads, instead of a program's values."""

from collections.abc import Mapping
from datetime import datetime
from enum import Enum
from typing import Any

from ihala.cli.output import local_text


def said(facts: Mapping[str, Any]) -> str:
    """Write facts by name in one line, for example `age 15 to 17, languages ti, unaccompanied`."""
    return ", ".join(_fact(name, value) for name, value in facts.items())


def shown(value: Any) -> str:
    """Write one value: a time, a code, a list, or facts by name; nothing for what is not there."""
    match value:
        case None:
            return ""
        case datetime():
            return local_text(value)
        case Enum():
            return str(value.value)
        case Mapping():
            return said({name: each for name, each in value.items() if each not in (None, "", {}, [], ())})
        case _:
            return str(value)


def _fact(name: str, value: Any) -> str:
    match value:
        case (int() | None as youngest, int() | None as oldest):  # a range of ages; an open end is said by its sign
            ends = [str(end) for end in dict.fromkeys(value) if end is not None]
            sign = "at least " if oldest is None else "at most " if youngest is None else ""
            return f"{name} {sign}{' to '.join(ends)}"
        case list() | tuple():
            return f"{name} {', '.join(str(each) for each in value)}"
        case bool():
            return name if value else f"not {name}"
        case _:
            return f"{name} {shown(value)}"
