"""How much of an untrusted file is read: what the reader's process may use, and what a file may be made of."""

from dataclasses import dataclass
from pathlib import Path

from services.directory.model import refuse
from services.errors import InvalidInput, Reason

MEGABYTE = 1_048_576


@dataclass(frozen=True, slots=True, kw_only=True)
class Limits:
    """What is too much; the defaults are far above real sources, and far below what hurts."""

    megabytes: int = 64  #: of each file, as it lies there
    rows: int = 200_000  #: of all files together
    columns: int = 1000
    depth: int = 64  #: of objects and lists inside each other, in JSON
    archive_entries: int = 1000  #: of a workbook, which is a zip
    archive_ratio: int = 100  #: between what a zip says that it holds and its own size
    memory_megabytes: int = 2048  #: of addresses, of the reader's process
    cpu_s: int = 300  #: of the reader's process
    silence_s: int = 120  #: for which the reader's process may say nothing while it is waited for


def too_large(rule: str) -> InvalidInput:
    """Make the error of a file that is too much."""
    return refuse("file", rule, Reason.TOO_LARGE)


def check_size(path: Path, limits: Limits) -> None:
    """
    Check that a path is a plain file, and not too large.

    Raises:
        InvalidInput: it is a folder, a pipe or a device, or larger than the limit.
    """
    try:
        is_plain, size = path.is_file(), path.stat().st_size
    except (OSError, ValueError):
        is_plain, size = False, 0
    if not is_plain:
        raise refuse("file", "must be a file that can be read")
    if size > limits.megabytes * MEGABYTE:
        raise too_large(f"must have at most {limits.megabytes} megabytes")


def check_columns(count: int, limits: Limits) -> None:
    """Check how many columns a table has."""
    if count > limits.columns:
        raise too_large(f"must have at most {limits.columns} columns")


def check_rows(count: int, limits: Limits) -> None:
    """Check how many rows a file has."""
    if count > limits.rows:
        raise too_large(f"must have at most {limits.rows} rows")


def check_depth(document: object, limits: Limits) -> None:
    """Check how deep objects and lists lie inside each other; no recursion, whatever the depth."""
    level = [document]
    for _ in range(limits.depth + 1):
        level = [
            inner
            for outer in level
            for inner in (outer.values() if isinstance(outer, dict) else outer if isinstance(outer, list) else ())
            if isinstance(inner, dict | list)
        ]
        if not level:
            return
    raise too_large(f"must not have objects and lists more than {limits.depth} deep")
