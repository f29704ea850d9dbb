"""
Measure speed: `make bench`, or `make bench ARGS=100000` for a directory of that size.

Prints a table and writes bench/results.json. Every row stands beside its peer of
the same run, because seconds of another machine say nothing.
"""

import json
import sys
from pathlib import Path

from rich.console import Console
from rich.table import Table

from bench import matching

RESULTS = Path(__file__).parent / "results.json"
SIZES = (10_000, 100_000)


def main() -> None:
    sizes = tuple(map(int, sys.argv[1:])) or SIZES
    rows = [row for size in sizes for row in matching.measure(size)]
    table = Table("work", "providers", "median ms", "99th ms", "peer", "peer median ms", "times faster")
    for row in rows:
        faster = row.peer_median_ms / row.median_ms
        numbers = (f"{row.median_ms:.2f}", f"{row.ninety_ninth_ms:.2f}", row.peer, f"{row.peer_median_ms:.2f}")
        table.add_row(row.work, f"{row.provider_count:,}", *numbers, f"{faster:.1f}")
    Console(width=120, soft_wrap=True).print(table)
    RESULTS.write_text(json.dumps([row.as_json() for row in rows], indent=2) + "\n", encoding="utf-8")


if __name__ == "__main__":
    main()
