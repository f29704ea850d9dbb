"""
Measure speed against the bars: `make bench`, or `make bench ARGS=100000` for directories of these sizes.

Prints a table, writes bench/results.json and draws docs/pictures/matching-growth.svg.
Every row stands beside its peer of the same run, because seconds of another
machine say nothing.
"""

import json
import sys
from dataclasses import asdict
from pathlib import Path

from rich.console import Console

from bench import directory_search, importing, matching_run

RESULTS = Path(__file__).parent / "results.json"


def main() -> None:
    sizes = tuple(map(int, sys.argv[1:])) or matching_run.SIZES
    console = Console(width=150, soft_wrap=True)
    lines, measured = matching_run.run(console, sizes)
    console.print(f"measuring a directory of {sizes[-1]:,} providers …")
    listed = [
        *lines,
        *directory_search.lines(sizes[-1]),
        *importing.lines(),
    ]
    console.print(matching_run.shown(listed))
    document = {"rows": [asdict(row) for row in listed], "sizes": [asdict(each) for each in measured]}
    RESULTS.write_text(json.dumps(document, indent=2) + "\n", encoding="utf-8")


if __name__ == "__main__":
    main()
