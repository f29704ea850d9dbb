"""
Sift a part of the directory through the table of constraints, and say why who is left is where it is.

Each constraint is one or two sets of bits, so counting whom it was the first to
exclude is exact over the whole directory and takes microseconds.
"""

from collections.abc import Hashable, Sequence
from typing import TYPE_CHECKING, Final

import numpy as np

from services.matching.constraints.table import SAFETY, Constraint
from services.matching.index import passes
from services.matching.index.bits import Rows, Words, count
from services.matching.index.ground import Ranked
from services.matching.index.judged import Judged
from services.matching.index.kept import Kept, Said, Sets, matrix_of, program_of, step_of
from services.matching.index.marks import MARK_TYPE, MOST_MARKS, SPARE_MARKS, Marks, legend_of, mark
from services.matching.index.passes import TOTALS, Program
from services.matching.index.question import Question
from services.matching.index.shelf import Shelf
from services.matching.index.steps import Step
from services.matching.model.provider import Provider

if TYPE_CHECKING:
    from services.matching.index.snapshot import Part

_NO_ROWS: Final = np.empty(0, dtype=np.intp)
_LEFT, _UNSURE, _SURE = range(3)


class Sifted:
    """
    Who of a part is left for one question.

    Args:
        part: The part.

        question: The question.
    """

    def __init__(self, part: "Part", question: Question) -> None:
        self._question = question
        self._asked = asked = question.asked
        self.block = part.block
        self.shelf: Shelf = part.block.shelf(asked.need.code)
        self.excluded: dict[str, int] = {}
        self.confidential_safety_count = 0  #: of those that `safety` excluded, how many are confidential sites
        self._passed: list[tuple[Words, Program, Sequence[Said]]] = []
        standing, self._left_count = part.standing(self.shelf)
        self.unsure_count = 0
        self._state = np.zeros((3, len(standing)), dtype=np.uint64)
        if self._left_count < len(part):
            self.excluded["service"] = len(part) - self._left_count
        if self._left_count:
            self._state[_LEFT] = standing
            self._sift()

    @property
    def sure(self) -> Words:
        """Who can."""
        who: Words = self._state[_SURE]
        return who

    def nearest_of_both(self, limit: int) -> Ranked:
        """List the nearest who can, and whom to ask first: at most `limit` each, by cost and then by id."""
        chosen = [self.chosen(is_sure=each, limit=limit) for each in (True, False)]
        ranked = self.ranked(chosen, limit)
        listed = [each for among in ranked for each in among]
        rows = np.array([row for _, _, row in listed], dtype=np.int64)
        return Ranked(
            rows, self.shelf.rows[rows], np.array([cost for cost, *_ in listed], dtype=np.int64), len(ranked[0])
        )

    def chosen(self, *, is_sure: bool, limit: int) -> Rows:
        """Choose rows that hold the nearest who can, or whom to ask first, ties included, and few others."""
        number = self._left_count - self.unsure_count if is_sure else self.unsure_count
        if not number:
            return _NO_ROWS
        among = self._state[_SURE if is_sure else _UNSURE]
        return self.shelf.ground.nearest(self._question.gauge, among, limit)

    def nearest(self, *, is_sure: bool, limit: int) -> list[tuple[int, Provider, int]]:
        """Choose the nearest who can, or whom to ask first: cost in whole millimetres, who, and the row."""
        return self.ranked([self.chosen(is_sure=is_sure, limit=limit)], limit)[0]

    def ranked(self, lists: Sequence[Rows], limit: int) -> list[list[tuple[int, Provider, int]]]:
        """Order lists of rows by cost and then by id, at most `limit` of each; all are measured at once."""
        together = np.concatenate(lists)
        if not len(together):
            return [[] for _ in lists]
        costs = self.shelf.costs_mm(self._question.gauge, together).tolist()
        rows, numbers = together.tolist(), self.shelf.rows[together].tolist()
        measured = list(zip(costs, numbers, rows, strict=True))  # rows of the block are in the order of ids
        found, first = [], 0
        for each in lists:
            nearest = sorted(measured[first : first + len(each)])[:limit]
            found.append([(cost, self.block.providers[number], row) for cost, number, row in nearest])
            first += len(each)
        return found

    def providers(self, numbers: Sequence[int]) -> list[Provider]:
        """Look up who stands in rows of the block."""
        return [self.block.providers[number] for number in numbers]

    def marked(self, ranked: Ranked) -> Marks:
        """
        Mark what is said of the nearest besides a plain yes.

        Returns:
            For each a row of `MOST_MARKS` marks, in the order of the table and followed by zeros, and further
            `SPARE_MARKS` zeros.
        """
        found = np.zeros((len(ranked.rows), MOST_MARKS + SPARE_MARKS), dtype=MARK_TYPE)
        if not len(found):
            return found
        lengths = np.zeros(len(found), dtype=np.int64)
        columns, open_count = self.block.columns, 0
        listed: list[Said] = []
        for sets, program, said in self._passed:
            steps, marks = legend_of([each.telling for each in said])
            open_count += mark(
                sets,
                program,
                steps,
                marks,
                ranked.rows,
                ranked.numbers,
                columns.table,
                columns.facts,
                self._question.when_us,
                len(listed) + 1,
                found,
                lengths,
            )
            listed += said
        if open_count:
            for place, which in np.argwhere(found < 0).tolist():
                constraint = listed[-int(found[place, which]) - 1].constraint
                finding = constraint.judge(self._asked, self.block.providers[ranked.numbers[place]])
                found[place, which] = self.block.tables.reasons.number((constraint, finding))
        return found

    def _sift(self) -> None:
        """Go through the steps; those that do not depend on who is left wait, and are passed together."""
        asked, shelf = self._asked, self.shelf
        kept, times = shelf.kept(asked.need.service), shelf.times_at(self._question.when_us)
        waiting: list[Said] = []
        for step in self._question.steps:
            if step.key_of is not None:
                key = step.key_of(asked)
                at = (key, times) if step.is_timed else key
                said = kept.found[step.number].get(at)
                if said is None:
                    said = self._find(kept, step, times, key)
                    if key is not None or said.is_for_all:
                        kept.note(step.number, at, said)
                if said.step:
                    waiting.append(said)
            elif not self._is_plain(step):
                if waiting:
                    self._pass(kept.sets, waiting)
                    waiting = []
                if self._left_count:
                    self._judge(step)
        if waiting or not self._passed:
            self._pass(kept.sets, waiting)

    def _find(self, kept: Kept, step: Step, times: tuple[int, int, int], key: Hashable) -> Said:
        """Find what a constraint says that does not depend on who is left."""
        tables = self.block.tables
        judged: Sequence[Judged] = ()
        if step.facet is not None:
            if not tables.concerns_anybody(step.constraint):
                return Said(step.constraint, b"", is_for_all=True)
            judged = tables.judged(step.constraint, key, self._asked)
        return self.shelf.find(kept, step, self._asked, judged, times, tables.reasons)

    def _is_plain(self, step: Step) -> bool:
        """Say whether everybody is a plain yes, as far as can be seen without looking at anybody."""
        asked = self._asked
        is_by_id = step.constraint.name == SAFETY and not (asked.envelope.zones or asked.envelope.apart)
        return is_by_id and not self._excluded_rows()

    def _pass(self, sets: Words, said: Sequence[Said]) -> None:
        """Take off whom steps exclude, and count each by the first that does."""
        program = program_of(said)
        counts = np.empty(len(said) + TOTALS, dtype=np.int64)
        is_any_sure = self._asked.need.service.life_first  # an unknown is a caution there (R59)
        passes.sift(sets, program, self._state, counts, is_any_sure)
        *gone, self._left_count, self.unsure_count = counts.tolist()
        for each, number in zip(said, gone, strict=True):
            if number:
                name = each.constraint.name
                self.excluded[name] = self.excluded.get(name, 0) + number
        self._passed.append((sets, program, said))

    def _judge(self, step: Step) -> None:
        """Judge by columns of numbers, knowing who is left."""
        sets = self._sets_of(step.constraint, self._state[_LEFT])
        if step.constraint.name == SAFETY and sets[0] is not None:
            self.confidential_safety_count = count(self._state[_LEFT] & sets[0] & self.shelf.areas)
        matrix, numbers = matrix_of(sets)
        if not len(matrix):
            return
        self._pass(matrix, [Said(step.constraint, step_of(numbers, excludes=step.excludes))])

    def _sets_of(self, constraint: Constraint, left: Words) -> Sets:
        asked, shelf = self._asked, self.shelf
        match constraint.name:
            case "places":
                return shelf.judge_places(constraint, asked, left)
            case "distance" if asked.max_cost_mm is not None:
                return shelf.judge_distance(self._question.gauge, asked.max_cost_mm, left)
            case "reachable" | "lines" | "together" | "safety":
                paths = self._question.paths
                return paths.judge(constraint.name, shelf, left, self._excluded_rows)
            case _:
                return shelf.judge_each(constraint, asked, left)

    def _excluded_rows(self) -> list[int]:
        rows = [self.block.row_of(each) for each in self._asked.excluded_provider_ids]
        return [row for row in rows if row is not None]
