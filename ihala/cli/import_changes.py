"""Show what a dry run of an import would do: which records, and which of their fields."""

from collections.abc import Mapping, Sequence
from typing import Any, Final

from rich.console import Console

from ihala.cli.output import a_table, add_row

SHOWN: Final = 20  #: in the table; JSON has all


def changes_document(report: Any) -> list[dict[str, Any]]:
    """Write the changes of a report; one that is no dry run has none."""
    return [
        {
            "row": each.row_number or None,
            "source_key": each.source_key,
            "provider_id": each.provider_id,
            "outcome": each.outcome.lower(),
            "fields": each.fields,
        }
        for each in getattr(report, "changes", ())
    ]


def show_changes(console: Console, changes: Sequence[Mapping[str, Any]]) -> None:
    """Print the first of them for people."""
    if not changes:
        return
    table = a_table("row#", "key", "would be", "fields")
    for each in changes[:SHOWN]:
        add_row(table, each["row"] or "", each["source_key"], each["outcome"], ", ".join(each["fields"]))
    console.print(table)
    if len(changes) > SHOWN:
        console.print(f"… and {len(changes) - SHOWN} more; --format json has all")
