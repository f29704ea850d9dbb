"""
Measure speed against the bars: `make bench`, or `make bench ARGS=100000` for directories of these sizes.

Prints a table, writes bench/results.json and draws docs/pictures/matching-growth.svg.
Every row stands beside its peer of the same run, because seconds of another
machine say nothing.
"""

import asyncio
import gc
import json
import sys
from dataclasses import asdict
from pathlib import Path

from rich.console import Console
from rich.table import Table

from bench import directory_search, growth, importing, matching, planning, postgis, rows, serving

RESULTS = Path(__file__).parent / "results.json"
SIZES = (10_000, 100_000, 1_000_000)
SERVED = 100_000


def main() -> None:
    sizes = tuple(map(int, sys.argv[1:])) or SIZES
    console = Console(width=150, soft_wrap=True)
    measured, peers, served = [], [], None
    for size in sizes:
        console.print(f"measuring {size:,} providers …")
        each, snapshot = matching.measure(size)
        measured.append(each)
        if size == min(SERVED, sizes[-1]):
            served = asyncio.run(serving.measure(snapshot))
        if size == sizes[-1]:
            peers.append(postgis.measure(snapshot))
        del snapshot
        gc.unfreeze()
        gc.collect()
    console.print(f"measuring a directory of {sizes[-1]:,} providers …")
    listed = [
        *rows.of(measured, served, peers[-1]),
        *directory_search.lines(sizes[-1]),
        *importing.lines(),
        *planning.lines(),
    ]
    table = Table("work", "bar", "figure", "peer", "peer's figure", "ratio", "holds")
    for row in listed:
        table.add_row(row.work, row.bar, row.figure, row.peer, row.peer_figure, row.ratio, row.holds)
    console.print(table)
    if len(sizes) > 1:
        growth.draw(measured)
    document = {"rows": [asdict(row) for row in listed], "sizes": [asdict(each) for each in measured]}
    RESULTS.write_text(json.dumps(document, indent=2) + "\n", encoding="utf-8")


if __name__ == "__main__":
    main()
