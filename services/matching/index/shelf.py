"""The providers of one service, in an order of their own: judged as sets of bits, measured tile by tile."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from functools import reduce
from typing import Final

import numpy as np
import numpy.typing as npt

from services.geo import Gauge, PlaceArray
from services.matching.constraints.places import may_be_child_alone, wanted_places
from services.matching.constraints.table import PLACES, Constraint
from services.matching.index import measuring, passes
from services.matching.index.answers import Answer, Answers
from services.matching.index.bits import Ecef, Mask, Rows, Words, of_rows, pack
from services.matching.index.bits import rows_of as rows_in
from services.matching.index.facets import PLACE_OF, Attributes, Column, Table
from services.matching.index.facts import Facts
from services.matching.index.free import FreePlaces, Wanted
from services.matching.index.ground import NOWHERE, Ground, arranged
from services.matching.index.kept import Kept, Said, Sets, Times
from services.matching.index.kin import Hashes, Names
from services.matching.index.measuring import Costs, Numbers
from services.matching.index.plane import plane_of
from services.matching.index.times import Microseconds, Passed
from services.matching.model.provider import Provider
from services.matching.model.request import Asked, TakenPlaces
from services.matching.model.safety import Kin
from services.matching.model.verdicts import YES, Finding, Verdict
from services.taxonomy import Service

_MOST_KEPT: Final = 64  #: wants of places; beyond that all are forgotten
_FEW_VALUES: Final = 64  #: of a facet on a shelf, of which each gets a set

NOBODY: Final[Sets] = (None, None)


@dataclass(frozen=True, slots=True)
class Columns:
    """The columns of a block that its shelves share."""

    providers: Sequence[Provider]
    table: Table  #: the numbers of facets
    facts: Facts
    places: PlaceArray  #: with `NOWHERE` in place of a resolution
    times_us: Mapping[str, Microseconds]  #: by attribute
    kin: Hashes  #: of what providers share

    def numbers(self, facet: Attributes) -> Column:
        """Say which number each provider has of a facet."""
        column: Column = self.table[:, PLACE_OF[facet]]
        return column


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
        self.plane = plane_of(places)
        is_nowhere = places.resolution == NOWHERE
        self.areas: Words = pack((places.resolution > 0) & ~is_nowhere)  #: confidential sites
        self.nowhere: Words | None = pack(is_nowhere) if is_nowhere.any() else None
        self._begun = Passed(columns.times_us["start_time"][self.rows])
        self._ended = Passed(columns.times_us["end_time"][self.rows])
        self._expired = Passed(columns.times_us["vetting_expire_time"][self.rows])
        self._free = FreePlaces([columns.providers[row] for row in self.rows.tolist()]) if has_places else None
        self._values: dict[Attributes, Values] = {}  # of those that were asked about
        self._names: Names | None = None  # made once somebody asks
        self._kept: Kept | None = None
        # what is taken, and what it leaves for a want, of a child alone or not
        self._wanted: tuple[TakenPlaces | None, dict[tuple[Wanted, bool], Sets]] = (None, {})

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

    def kept(self, service: Service, answers: Answers) -> Kept:
        """Find what is kept of the answers to questions about a service; one question uses the same throughout."""
        kept = self._kept
        if kept is None or kept.is_full or kept.service is not service or kept.answers is not answers:
            kept = self._kept = Kept(len(self.everybody), service, answers)
        return kept

    def times_at(self, when_us: int) -> Times:
        """Say how many have begun, ended and lost their vetting by a time: what is kept holds as long as they do."""
        return self._begun.count(when_us), self._ended.count(when_us), self._expired.count(when_us)

    def said(self, kept: Kept, answer: Answer, asked: Asked, times: Times) -> Said:
        """
        Find what an answer says of this shelf.

        Args:
            kept: Where its sets go.

            answer: What a constraint says.

            asked: A question that it answers.

            times: Of `times_at`.
        """
        constraint, facet = answer.constraint, answer.facet
        rest = constraint.excludes(kept.service), PLACES[constraint.name]
        if facet is not None:
            tables = kept.answers.judged(answer, asked)
            numbers = self.sets_of(kept, facet, [each.verdicts for each in tables], times[2])
            return Said(*numbers, *rest, PLACE_OF[facet], *[each.begin for each in tables])
        match constraint.name:
            case "service":
                sets, finding = self._judge_service(constraint, asked)
                return Said(*kept.place(sets), *rest, mark=kept.answers.reasons.number((constraint, finding)))
            case "validity":
                over = joined(self._begun.at(times[0])[1], self._ended.at(times[1])[0])
                return Said(*kept.place((over, None)), *rest)
            case _:
                return Said(*kept.place((self.nowhere, None)), *rest)

    def sets_of(self, kept: Kept, facet: Attributes, verdicts: Sequence[bytes], expired: int = 0) -> tuple[int, int]:
        """
        Find the numbers of the sets of a facet.

        Args:
            kept: Where they are.

            facet: Which.

            verdicts: By the number of the value; a second one holds for those whose vetting has ended.

            expired: How many they are.
        """
        key = (facet, verdicts[0], verdicts[1], expired) if len(verdicts) > 1 and expired else (facet, verdicts[0])
        return kept.find(key) or kept.place(self._made(facet, verdicts, expired), key)

    def _judge_service(self, constraint: Constraint, asked: Asked) -> tuple[Sets, Finding]:
        """Judge the claims, yes or not known, by one who makes each; what is found is that of all who are unknown."""
        findings = [constraint.judge(asked, self.provider(row)) for row in self._examples]
        pairs = list(zip(self._claimed, findings, strict=True))
        no = [each for each, finding in pairs if finding.verdict is Verdict.NO]
        unknown = [each for each, finding in pairs if finding.verdict is Verdict.UNKNOWN]
        finding = next((each for each in findings if each.verdict is Verdict.UNKNOWN), YES)
        return (reduce(joined, no, None), reduce(joined, unknown, None)), finding

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

    def judge_distance(self, gauge: Gauge, max_cost_mm: int, alive: Words) -> Sets:
        """Judge who of those left is within the distance asked for; who is nowhere is gone already."""
        beyond, unsure = self.ground.within(gauge, max_cost_mm, alive)
        if len(unsure):
            beyond |= of_rows(unsure[self.costs_mm(gauge, unsure) > max_cost_mm], len(self))
        return beyond, None

    def judge_safety(self, excluded_rows: Sequence[int]) -> Sets:
        """Judge whom the safety envelope excludes by id, given their rows of the block."""
        if not excluded_rows:
            return NOBODY
        rows = self.places_of(np.array(excluded_rows, dtype=np.intp))
        return (of_rows(rows, len(self)) if len(rows) else None), None

    def judge_kin(self, kin: Kin) -> Words | None:
        """Say who is one of some providers, or shares places or a location with one; None for nobody."""
        if self._names is None:
            self._names = Names(self._columns.kin.take(self.rows, axis=0))
        rows = [row for row in self._names.rows_like(kin) if kin.has(self.provider(row))]
        return of_rows(np.array(rows, dtype=np.intp), len(self)) if rows else None

    def judge_each(self, constraint: Constraint, asked: Asked, alive: Words) -> Sets:
        """Judge those who are left one by one: right for any constraint, and slow."""
        verdicts = np.zeros(len(self), dtype=np.int8)
        for row in rows_in(alive):
            verdicts[row] = constraint.judge(asked, self.provider(int(row))).verdict
        return pack(verdicts == Verdict.NO), pack(verdicts == Verdict.UNKNOWN)

    def costs_mm(self, gauge: Gauge, rows: Rows) -> Costs:
        """Measure rows of the shelf, ascending, in whole millimetres."""
        costs_mm = np.empty_like(rows)
        if self.ground.settle(gauge, rows, costs_mm):
            unsure = np.flatnonzero(costs_mm == measuring.UNSURE)
            costs_mm[unsure] = gauge.costs_mm(self._columns.places.take(self.rows[rows[unsure]]))
        return costs_mm

    def ranked(self, gauge: Gauge, among: Words, limit: int) -> tuple[Rows, Numbers, Costs]:
        """Choose the nearest of a set, by cost and then by id: the rows, those of the block, and the costs."""
        rows = self.ground.nearest(gauge, among, limit)
        numbers, costs_mm = self.rows[rows], self.costs_mm(gauge, rows)
        measuring.order(rows, numbers, costs_mm)
        if len(rows) <= limit:
            return rows, numbers, costs_mm
        return rows[:limit], numbers[:limit], costs_mm[:limit]

    def _made(self, facet: Attributes, verdicts: Sequence[bytes], expired: int) -> Sets:
        """Make the sets of a facet, given how many have lost their vetting."""
        values = self._values.get(facet)
        if values is None:
            values = self._values[facet] = Values(self._columns.numbers(facet)[self.rows])
        standing = values.sets(verdicts[0])
        if len(verdicts) == 1 or not expired:
            return standing
        which, ended = self._expired.at(expired)[0], values.sets(verdicts[1])
        assert which is not None, "somebody has"  # noqa: S101
        return _either(which, ended[0], standing[0]), _either(which, ended[1], standing[1])


class Values:
    """
    The numbers that rows have of one facet: who has which, as a set for each.

    Args:
        column: The numbers.
    """

    def __init__(self, column: Column) -> None:
        self._numbers: Rows = np.unique(column).astype(np.int64)
        self._column: Column | None = column
        if len(self._numbers) <= _FEW_VALUES:
            has = column[None, :] == self._numbers[:, None]
            self._sets = np.concatenate([pack(each) for each in has]).reshape(len(has), -1)
            self._column = None

    def sets(self, verdicts: bytes) -> Sets:
        """Say who has a value of which no is said, and who one of which nobody knows."""
        table = np.frombuffer(verdicts, dtype=np.uint8)
        if self._column is not None:
            said = table[self._column]
            return _some(said == Verdict.NO), _some(said == Verdict.UNKNOWN)
        found = np.empty((2, self._sets.shape[1]), dtype=np.uint64)
        is_any_no, is_any_unknown = passes.gather(table, self._numbers, self._sets, found)
        return (found[0] if is_any_no else None), (found[1] if is_any_unknown else None)


def _some(mask: Mask) -> Words | None:
    """Turn one boolean a row into a set; None for nobody."""
    return pack(mask) if mask.any() else None


def joined(one: Words | None, other: Words | None) -> Words | None:
    if one is None or other is None:
        return other if one is None else one
    return one | other


def _either(which: Words, one: Words | None, other: Words | None) -> Words | None:
    """Take one set inside `which`, and the other outside."""
    return joined(None if one is None else one & which, None if other is None else other & ~which)
