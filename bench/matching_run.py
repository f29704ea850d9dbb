"""
Measure matching alone: `make bench-matching`, or with ARGS=100000 for directories of these sizes.

With all sizes it also draws docs/pictures/matching-growth.svg and renews the
table in docs/performance.md.
"""

import gc
import sys
from collections.abc import Sequence
from datetime import UTC, datetime
from os import cpu_count, getloadavg
from pathlib import Path

import uvloop
from rich.console import Console
from rich.table import Table

from bench import explaining, growth, matching, planning, postgis, rows, serving
from bench.matching import Measured
from bench.rows import Line
from bench.serving import Served
from services.matching.__main__ import tune

SIZES = (10_000, 100_000, 1_000_000)
SERVED = 100_000
PAGE = Path(__file__).parent.parent / "docs" / "performance.md"
BEGIN, END = "<!-- matching: written by make bench-matching -->", "<!-- end -->"


def run(console: Console, sizes: Sequence[int]) -> tuple[list[Line], list[Measured]]:
    """Measure directories of some sizes; all sizes renew the page."""
    measured, peer, served = [], postgis.Peer(mean_ms=None), list[Served]()
    why: list[Line] = []
    load = getloadavg()[0]
    tune()  # as the service does
    for size in sizes:
        console.print(f"measuring {size:,} providers …")
        each, snapshot = matching.measure(size)
        measured.append(each)
        if size == min(SERVED, sizes[-1]):
            for knows_languages in (False, True):  # under the loop that the service has
                served.append(uvloop.run(serving.measure(snapshot, knows_languages=knows_languages)))
            why = explaining.lines(explaining.measure(snapshot))
        if size == sizes[-1]:
            peer = postgis.measure(snapshot)
        del snapshot
        gc.unfreeze()
        gc.collect()
    lines = [*rows.of(measured, served, peer), *why, *planning.lines()]
    if tuple(sizes) == SIZES:
        growth.draw(measured)
        renew(lines, load)
    return lines, measured


def shown(lines: Sequence[Line]) -> Table:
    """Lay rows out as a table."""
    table = Table("work", "bar", "figure", "peer", "peer's figure", "ratio", "holds")
    for row in lines:
        table.add_row(row.work, row.bar, row.figure, row.peer, row.peer_figure, row.ratio, row.holds)
    return table


def renew(lines: Sequence[Line], load: float) -> None:
    """Write the rows between the two marks of the page."""
    page = PAGE.read_text(encoding="utf-8")
    before, _, rest = page.partition(BEGIN)
    after = rest.partition(END)[2]
    when = datetime.now(UTC).date()
    told = f"One run of {when} on {cpu_count()} processors, with a load of {load:.1f} when it began."
    listed = ["| work | bar | figure | peer of the same run | ratio | holds |", "| --- | --- | --- | --- | --- | --- |"]
    listed += [
        f"| {each.work} | {each.bar} | {each.figure} | {f'{each.peer} {each.peer_figure}'.strip()} "
        f"| {each.ratio} | {each.holds} |"
        for each in lines
    ]
    PAGE.write_text(f"{before}{BEGIN}\n{told}\n\n{chr(10).join(listed)}\n{END}{after}", encoding="utf-8")


if __name__ == "__main__":
    screen = Console(width=150, soft_wrap=True)
    screen.print(shown(run(screen, tuple(map(int, sys.argv[1:])) or SIZES)[0]))
