"""
The way to many rows at once: the twins of `reachable`, `lines` and `safety`, held equal to them by a test.

What is seen from a start is worked out once for a question, and forgotten with it.
"""

from collections.abc import Callable
from functools import partial
from typing import Final

import numpy as np
import numpy.typing as npt
import shapely

from services.geo import AreaCell, Gauge, PlaceArray, Point, cell_at, position_of
from services.geo.shadows import Barrier
from services.matching.constraints.envelope import keepout_of, of_cell
from services.matching.constraints.ways import is_parted, reach_mm
from services.matching.index.bits import Mask, Rows, Words, of_rows, rows_of
from services.matching.index.kept import Sets
from services.matching.index.kin import households
from services.matching.index.shelf import NOBODY, Shelf, joined
from services.matching.model.lines import Line
from services.matching.model.request import Asked
from services.matching.model.safety import Keepout
from services.matching.model.verdicts import Verdict

Verdicts = npt.NDArray[np.int8]

_FARTHEST_MM: Final = 20_003_932_000
#: no area that hides a site reaches farther from its centre, in degrees of latitude
_WIDEST_DEG: Final = 1.5
_POLAR_DEG: Final = 80.0  #: beyond that, degrees of longitude say nothing


class Paths:
    """
    The ways of one question, to the rows of any shelf.

    Args:
        asked: The question.

        gauge: Measures from where the person is.
    """

    def __init__(self, asked: Asked, gauge: Gauge) -> None:
        self._asked = asked
        self._gauge = gauge
        self._barriers: dict[str, Barrier] = {}

    def judge(self, name: str, shelf: Shelf, alive: Words, excluded_rows: Callable[[], list[int]]) -> Sets:
        """
        Judge by one of these constraints.

        Args:
            name: Of the constraint.

            shelf: Whose rows.

            alive: Who is left.

            excluded_rows: Gives the rows of the block whom the envelope excludes by id.
        """
        match name:
            case "reachable":
                return self.judge_reachable(shelf, alive)
            case "lines":
                return self.judge_lines(shelf, alive)
            case "together":
                return self.judge_together(shelf)
            case _:
                return self.judge_safety(shelf, alive, shelf.judge_safety(excluded_rows())[0])

    def judge_reachable(self, shelf: Shelf, alive: Words) -> Sets:
        """Judge who can be reached before the deadline."""
        usual_mm, utmost_mm = reach_mm(self._asked)
        beyond_usual, _ = shelf.judge_distance(self._gauge, usual_mm, alive)
        if utmost_mm >= _FARTHEST_MM:
            return None, beyond_usual
        beyond_utmost, _ = shelf.judge_distance(self._gauge, utmost_mm, alive)
        if beyond_usual is None or beyond_utmost is None:
            return NOBODY
        return beyond_utmost, beyond_usual & ~beyond_utmost

    def judge_lines(self, shelf: Shelf, alive: Words) -> Sets:
        """Judge to whom the way crosses no line that is in force."""
        rows = rows_of(alive)
        places = shelf.positions(rows)
        found = np.zeros(len(rows), dtype=np.int8)
        everybody = np.ones(len(rows), dtype=np.bool_)
        for line in self._asked.lines:
            stopped = self._barrier(line).stops(places.longitude_deg, places.latitude_deg)
            parted = _by_cell(places, everybody, partial(_parts, line))
            touched = np.flatnonzero(stopped | (parted != 0))
            if not len(touched):
                continue
            travels_s = self._asked.pace.travels_s(self._asked.mode, shelf.costs_mm(self._gauge, rows[touched]))
            touched = touched[line.is_met(travels_s, now=self._asked.now_time, when=self._asked.when_time)]
            said = np.where(parted[touched] != 0, Verdict.UNKNOWN, Verdict.NO)
            is_graver = found[touched] != Verdict.NO
            found[touched[is_graver]] = said[is_graver]
        return _sets(rows, found, len(shelf))

    def judge_safety(self, shelf: Shelf, alive: Words, excluded: Words | None) -> Sets:
        """Judge whom the envelope allows, given who is excluded by id."""
        keepout, away_from = keepout_of(self._asked), self._asked.envelope.apart
        no, unknown = excluded, None
        if keepout is not None:
            rows = rows_of(alive)
            zoned, unknown = _sets(rows, _in_zones(keepout, shelf.positions(rows)), len(shelf))
            no = joined(no, zoned)
        if away_from:
            no = joined(no, households(shelf).of(away_from))
        return no, (unknown if no is None or unknown is None else unknown & ~no)

    def judge_together(self, shelf: Shelf) -> Sets:
        """Judge where all are with whom the person stays."""
        there = households(shelf)
        return ~np.bitwise_and.reduce([there.of(each) for each in self._asked.envelope.together]), None

    def _barrier(self, line: Line) -> Barrier:
        found = self._barriers.get(line.line_id)
        if found is None:
            found = self._barriers[line.line_id] = Barrier(line.points, position_of(self._asked.origin))
        return found


def _parts(line: Line, cell: AreaCell) -> int:
    return is_parted(line, cell.h3_cell)


def _in_zones(keepout: Keepout, places: PlaceArray) -> Verdicts:
    found = np.where(keepout.ground.forbids(places.longitude_deg, places.latitude_deg), Verdict.NO, Verdict.YES)
    near = _may_touch(keepout, places) & (found == Verdict.YES)
    of_cells = _by_cell(places, near, lambda cell: of_cell(keepout, cell).verdict)
    return np.maximum(found, of_cells).astype(np.int8)


def _may_touch(keepout: Keepout, places: PlaceArray) -> Mask:
    """Say which areas are near enough to a zone to touch one."""
    near = np.abs(places.latitude_deg) > _POLAR_DEG
    shrink = np.cos(np.radians(np.minimum(np.abs(places.latitude_deg) + _WIDEST_DEG, _POLAR_DEG + _WIDEST_DEG)))
    wide_deg = _WIDEST_DEG / shrink
    east_deg = keepout.ground.turned(places.longitude_deg)
    for zone in shapely.get_parts(keepout.ground.zones):
        west, south, east, north = zone.bounds
        near |= (
            (places.latitude_deg >= south - _WIDEST_DEG)
            & (places.latitude_deg <= north + _WIDEST_DEG)
            & (east_deg >= west - wide_deg)
            & (east_deg <= east + wide_deg)
        )
    return near


def _by_cell(places: PlaceArray, asked_for: Mask, judge: Callable[[AreaCell], int]) -> Verdicts:
    """Judge each cell once, for all rows asked for that are areas; others stay 0."""
    found = np.zeros(len(places), dtype=np.int8)
    areas: Rows = np.flatnonzero(asked_for & (places.resolution > 0))
    if len(areas):
        keys = np.column_stack(
            [places.latitude_deg[areas], places.longitude_deg[areas], places.resolution[areas].astype(np.float64)]
        )
        distinct, which = np.unique(keys, axis=0, return_inverse=True)
        cells = [
            cell_at(Point(latitude, longitude), int(resolution))
            for latitude, longitude, resolution in distinct.tolist()
        ]
        found[areas] = np.array([judge(cell) for cell in cells], dtype=np.int8)[which.reshape(-1)]
    return found


def _sets(rows: Rows, found: Verdicts, length: int) -> Sets:
    no, unknown = rows[found == Verdict.NO], rows[found == Verdict.UNKNOWN]
    return (of_rows(no, length) if len(no) else None, of_rows(unknown, length) if len(unknown) else None)
