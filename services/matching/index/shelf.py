"""The providers of one service, in an order of their own: judged as sets of bits, measured tile by tile."""

from collections.abc import Sequence
from typing import Final

import numpy as np
import numpy.typing as npt

from services.geo import Gauge
from services.matching.constraints.table import Constraint
from services.matching.index.bits import Ecef, Mask, Rows, Words, of_rows, pack
from services.matching.index.bits import rows_of as rows_in
from services.matching.index.columns import Columns
from services.matching.index.facets import Numbers as PopulationNumbers
from services.matching.index.free import FreePlaces
from services.matching.index.ground import NO_STARTS, NOWHERE, Ground, arranged
from services.matching.index.kept import Sets
from services.matching.index.kin import Names
from services.matching.index.measuring import UNSURE, Costs
from services.matching.index.nearest import AWAY_MM, IN_BLOCK, MISSING, Ranked, rank
from services.matching.index.plane import plane_of
from services.matching.index.sayings import Sayings
from services.matching.model.provider import Provider
from services.matching.model.request import Asked
from services.matching.model.safety import Kin
from services.matching.model.verdicts import Verdict

NOBODY: Final[Sets] = (None, None)

_RANKED_TYPE: Final = np.dtype(np.int64)


class Shelf:
    """
    Some rows of a block: those that claim a service, or of which nobody knows whether they offer it.

    Args:
        columns: Of the block.

        rows: Rows of the block, ascending.

        is_maybe: For each of them, whether the claim is unknown.

        ecef: Earth-centred coordinates of the block's rows, in metres.

        populations: Numbers those for whom places are kept; None where places of the service are not counted.
    """

    def __init__(
        self, columns: Columns, rows: Rows, is_maybe: Mask, ecef: Ecef, populations: PopulationNumbers | None
    ) -> None:
        order = arranged(ecef[rows], columns.places.resolution[rows])
        self.rows: npt.NDArray[np.int32] = rows[order].astype(np.int32)
        self._columns = columns
        self.everybody = pack(np.ones(len(rows), dtype=np.bool_))
        places = columns.places.take(self.rows)
        self.ground = Ground(ecef[self.rows], places)
        self._where = *self.ground.land, self.rows  # as `rank` takes them
        self.plane = plane_of(places)
        is_nowhere = places.resolution == NOWHERE
        self.areas: Words = pack((places.resolution > 0) & ~is_nowhere)  #: confidential sites
        self.nowhere: Words | None = pack(is_nowhere) if is_nowhere.any() else None
        #: None where places are not counted
        self.free = None if populations is None else FreePlaces(columns.providers, self.rows, populations)
        self.sayings = Sayings(columns, self.rows, is_maybe[order], self.nowhere, self.free)
        self._names: Names | None = None  # made once somebody asks

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
            unsure = np.flatnonzero(costs_mm == UNSURE)
            costs_mm[unsure] = gauge.costs_mm(self._columns.places.take(self.rows[rows[unsure]]))
        return costs_mm

    def ranked(self, gauge: Gauge, sets: Words, wanted: tuple[int, int]) -> Ranked:
        """
        List the nearest of the last of some sets, and behind them those of the one before: by cost and then by id.

        Args:
            gauge: Measures from where the person is.

            sets: Below each other.

            wanted: How many of each of the two; at most as many as there are.
        """
        sure_count, ask_count = wanted
        found = np.empty((sure_count + ask_count, 3), _RANKED_TYPE)
        room_m = np.empty(2 * len(self.everybody) + sure_count + ask_count)
        position_m, where, starts_m = gauge.position_m, self._where, NO_STARTS
        of_sure, of_ask, unsure_count = rank(sets, wanted, position_m, starts_m, *where, room_m, sure_count, found)
        if of_sure == MISSING:
            starts_m = self.ground.starts_m(gauge, of_ask)
            of_sure, of_ask, unsure_count = rank(sets, wanted, position_m, starts_m, *where, room_m, sure_count, found)
        if not unsure_count:
            return found
        found = np.empty((of_sure + of_ask, 3), _RANKED_TYPE)  # everybody who can be among the nearest
        rank(sets, wanted, position_m, starts_m, *where, room_m, of_sure, found)
        is_unsure = found[:, AWAY_MM] == UNSURE
        found[is_unsure, AWAY_MM] = gauge.costs_mm(self._columns.places.take(found[is_unsure, IN_BLOCK]))
        lists = zip((found[:of_sure], found[of_sure:]), wanted, strict=True)
        return np.concatenate(
            [each[np.lexsort((each[:, IN_BLOCK], each[:, AWAY_MM]))[:number]] for each, number in lists]
        )
