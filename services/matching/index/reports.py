"""The reports of places of many houses in columns."""

from collections.abc import Sequence
from typing import Final

import numpy as np
import numpy.typing as npt

from services.matching.constraints.places import keeps_children_apart
from services.matching.index.bits import Mask, Rows
from services.matching.index.facets import Numbers
from services.matching.index.times import NEVER, microseconds
from services.matching.model.provider import PlaceReport, Provider
from services.matching.model.request import ANYONE, TakenPlaces

Counts = npt.NDArray[np.int64]

ABSENT: Final = -(1 << 40)  #: in place of how many are free: nothing is reported
UNSAID: Final = ABSENT + 1  #: a total, and nobody knows how many are taken
OPEN: Final = 1 << 40  #: not counted: always room


class Reports:
    """
    What houses of a shelf report: shape (slots, houses), where each population has a slot.

    Hardly any house reports a population twice; there are as many slots for it then.

    Args:
        providers: Those of the block.

        rows: Rows of the block, in the order of the shelf.

        populations: Numbers them.
    """

    def __init__(self, providers: Sequence[Provider], rows: npt.NDArray[np.int32], populations: Numbers) -> None:
        reports_any = np.array([bool(providers[number].place_reports) for number in rows.tolist()], dtype=np.bool_)
        reporting = np.flatnonzero(reports_any)
        self.rows: Rows = reporting[np.argsort(rows[reporting])]  #: of the shelf, for each house that reports
        self.numbers: npt.NDArray[np.int32] = rows[self.rows]  #: the same of the block, ascending
        houses = [providers[number] for number in self.numbers.tolist()]
        told = [(number, *each) for number, house in enumerate(houses) for each in enumerate(house.place_reports)]
        # population, and the how manieth report for it
        keys = [(each.population, _count_before(order, houses[house])) for house, order, each in told]
        slots = {key: number for number, key in enumerate(sorted(set(keys)))}
        self.slots: dict[str, list[int]] = {}  #: by population
        for (population, _), number in slots.items():
            self.slots.setdefault(population, []).append(number)
        self.populations = np.array([populations[population] for population, _ in slots], dtype=np.int64)
        shape = len(slots), len(houses)
        self.free: Counts = np.full(shape, ABSENT, dtype=np.int64)  #: before anything is held or booked
        self.reported_us: Counts = np.full(shape, NEVER, dtype=np.int64)  #: since 1970; `NEVER` where nobody knows when
        self.order = np.zeros(shape, dtype=np.int16)  #: in which a house lists its reports
        at = [slots[key] for key in keys], [house for house, _, _ in told]
        self.free[at] = [_free(report) for _, _, report in told]
        self.reported_us[at] = [microseconds(report.report_time) for _, _, report in told]
        self.order[at] = [order for _, order, _ in told]
        others = [number for number, (population, _) in enumerate(slots) if population != ANYONE]
        self.has_others: Mask = (self.free[others] != ABSENT).any(axis=0)  #: whether it reports more than for anyone
        self.keeps_apart: Mask = np.array([keeps_children_apart(each) for each in houses], dtype=np.bool_)
        self._pools = [each.pool_id for each in houses]
        # slot and house of reports that are counted, by pool and population; looked for once something is taken
        self._counted: dict[tuple[str, str], list[tuple[int, int]]] = {}

    def __len__(self) -> int:
        """How many houses report."""
        return len(self.rows)

    def less(self, taken: TakenPlaces) -> Counts:
        """Take off what is held and booked: an overfull house is as full as a full one, or it would count twice."""
        self._counted = counted = self._counted or self._by_pool()
        free = self.free.copy()
        for key in taken.keys() & counted.keys():
            for at in counted[key]:
                free[at] -= taken[key]
        return free

    def _by_pool(self) -> dict[tuple[str, str], list[tuple[int, int]]]:
        counted: dict[tuple[str, str], list[tuple[int, int]]] = {}
        for population, slots in self.slots.items():
            for slot in slots:
                for house in np.flatnonzero((self.free[slot] > UNSAID) & (self.free[slot] < OPEN)).tolist():
                    counted.setdefault((self._pools[house], population), []).append((slot, house))
        return counted


def _count_before(order: int, house: Provider) -> int:
    """Count the reports of a house that are for the same population as another, and listed before."""
    reports = house.place_reports
    return sum(each.population == reports[order].population for each in reports[:order]) if order else 0


def _free(report: PlaceReport) -> int:
    if report.total is None:
        return OPEN
    return UNSAID if report.occupied is None else report.total - report.occupied
