"""The providers of one service, in an order of their own: judged as sets of bits, measured stretch by stretch."""

from collections.abc import Hashable, Mapping, Sequence
from dataclasses import dataclass
from functools import reduce
from itertools import pairwise
from typing import Final

import numpy as np

from services.geo import Gauge, PlaceArray
from services.matching.constraints.table import Constraint
from services.matching.index.bits import Mask, Rows, Words, mask_of, of_rows, pack
from services.matching.index.bits import rows_of as rows_in
from services.matching.index.facets import Attributes, Column
from services.matching.index.free import FreePlaces
from services.matching.index.ground import Costs, Ecef, Stretch
from services.matching.index.judged import Judged
from services.matching.index.times import Microseconds, Passed, microseconds
from services.matching.model.provider import Provider
from services.matching.model.request import Asked
from services.matching.model.verdicts import Verdict

NOWHERE: Final = 127  #: in place of a resolution: the position is not known
_FEW: Final = 2048  #: survivors that are listed and measured outright
_OUTRIGHT: Final = 32  #: so many are measured without narrowing first
_MOST_KEPT: Final = 512  #: answers of a shelf; beyond that all are forgotten

#: who says no and who is unknown; None for nobody
Sets = tuple[Words | None, Words | None]
NOBODY: Final[Sets] = (None, None)


@dataclass(frozen=True, slots=True)
class Columns:
    """The columns of a block that its shelves share."""

    providers: tuple[Provider, ...]
    numbers: Mapping[Attributes, Column]  #: by facet
    places: PlaceArray  #: with `NOWHERE` in place of a resolution
    times_us: Mapping[str, Microseconds]  #: by attribute


@dataclass(frozen=True, slots=True)
class Found:
    """What a constraint says of a shelf for one kind of question: who says no, and who is unknown."""

    tables: Sequence[Judged]
    standing: Sets
    ended: Sets | None  #: the same for those whose vetting has ended, where that counts


class Shelf:
    """
    Some rows of a block: those that claim a service, or of which nobody knows whether they offer it.

    Args:
        columns: Of the block.

        rows: Rows of the block, ascending.

        is_maybe: For each of them, whether the claim is unknown.

        ecef: Earth-centred coordinates of the block's rows, in metres.

        has_places: Whether places of the service are counted.
    """

    def __init__(self, columns: Columns, rows: Rows, is_maybe: Mask, ecef: Ecef, *, has_places: bool) -> None:
        order = np.argsort(columns.places.resolution[rows], kind="stable")
        self.rows: Rows = rows[order]
        self._columns = columns
        claims = [each for each in (is_maybe[order], ~is_maybe[order]) if each.any()]
        self._claimed = [pack(each) for each in claims]
        self._examples = [int(np.argmax(each)) for each in claims]
        self.everybody = pack(np.ones(len(rows), dtype=np.bool_))
        resolutions = columns.places.resolution[self.rows]
        starts = [0, *(np.flatnonzero(np.diff(resolutions)) + 1).tolist(), len(rows)] if len(rows) else [0]
        self._stretches: list[Stretch] = []
        self.nowhere: Words | None = None
        for first, end in pairwise(starts):
            resolution, at = int(resolutions[first]), self.rows[first:end]
            if resolution == NOWHERE:
                self.nowhere = of_rows(np.arange(first, end), len(rows))
            else:
                self._stretches.append(Stretch(first, resolution, ecef[at], columns.places.take(at)))
        self._begun = Passed(columns.times_us["start_time"][self.rows])
        self._ended = Passed(columns.times_us["end_time"][self.rows])
        self._expired = Passed(columns.times_us["vetting_expire_time"][self.rows])
        self._free = FreePlaces([columns.providers[row] for row in self.rows]) if has_places else None
        self._sets: dict[tuple[Attributes, bytes], Sets] = {}
        self._found: dict[tuple[str, Hashable], Found] = {}

    def __len__(self) -> int:
        return len(self.rows)

    def provider(self, row: int) -> Provider:
        """Look up who stands in a row."""
        return self._columns.providers[int(self.rows[row])]

    def places_of(self, block_rows: Rows) -> Rows:
        """Find the rows of the shelf for those of the block that are on it."""
        if not len(block_rows):
            return block_rows
        return np.flatnonzero(np.isin(self.rows, block_rows))

    def find(self, name: str, key: Hashable) -> Found | None:
        """Look up what a constraint said for this kind of question."""
        return self._found.get((name, key))

    def keep(self, name: str, key: Hashable, facet: Attributes, tables: Sequence[Judged]) -> Found:
        """Work out who says no and who is unknown from what was judged of each value, and remember it."""
        sets = [self._sets_of(facet, each.verdicts) for each in tables]
        found = Found(tables, sets[0], sets[1] if len(sets) > 1 else None)
        if key is not None:
            if len(self._found) >= _MOST_KEPT:
                self._found.clear()
            self._found[name, key] = found
        return found

    def sets(self, found: Found, asked: Asked) -> Sets:
        """Say who says no and who is unknown at the time asked for."""
        if found.ended is None:
            return found.standing
        expired, _ = self._expired.at(microseconds(asked.when_time))
        if expired is None:
            return found.standing
        return _either(expired, found.ended[0], found.standing[0]), _either(expired, found.ended[1], found.standing[1])

    def judge_service(self, constraint: Constraint, asked: Asked) -> Sets:
        """Judge the claims, yes or not known, by one who makes each."""
        findings = [constraint.judge(asked, self.provider(row)) for row in self._examples]
        pairs = list(zip(self._claimed, findings, strict=True))
        no = [each for each, finding in pairs if finding.verdict is Verdict.NO]
        unknown = [each for each, finding in pairs if finding.verdict is Verdict.UNKNOWN]
        return reduce(_joined, no, None), reduce(_joined, unknown, None)

    def judge_places(self, constraint: Constraint, asked: Asked, alive: Words) -> Sets:
        """Judge the constraint on places by its twin."""
        free = self._free
        if free is None:
            return self.judge_each(constraint, asked, alive)
        verdicts = free.judge(asked)
        if verdicts is None:
            return NOBODY
        found = np.full(len(self), Verdict.UNKNOWN, dtype=np.int8)
        found[free.rows] = verdicts
        for row in free.odd:
            found[row] = constraint.judge(asked, self.provider(row)).verdict
        return pack(found == Verdict.NO), pack(found == Verdict.UNKNOWN)

    def judge_validity(self, asked: Asked) -> Sets:
        """Judge who exists at the time asked for: the twin of `record.validity`."""
        when_us = microseconds(asked.when_time)
        _, to_begin = self._begun.at(when_us)
        ended, _ = self._ended.at(when_us)
        return _joined(to_begin, ended), None

    def judge_distance(self, gauge: Gauge, asked: Asked, alive: Words, left: int) -> Sets:
        """Judge who of those left is within the distance asked for; who is nowhere is gone already."""
        if asked.max_cost_mm is None:
            return NOBODY
        rows = rows_in(alive) if left <= _FEW else None
        reached: list[Rows] = [np.empty(0, dtype=np.intp)]
        for each in self._stretches:
            inside = None if rows is None else self._inside(each, rows)
            if inside is None or len(inside):
                reached.append(each.within(gauge, asked.max_cost_mm, inside))
        return ~of_rows(np.concatenate(reached), len(self)), None

    def judge_safety(self, excluded_rows: Sequence[int]) -> Sets:
        """Judge whom the safety envelope excludes by id, given their rows of the block."""
        rows = self.places_of(np.array(excluded_rows, dtype=np.intp))
        return (of_rows(rows, len(self)) if len(rows) else None), None

    def judge_each(self, constraint: Constraint, asked: Asked, alive: Words) -> Sets:
        """Judge those who are left one by one: right for any constraint, and slow."""
        verdicts = np.zeros(len(self), dtype=np.int8)
        for row in rows_in(alive):
            verdicts[row] = constraint.judge(asked, self.provider(int(row))).verdict
        return pack(verdicts == Verdict.NO), pack(verdicts == Verdict.UNKNOWN)

    def nearest(self, gauge: Gauge, among: Words, count: int, limit: int) -> list[tuple[int, int]]:
        """
        Choose the nearest of a set of those that have a place.

        Returns:
            At most `limit` costs in whole millimetres and rows, by cost and then by id.
        """
        if not count:
            return []
        rows = rows_in(among) if count <= max(_FEW, limit) else None
        if rows is not None and count <= limit + _OUTRIGHT:
            costs = gauge.costs_mm(self._columns.places.take(self.rows[rows]))
        else:
            costs, rows = self._narrowed(gauge, among, rows, count, limit)
        order = np.lexsort((self.rows[rows], costs))[:limit]  # rows of the block are in the order of ids
        return list(zip(costs[order].tolist(), rows[order].tolist(), strict=True))

    def _narrowed(self, gauge: Gauge, among: Words, rows: Rows | None, count: int, limit: int) -> tuple[Costs, Rows]:
        """Measure those that can be among the nearest, stretch by stretch; a few areas outright."""
        mask = mask_of(among, len(self)) if rows is None and len(self._stretches) > 1 else None
        found: list[tuple[Costs, Rows]] = []
        outright: list[Rows] = []
        for each in self._stretches:
            end = each.first + len(each)
            inside = None if rows is None else self._inside(each, rows)
            if mask is not None and each.resolution:
                inside = each.first + np.flatnonzero(mask[each.first : end])
            if inside is not None:
                held = len(inside)
            else:
                held = count if mask is None else int(np.count_nonzero(mask[each.first : end]))
            if inside is not None and held <= _OUTRIGHT:
                outright.append(inside)
            elif held:
                found.append(each.nearest(gauge, among, inside, held, limit))
        if outright:
            listed = np.concatenate(outright)
            found.append((gauge.costs_mm(self._columns.places.take(self.rows[listed])), listed))
        return np.concatenate([costs for costs, _ in found]), np.concatenate([each for _, each in found])

    @staticmethod
    def _inside(stretch: Stretch, rows: Rows) -> Rows:
        return rows[slice(*np.searchsorted(rows, (stretch.first, stretch.first + len(stretch))))]

    def _sets_of(self, facet: Attributes, verdicts: bytes) -> Sets:
        known = self._sets.get((facet, verdicts))
        if known is None:
            column: Column = self._columns.numbers[facet][self.rows]
            of_row = np.frombuffer(verdicts, dtype=np.int8)[column]
            no, unknown = of_row == Verdict.NO, of_row == Verdict.UNKNOWN
            known = (pack(no) if no.any() else None, pack(unknown) if unknown.any() else None)
            if len(self._sets) >= _MOST_KEPT:
                self._sets.clear()
            self._sets[facet, verdicts] = known
        return known


def _joined(one: Words | None, other: Words | None) -> Words | None:
    if one is None or other is None:
        return other if one is None else one
    return one | other


def _either(which: Words, one: Words | None, other: Words | None) -> Words | None:
    """Take one set inside `which`, and the other outside."""
    return _joined(None if one is None else one & which, None if other is None else other & ~which)
