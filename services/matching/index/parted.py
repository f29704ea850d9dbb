"""
Which areas of a shelf a line goes through: found once somebody asks, and kept with the shelf.

That is the same whoever asks, and from wherever: nothing here tells who asked.
"""

from typing import Final
from weakref import WeakKeyDictionary

import numpy as np

from services.geo import AreaCell, Point
from services.matching.constraints.ways import is_parted
from services.matching.index.bits import Words, of_rows
from services.matching.index.shelf import Shelf
from services.matching.index.skyline import NOBODY_ASIDE
from services.matching.model.lines import Line

_MOST_KEPT: Final = 1024  #: lines of a shelf; beyond that all are forgotten
_ANYWHERE: Final = Point(0.0, 0.0)

_KNOWN: "WeakKeyDictionary[Shelf, dict[str, tuple[Line, Words]]]" = WeakKeyDictionary()


def parted(shelf: Shelf, line: Line) -> Words:
    """Say which areas of a shelf a line goes through; `NOBODY_ASIDE` for none. Not to be written to."""
    kept = _KNOWN.setdefault(shelf, {})
    known = kept.get(line.line_id)
    if known is None or known[0] is not line:
        if len(kept) >= _MOST_KEPT:
            kept.clear()
        known = kept[line.line_id] = line, _parted(shelf, line)
    return known[1]


def _parted(shelf: Shelf, line: Line) -> Words:
    edges = line.seen_from(_ANYWHERE)
    boxes = np.concatenate([np.minimum(edges[:, :2], edges[:, 2:]), np.maximum(edges[:, :2], edges[:, 2:])], axis=1)
    rows = [row for row in shelf.plane.near(shelf.areas, _ANYWHERE, boxes).tolist() if _goes_through(line, shelf, row)]
    return of_rows(np.array(rows, dtype=np.intp), len(shelf)) if rows else NOBODY_ASIDE


def _goes_through(line: Line, shelf: Shelf, row: int) -> bool:
    place = shelf.provider(row).place
    return isinstance(place, AreaCell) and is_parted(line, place.h3_cell)
