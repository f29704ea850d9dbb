"""
The way to many rows at once: the twins of `reachable`, `lines` and `safety`, held equal to them by a test.

What is seen from a start is worked out once for a question, and forgotten with it.
"""

from collections.abc import Callable
from math import inf
from typing import Final

import numpy as np

from services.geo import AreaCell, Gauge, Place, position_of
from services.matching.constraints.envelope import keepout_of, of_cell
from services.matching.constraints.ways import reach_mm
from services.matching.index.bits import Words, of_rows
from services.matching.index.kept import Sets
from services.matching.index.parted import parted
from services.matching.index.sectors import Sight, sight_of
from services.matching.index.shelf import Shelf
from services.matching.index.skyline import behind
from services.matching.index.values import joined
from services.matching.model.lines import ALWAYS, Line, Span
from services.matching.model.request import Asked
from services.matching.model.safety import Keepout
from services.matching.model.verdicts import Verdict

_FARTHEST_MM: Final = 20_003_932_000


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
        self._start = position_of(asked.origin)
        self._lines: list[tuple[Line, tuple[Span, ...], Sight]] | None = None
        self._zones: Sight | None = None

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
        if beyond_usual is None or utmost_mm >= _FARTHEST_MM:
            return None, beyond_usual
        beyond_utmost, _ = shelf.judge_distance(self._gauge, utmost_mm, beyond_usual)
        return beyond_utmost, (beyond_usual if beyond_utmost is None else beyond_usual ^ beyond_utmost)

    def judge_lines(self, shelf: Shelf, alive: Words) -> Sets:
        """Judge to whom the way crosses no line that is in force."""
        no, unknown = None, None
        for line, spans, sight in self._seen_lines():
            through = parted(shelf, line)
            found, met_count, unsure_count = behind(sight, alive, shelf.plane, through)
            if spans != ALWAYS and (met_count or unsure_count):
                found &= self._met(shelf, found[0] | found[1], spans)
            if met_count:
                no = joined(no, found[0])
            if unsure_count:
                unknown = joined(unknown, found[1])
        return no, (unknown if no is None or unknown is None else unknown & ~no)

    def judge_safety(self, shelf: Shelf, alive: Words, excluded: Words | None) -> Sets:
        """Judge whom the envelope allows, given who is excluded by id."""
        keepout, away_from = keepout_of(self._asked), self._asked.envelope.apart
        no, unknown = excluded, None
        if keepout is not None:
            zoned, unknown = self._judge_zones(keepout, shelf, alive)
            no = joined(no, zoned)
        if away_from:
            no = joined(no, shelf.judge_kin(away_from))
        return no, (unknown if no is None or unknown is None else unknown & ~no)

    def judge_together(self, shelf: Shelf) -> Sets:
        """Judge where all are with whom the person stays."""
        everywhere = shelf.everybody
        for each in self._asked.envelope.together:
            there = shelf.judge_kin(each)
            if there is None:
                return shelf.everybody, None
            everywhere = everywhere & there
        return ~everywhere, None

    def _seen_lines(self) -> list[tuple[Line, tuple[Span, ...], Sight]]:
        """List the lines that can stop anybody at the time asked for, as they are seen from the start."""
        if self._lines is None:
            now, when = self._asked.now_time, self._asked.when_time
            in_force = [(each, each.spans(now=now, when=when)) for each in self._asked.lines]
            self._lines = [
                (line, spans, sight_of(line.seen_from(self._start), self._start)) for line, spans in in_force if spans
            ]
        return self._lines

    def _met(self, shelf: Shelf, among: Words, spans: tuple[Span, ...]) -> Words:
        """Say to whom of a set the way takes so long."""
        met = None
        for more_s, most_s in spans:
            longer = self._longer(shelf, among, more_s)
            met = joined(met, longer if most_s == inf else longer & ~self._longer(shelf, among, most_s))
        assert met is not None, "there are spans"  # noqa: S101
        return met

    def _longer(self, shelf: Shelf, among: Words, seconds: float) -> Words:
        """Say to whom of a set the way takes longer: a time is a distance."""
        if seconds < 0.0:
            return among
        beyond, _ = shelf.judge_distance(self._gauge, self._asked.pace.longest_mm(self._asked.mode, seconds), among)
        return np.zeros_like(among) if beyond is None else beyond

    def _judge_zones(self, keepout: Keepout, shelf: Shelf, alive: Words) -> Sets:
        """Judge who is in no zone and behind none; of an area whose centre is free, how much of it zones hold."""
        ground = keepout.ground
        if self._zones is None:
            self._zones = sight_of(ground.edges, ground.start, is_entered=True)
        found, met_count, _ = behind(self._zones, alive, shelf.plane)
        no = found[0] if met_count else None
        held: list[int] = []
        touched: list[int] = []
        rest = alive if no is None else alive & ~no
        for row in shelf.plane.near(rest, ground.start, ground.boxes).tolist():
            verdict = _in_zones(keepout, shelf.provider(row).place)
            if verdict is not Verdict.YES:
                (held if verdict is Verdict.NO else touched).append(row)
        if held:
            no = joined(no, of_rows(np.array(held), len(shelf)))
        return no, (of_rows(np.array(touched), len(shelf)) if touched else None)


def _in_zones(keepout: Keepout, place: Place | None) -> Verdict:
    """Judge a place to which the way enters no zone."""
    if isinstance(place, AreaCell):
        return Verdict.NO if keepout.ground.holds(place.centre) else of_cell(keepout, place).verdict
    return Verdict.NO if place is not None and keepout.ground.holds(place) else Verdict.YES
