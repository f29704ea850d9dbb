"""
Write columns of a thousand rows as PostgreSQL's arrays, as text.

The driver looks at every value of a list twice to find its type; here the type is
known and stands in the statement, so that an import spends its time on its rows.
"""

from collections.abc import Iterable
from datetime import datetime

Value = str | bytes | int | float | bool | datetime | None


def array(values: Iterable[Value]) -> str:
    """
    Write values as one array; cast it to its type in the statement, `%(names)s::text[]`.

    Texts may hold anything but U+0000, which PostgreSQL cannot keep.
    """
    elements = [
        f'"{value}"' if type(value) is str and '"' not in value and "\\" not in value else _element(value)
        for value in values
    ]
    return "{" + ",".join(elements) + "}"


def _element(value: Value) -> str:
    if value is None:
        return "NULL"
    if isinstance(value, str):
        if "\\" in value or '"' in value:
            value = value.replace("\\", "\\\\").replace('"', '\\"')
        return f'"{value}"'
    if isinstance(value, bytes):
        return f'"\\\\x{value.hex()}"'
    if isinstance(value, datetime):
        return f'"{value.isoformat()}"'
    return "true" if value is True else "false" if value is False else str(value)
