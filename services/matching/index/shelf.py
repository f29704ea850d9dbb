"""The providers of one service, in an order of their own: judged as sets of bits, measured tile by tile."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from functools import reduce
from typing import Final

import numpy as np
import numpy.typing as npt

from services.geo import Gauge, PlaceArray
from services.matching.constraints.places import may_be_child_alone, wanted_places
from services.matching.constraints.table import Constraint
from services.matching.index.bits import Ecef, Mask, Rows, Words, of_rows, pack
from services.matching.index.bits import rows_of as rows_in
from services.matching.index.facets import Attributes, Column
from services.matching.index.free import FreePlaces, Wanted
from services.matching.index.ground import NOWHERE, Costs, Ground, View, arranged
from services.matching.index.judged import Judged
from services.matching.index.times import Microseconds, Passed
from services.matching.model.provider import Provider
from services.matching.model.request import Asked, TakenPlaces
from services.matching.model.verdicts import YES, Finding, Verdict

_MOST_KEPT: Final = 64  #: sets of a facet on a shelf; beyond that all are forgotten
_FEW_VALUES: Final = 64  #: of a facet on a shelf, of which each gets a set

#: who says no and who is unknown; None for nobody
Sets = tuple[Words | None, Words | None]
NOBODY: Final[Sets] = (None, None)


@dataclass(frozen=True, slots=True)
class Columns:
    """The columns of a block that its shelves share."""

    providers: Sequence[Provider]
    numbers: Mapping[Attributes, Column]  #: by facet
    places: PlaceArray  #: with `NOWHERE` in place of a resolution
    times_us: Mapping[str, Microseconds]  #: by attribute


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
        order = arranged(ecef[rows], columns.places.resolution[rows])
        self.rows: npt.NDArray[np.int32] = rows[order].astype(np.int32)
        self._columns = columns
        claims = [each for each in (is_maybe[order], ~is_maybe[order]) if each.any()]
        self._claimed = [pack(each) for each in claims]
        self._examples = [int(np.argmax(each)) for each in claims]
        self.everybody = pack(np.ones(len(rows), dtype=np.bool_))
        places = columns.places.take(self.rows)
        self.ground = Ground(ecef[self.rows], places)
        is_nowhere = places.resolution == NOWHERE
        self.areas: Words = pack((places.resolution > 0) & ~is_nowhere)  #: confidential sites
        self.nowhere: Words | None = pack(is_nowhere) if is_nowhere.any() else None
        self._begun = Passed(columns.times_us["start_time"][self.rows])
        self._ended = Passed(columns.times_us["end_time"][self.rows])
        self._expired = Passed(columns.times_us["vetting_expire_time"][self.rows])
        self._free = FreePlaces([columns.providers[row] for row in self.rows.tolist()]) if has_places else None
        self._sets: dict[Attributes, dict[bytes, Sets]] = {each: {} for each in columns.numbers}
        self._values: dict[Attributes, Values] = {}  # of those that were asked about
        self._timed: dict[tuple[Attributes, bytes, bytes], tuple[Words, Sets]] = {}
        # what is taken, and what it leaves for a want, of a child alone or not
        self._wanted: tuple[TakenPlaces | None, dict[tuple[Wanted, bool], Sets]] = (None, {})
        self._valid: tuple[Sets, Sets] | None = None
        self._service: tuple[object, Sets, Finding] | None = None

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

    def sets(self, facet: Attributes, tables: Sequence[Judged], when_us: int) -> Sets:
        """
        Say who says no and who is unknown, from what was judged of each value of a facet.

        Args:
            facet: Whose values.

            tables: What was judged; a second one holds for those whose vetting has ended.

            when_us: The time asked for, in microseconds since 1970.
        """
        standing = self._sets_of(facet, tables[0].verdicts)
        if len(tables) == 1:
            return standing
        expired, _ = self._expired.at(when_us)
        if expired is None:
            return standing
        key = facet, tables[0].verdicts, tables[1].verdicts
        known = self._timed.get(key)
        if known is None or known[0] is not expired:
            ended = self._sets_of(facet, tables[1].verdicts)
            either = _either(expired, ended[0], standing[0]), _either(expired, ended[1], standing[1])
            if len(self._timed) >= _MOST_KEPT:
                self._timed.clear()
            known = self._timed[key] = (expired, either)
        return known[1]

    def judge_service(self, constraint: Constraint, asked: Asked) -> tuple[Sets, Finding]:
        """
        Judge the claims, yes or not known, by one who makes each; remembered, since a shelf is of one service.

        Returns:
            The sets, and what is found of all who are unknown.
        """
        if self._service is None or self._service[0] is not asked.need.service:
            findings = [constraint.judge(asked, self.provider(row)) for row in self._examples]
            pairs = list(zip(self._claimed, findings, strict=True))
            no = [each for each, finding in pairs if finding.verdict is Verdict.NO]
            unknown = [each for each, finding in pairs if finding.verdict is Verdict.UNKNOWN]
            sets = reduce(joined, no, None), reduce(joined, unknown, None)
            finding = next((each for each in findings if each.verdict is Verdict.UNKNOWN), YES)
            self._service = asked.need.service, sets, finding
        return self._service[1:]

    def judge_places(self, constraint: Constraint, asked: Asked, alive: Words) -> Sets:
        """Judge the constraint on places by its twin."""
        free = self._free
        if free is None:
            return self.judge_each(constraint, asked, alive)
        wanted = wanted_places(asked)
        if not wanted:
            return NOBODY
        if self._wanted[0] is not asked.taken or len(self._wanted[1]) >= _MOST_KEPT:
            self._wanted = asked.taken, {}
        key = wanted, may_be_child_alone(asked)
        known = self._wanted[1].get(key)
        if known is None:
            found = np.full(len(self), Verdict.UNKNOWN, dtype=np.int8)
            found[free.rows] = free.judge(asked, wanted)
            for row in free.odd:
                found[row] = constraint.judge(asked, self.provider(row)).verdict
            known = self._wanted[1][key] = pack(found == Verdict.NO), pack(found == Verdict.UNKNOWN)
        return known

    def judge_validity(self, when_us: int) -> Sets:
        """Judge who exists at the time asked for: the twin of `record.validity`."""
        to_begin, ended = self._begun.at(when_us)[1], self._ended.at(when_us)[0]
        known = self._valid
        if known is None or known[0][0] is not to_begin or known[0][1] is not ended:
            known = self._valid = (to_begin, ended), (joined(to_begin, ended), None)
        return known[1]

    def judge_distance(self, gauge: Gauge, view: View, max_cost_mm: int, alive: Words) -> Sets:
        """Judge who of those left is within the distance asked for; who is nowhere is gone already."""
        inside, near, unsure = view.within(max_cost_mm, alive)
        if len(unsure):
            near = np.concatenate([near, unsure[self.costs_mm(gauge, unsure) <= max_cost_mm]])
        if len(near):
            inside |= of_rows(near, len(self))
        return ~inside, None

    def judge_safety(self, excluded_rows: Sequence[int]) -> Sets:
        """Judge whom the safety envelope excludes by id, given their rows of the block."""
        if not excluded_rows:
            return NOBODY
        rows = self.places_of(np.array(excluded_rows, dtype=np.intp))
        return (of_rows(rows, len(self)) if len(rows) else None), None

    def judge_each(self, constraint: Constraint, asked: Asked, alive: Words) -> Sets:
        """Judge those who are left one by one: right for any constraint, and slow."""
        verdicts = np.zeros(len(self), dtype=np.int8)
        for row in rows_in(alive):
            verdicts[row] = constraint.judge(asked, self.provider(int(row))).verdict
        return pack(verdicts == Verdict.NO), pack(verdicts == Verdict.UNKNOWN)

    def positions(self, rows: Rows) -> PlaceArray:
        """Say where rows of the shelf are."""
        return self._columns.places.take(self.rows[rows])

    def costs_mm(self, gauge: Gauge, rows: Rows) -> Costs:
        """Measure rows of the shelf, in whole millimetres."""
        return gauge.costs_mm(self._columns.places.take(self.rows[rows]))

    def _sets_of(self, facet: Attributes, verdicts: bytes) -> Sets:
        kept = self._sets[facet]
        known = kept.get(verdicts)
        if known is None:
            values = self._values.get(facet)
            if values is None:
                values = self._values[facet] = Values(self._columns.numbers[facet][self.rows])
            if len(kept) >= _MOST_KEPT:
                kept.clear()
            table = np.frombuffer(verdicts, dtype=np.int8)
            known = kept[verdicts] = values.where(table == Verdict.NO), values.where(table == Verdict.UNKNOWN)
        return known


class Values:
    """
    The numbers that rows have of one facet: who has which, as a set for each.

    Args:
        column: The numbers.
    """

    def __init__(self, column: Column) -> None:
        self._numbers = np.unique(column)
        self._column: Column | None = column
        if len(self._numbers) <= _FEW_VALUES:
            has = column[None, :] == self._numbers[:, None]
            self._sets = np.concatenate([pack(each) for each in has]).reshape(len(has), -1)
            self._column = None

    def where(self, is_meant: Mask) -> Words | None:
        """Say who has one of some numbers; None for nobody."""
        if self._column is not None:
            found = is_meant[self._column]
            return pack(found) if found.any() else None
        chosen = np.flatnonzero(is_meant[self._numbers])
        return np.bitwise_or.reduce(self._sets[chosen], axis=0) if len(chosen) else None


def joined(one: Words | None, other: Words | None) -> Words | None:
    if one is None or other is None:
        return other if one is None else one
    return one | other


def _either(which: Words, one: Words | None, other: Words | None) -> Words | None:
    """Take one set inside `which`, and the other outside."""
    return joined(None if one is None else one & which, None if other is None else other & ~which)
