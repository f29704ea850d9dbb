"""
Sift a part of the directory through the table of constraints, and say why who is left is where it is.

Each constraint is one or two sets of bits, so counting whom it was the first to
exclude is exact over the whole directory and takes microseconds.
"""

from collections.abc import Iterable, Sequence
from typing import TYPE_CHECKING, Final

import numpy as np

from services.geo import BAND_ENDS_MM
from services.matching.constraints.table import CONSTRAINTS, PLACES, SAFETY, Constraint
from services.matching.index import passes
from services.matching.index.answers import Numbers
from services.matching.index.bits import Words, count
from services.matching.index.kept import Placed, Said, Sets, matrix_of, open_mark
from services.matching.index.nearest import AWAY_MM, IN_BLOCK, Ranked
from services.matching.index.passes import LEFT, MISSING, STEP, SURE, Steps
from services.matching.index.question import Question
from services.matching.index.steps import Step
from services.matching.index.telling import MARKS, TOLD, Told, tell
from services.matching.model.provider import Provider

if TYPE_CHECKING:
    from services.matching.index.snapshot import Part

_SERVICE: Final = PLACES["service"]
_CONSTRAINT_COUNT: Final = len(CONSTRAINTS)
_TOLD_TYPE: Final = np.dtype(np.int64)
# types as objects: from a class each is found again at every call
_WORD: Final = np.dtype(np.uint64)
_COUNT: Final = np.dtype(np.int64)
_FIRST: Final = np.zeros(1, dtype=np.int32)  #: the number of the only step
#: sets, steps and numbers of none
_NOTHING_PASSED: Final = [(np.empty((0, 0), _WORD), np.empty((0, STEP), dtype=np.int32), _FIRST[:0])]


class Sifted:
    """
    Who of a part is left for one question.

    Args:
        part: The part.

        question: The question.
    """

    def __init__(self, part: "Part", question: Question) -> None:
        self.question = question
        self._asked = asked = question.asked
        self.block = part.block
        self.shelf, who, self._left_count, others = part.standing(asked.need.code)
        #: how many each constraint was the first to exclude, by its place in the table
        self.counts = np.zeros(_CONSTRAINT_COUNT, _COUNT)
        self.confidential_safety_count = 0  #: of those that `safety` excluded, how many are confidential sites
        self._passed: list[tuple[Words, Steps, Numbers]] = []
        self._answers = part.block.tables.answers
        self.unsure_count = 0
        self._state = np.zeros((3, len(who)), _WORD)
        self.counts[_SERVICE] = others
        if self._left_count:
            self._sift(who)

    @property
    def sure(self) -> Words:
        """Who can."""
        who: Words = self._state[SURE]
        return who

    def nearest_of_both(self, limit: int) -> tuple[Ranked, int]:
        """
        List the nearest who can, and behind them whom to ask first: at most `limit` each, by cost and then by id.

        Returns:
            The list, and how many of the first can.
        """
        ask_count = self.unsure_count
        sure_count = self._left_count - ask_count
        if sure_count > limit:  # noqa: PLR1730 -- a call of `min` takes ten times as long
            sure_count = limit
        if ask_count > limit:  # noqa: PLR1730 -- the same
            ask_count = limit
        # the last of the state are who can, and those before are whom to ask first
        return self.shelf.ranked(self.question.gauge, self._state, (sure_count, ask_count)), sure_count

    def nearest(self, limit: int) -> Iterable[tuple[int, Provider]]:
        """List the nearest who can: cost in whole millimetres, and who."""
        wanted = min(self._left_count - self.unsure_count, limit), 0
        ranked = self.shelf.ranked(self.question.gauge, self._state, wanted)
        return zip(ranked[:, AWAY_MM].tolist(), self.providers(ranked[:, IN_BLOCK].tolist()), strict=True)

    def providers(self, numbers: Sequence[int]) -> list[Provider]:
        """Look up who stands in rows of the block."""
        return [self.block.providers[number] for number in numbers]

    def told(self, ranked: Ranked, number: int) -> tuple[Told, int]:
        """
        Tell what hangs on facts, ways and times of the nearest, and mark what is said of them besides a plain yes.

        Args:
            ranked: Who they are.

            number: Of this part of the directory.

        Returns:
            A row for each, and at how many it must be asked whether they are open.
        """
        found = np.zeros((len(ranked), TOLD), _TOLD_TYPE)
        question, columns, window = self.question, self.block.columns, self.block.vocabulary.openings.window
        open_count = not_asked_count = 0
        for sets, steps, step_numbers in self._passed or _NOTHING_PASSED:
            open_marks, not_asked_count = tell(
                sets,
                steps,
                step_numbers,
                self._answers.marks.bytes,
                ranked,
                columns.table_bytes,
                columns.number_size,
                columns.facts,
                question.when_us,
                question.now_us,
                question.heard_since_us,
                question.seconds_a_mm,
                BAND_ENDS_MM,
                number,
                window.first,
                window.states,
                found,
            )
            open_count += open_marks
        if open_count:
            for place, which in np.argwhere(found[:, MARKS:] < 0).tolist():
                constraint = CONSTRAINTS[open_mark(int(found[place, MARKS + which]))]
                finding = constraint.judge(self._asked, self.block.providers[ranked[place, IN_BLOCK]])
                found[place, MARKS + which] = self.block.tables.reasons.number((constraint, finding))
        return found, not_asked_count

    def _sift(self, among: Words) -> None:
        """Go through the table."""
        answers = self._answers
        placed = self.shelf.sayings.placed(self._asked.need.service, answers, self.question.when_us, self._asked.taken)
        for leg in self.question.answered(answers):
            if not self._left_count:
                return
            if isinstance(leg, np.ndarray):
                while (missing := self._pass(among, placed.steps, leg, placed.kept.sets)) >= 0:
                    self._find(placed, int(leg[missing]))
                among = self._state[LEFT]
            elif leg.facet is not None:
                numbers = self.shelf.sayings.sets_of(placed.kept, leg.facet, [answers.verdicts(leg, self._asked)])
                self._step(leg, numbers, placed.kept.sets)
            else:
                self._judge(leg)

    def _find(self, placed: Placed, number: int) -> None:
        """Find what an answer says of the shelf."""
        placed.put(number, self.shelf.sayings.said(placed, self._answers.listed[number], self._asked))

    def _pass(self, among: Words, steps: Steps, numbers: Numbers, sets: Words) -> int:
        """
        Take off whom steps exclude, and count each by the first that does.

        Args:
            among: Who is left before.

            steps: Those that are known; read before the sets, for they name no others then.

            numbers: Of the steps to go.

            sets: Below each other.

        Returns:
            -1, or the place of the first number of which the step is not known, and then nothing is done.
        """
        is_any_sure = self._asked.need.service.life_first  # an unknown is a caution there (R59)
        left, unsure = passes.sift(among, steps, numbers, sets, self._state, self.counts, is_any_sure)
        if left == MISSING:
            return unsure
        self._left_count, self.unsure_count = left, unsure
        self._passed.append((sets, steps, numbers))
        return -1

    def _step(self, step: Step, numbers: tuple[int, int], sets: Words) -> None:
        """Take off whom one step excludes, given the numbers of its sets."""
        said = Said(*numbers, step.excludes, step.number, mark=open_mark(step.number))
        self._pass(self._state[LEFT], np.array([said], dtype=np.int32), _FIRST, sets)

    def _judge(self, step: Step) -> None:
        """Judge by columns of numbers, knowing who is left."""
        no, unknown = self._sets_of(step.constraint, self._state[LEFT])
        if no is not None and step.constraint.name == SAFETY:
            self.confidential_safety_count = count(self._state[LEFT] & no & self.shelf.areas)
        if unknown is not None or not step.excludes:
            sets, numbers = matrix_of((no, unknown))
            if len(sets):
                self._step(step, numbers, sets)
        elif no is not None:
            gone, self._left_count, self.unsure_count = passes.take_off(no, self._state)
            self.counts[step.number] += gone

    def _sets_of(self, constraint: Constraint, left: Words) -> Sets:
        asked, shelf = self._asked, self.shelf
        match constraint.name:
            case "distance" if asked.max_cost_mm is not None:
                return shelf.judge_distance(self.question.gauge, asked.max_cost_mm, left)
            case "safety" if not (asked.envelope.zones or asked.envelope.apart):
                return shelf.judge_safety(self._excluded_rows())
            case "reachable" | "lines" | "together" | "safety":
                paths = self.question.paths
                return paths.judge(constraint.name, shelf, left, self._excluded_rows)
            case _:
                return shelf.judge_each(constraint, asked, left)

    def _excluded_rows(self) -> list[int]:
        row_of = self.block.row_of
        return [row for each in self._asked.excluded_provider_ids if (row := row_of(each)) is not None]
