"""
Sift a part of the directory through the table of constraints, and say why who is left is where it is.

Each constraint is one or two sets of bits, so counting whom it was the first to
exclude is exact over the whole directory and takes microseconds.
"""

from collections.abc import Sequence
from typing import TYPE_CHECKING, Final, NamedTuple

import numpy as np
import numpy.typing as npt

from services.matching.constraints.table import SAFETY, Constraint
from services.matching.index.bits import Rows, Words, count
from services.matching.index.facets import Column
from services.matching.index.ground import View
from services.matching.index.judged import Judged
from services.matching.index.question import Question
from services.matching.index.shelf import NOBODY, Sets, Shelf
from services.matching.model.provider import Provider
from services.matching.model.verdicts import Finding

if TYPE_CHECKING:
    from services.matching.index.snapshot import Part

Reason = tuple[Constraint, Finding]
_NO_ROWS: Final = np.empty(0, dtype=np.intp)


class _Source(NamedTuple):
    """Where a constraint's finding on a row is looked up; without a column it is judged again."""

    constraint: Constraint
    said: Words  #: of whom it said something else than a plain yes
    column: Column | None
    tables: Sequence[Judged]
    finding: Finding | None = None  #: the same of all of them


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
        self._block = part.block
        self.shelf: Shelf = part.block.shelf(asked.need.code)
        self._view: View | None = None
        self.excluded: dict[str, int] = {}
        self.confidential_safety_count = 0  #: of those that `safety` excluded, how many are confidential sites
        self._alive, self._left = part.standing(self.shelf)
        self._note("service", len(part) - self._left)
        self._saying_no: list[tuple[str, Words]] = []  # not taken off yet
        sources: list[_Source] = []
        is_life_first = asked.need.service.life_first
        for step, tables in question.judged_by(self._block.tables) if self._left else ():
            constraint, facet = step.constraint, step.facet
            column = finding = None
            if constraint.name == "service":
                (no, unknown), finding = self.shelf.judge_service(constraint, asked)
            elif facet is None:
                no, unknown = self._judge_apart(constraint)
                if not self._left:
                    break
            else:
                no, unknown = self.shelf.sets(facet, tables, question.when_us)
                column = self._block.columns.numbers[facet]
            if no is not None:
                if step.excludes:
                    if constraint.name == SAFETY:
                        self._take_off()
                        self.confidential_safety_count = count(self._alive & no & self.shelf.areas)
                    self._saying_no.append((constraint.name, no))
                else:
                    sources.append(_Source(constraint, no, column, tables))
            if unknown is not None:
                sources.append(_Source(constraint, unknown, column, tables, finding))
        self._take_off()
        self._sources = sources
        self._said = _matrix([each.said for each in sources]) if sources else None
        self.sure, self.unsure = self._alive, self._alive
        self.sure_count, self.unsure_count = self._left, 0
        if is_life_first or self._said is None:  # an unknown is a caution there (R59)
            return
        unsure = np.bitwise_or.reduce(self._said, axis=0)
        self.sure, self.unsure = self._alive & ~unsure, self._alive & unsure
        self.unsure_count = count(self.unsure)
        self.sure_count -= self.unsure_count

    def chosen(self, *, is_sure: bool, limit: int) -> Rows:
        """Choose rows that hold the nearest who can, or whom to ask first, ties included, and few others."""
        among, number = (self.sure, self.sure_count) if is_sure else (self.unsure, self.unsure_count)
        return self._seen().nearest(among, number, limit) if number else _NO_ROWS

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
            found.append([(cost, self._block.providers[number], row) for cost, number, row in nearest])
            first += len(each)
        return found

    def reasons(self, rows: Sequence[int], providers: Sequence[Provider]) -> list[list[Reason]]:
        """List for each of some who are left what is not a plain yes, in the order of the table."""
        found: list[list[Reason]] = [[] for _ in rows]
        if not rows or self._said is None:
            return found
        at = np.array(rows)
        is_said = self._said.view(np.uint8)[:, at >> 3] >> (at & 7).astype(np.uint8) & 1
        numbers = self.shelf.rows[at]
        for source, is_said_by in zip(self._sources, is_said.tolist(), strict=True):
            if 1 not in is_said_by:
                continue
            constraint, _, column, tables, finding = source
            said = [which for which, each in enumerate(is_said_by) if each]
            if finding is not None:
                reason = constraint, finding
                for which in said:
                    found[which].append(reason)
            elif column is None:
                for which in said:
                    found[which].append((constraint, constraint.judge(self._asked, providers[which])))
            else:
                values = column[numbers].tolist()
                for which in said:
                    has_ended = len(tables) > 1 and providers[which].vetting_expired(self._asked.when_time)
                    found[which].append((constraint, tables[has_ended].findings[values[which]]))
        return found

    def _seen(self) -> View:
        if self._view is None:
            self._view = self.shelf.ground.seen_from(self._question.gauge)
        return self._view

    def _take_off(self) -> None:
        """Take off who was said no to, and count each by the first who said so."""
        if not self._saying_no:
            return
        if len(self._saying_no) == 1:
            name, no = self._saying_no.pop()
            self._alive = self._alive & ~no
            before, self._left = self._left, count(self._alive)
            self._note(name, before - self._left)
            return
        stays = _matrix([self._alive, *(no for _, no in self._saying_no)])
        np.bitwise_not(stays[1:], out=stays[1:])
        np.bitwise_and.accumulate(stays, axis=0, out=stays)
        left = np.add.reduce(np.bitwise_count(stays), axis=1, dtype=np.intp).tolist()
        for (name, _), before, after in zip(self._saying_no, left, left[1:], strict=False):
            self._note(name, before - after)
        self._alive, self._left = stays[-1], left[-1]
        self._saying_no = []

    def _judge_apart(self, constraint: Constraint) -> Sets:
        """Judge by columns of numbers those who are still left, or all where that is less work."""
        asked, shelf = self._asked, self.shelf
        sets: Sets
        match constraint.name:
            case "validity":
                sets = shelf.judge_validity(self._question.when_us)
            case "position":
                sets = shelf.nowhere, None
            case "safety" if not (asked.envelope.zones or asked.envelope.apart):
                sets = shelf.judge_safety(self._excluded_rows())
            case "distance" if asked.max_cost_mm is None:
                sets = NOBODY
            case _:
                self._take_off()
                sets = self._judge_left(constraint) if self._left else NOBODY
        return sets

    def _judge_left(self, constraint: Constraint) -> Sets:
        """Judge by columns of numbers, knowing who is left."""
        asked, shelf = self._asked, self.shelf
        match constraint.name:
            case "places":
                return shelf.judge_places(constraint, asked, self._alive)
            case "distance" if asked.max_cost_mm is not None:
                return shelf.judge_distance(self._question.gauge, self._seen(), asked.max_cost_mm, self._alive)
            case "reachable" | "lines" | "together" | "safety":
                paths = self._question.paths
                return paths.judge(constraint.name, shelf, self._seen, self._alive, self._excluded_rows)
            case _:
                return shelf.judge_each(constraint, asked, self._alive)

    def _excluded_rows(self) -> list[int]:
        rows = [self._block.row_of(each) for each in self._asked.excluded_provider_ids]
        return [row for row in rows if row is not None]

    def _note(self, constraint: str, number: int) -> None:
        if number:
            self.excluded[constraint] = self.excluded.get(constraint, 0) + number


def _matrix(sets: Sequence[Words]) -> npt.NDArray[np.uint64]:
    """Put sets of one shelf below each other, copied."""
    return np.concatenate(sets).reshape(len(sets), -1)
