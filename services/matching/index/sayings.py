"""
What answers say of a shelf: found once, and kept as sets of its rows.

What is kept are answers to facts such as an age or a language, without the
person, the origin or the safety envelope: nothing here tells who asked.
"""

from collections.abc import Sequence
from functools import reduce
from typing import Final

import numpy as np
import numpy.typing as npt

from services.matching.constraints.table import PLACES, Constraint
from services.matching.index.answers import Answer, Answers
from services.matching.index.bits import Mask, Words, pack, words_of
from services.matching.index.columns import Columns
from services.matching.index.facets import PLACE_OF, Attributes
from services.matching.index.free import FreePlaces
from services.matching.index.kept import Kept, Placed, Said, Sets, Span, Times
from services.matching.index.passes import STEP
from services.matching.index.times import Passed
from services.matching.index.values import Values, either, joined
from services.matching.model.request import Asked, TakenPlaces
from services.matching.model.verdicts import YES, Finding, Verdict
from services.taxonomy import Service
from services.values import made

_MOST_TIMES: Final = 4  #: spans of time; beyond that all but the next are forgotten


class Sayings:
    """
    What answers say of the rows of a shelf.

    Args:
        columns: Of the block.

        rows: Rows of the block, in the order of the shelf.

        is_maybe: For each of them, whether the claim is unknown.

        nowhere: Those of whom nobody knows where they are; None for nobody.

        free: What is free; None where places of the service are not counted.
    """

    def __init__(
        self,
        columns: Columns,
        rows: npt.NDArray[np.int32],
        is_maybe: Mask,
        nowhere: Words | None,
        free: FreePlaces | None,
    ) -> None:
        self._columns = columns
        self._rows = rows
        claims = [each for each in (is_maybe, ~is_maybe) if each.any()]
        self._claimed = [pack(each) for each in claims]
        self._examples = [columns.providers[rows[np.argmax(each)]] for each in claims]  # one who makes each
        self._nowhere = nowhere
        self._free = free
        self._begun, self._ended, self._expired = [
            Passed(columns.times_us[name][rows]) for name in ("start_time", "end_time", "vetting_expire_time")
        ]
        self._values: dict[Attributes, Values] = {}  # of those that were asked about
        self._placed: Placed | None = None  # what was asked for last
        self._by_times: dict[Times, Placed] = {}  # with the same sets

    def placed(self, service: Service, answers: Answers, when_us: int, taken: TakenPlaces | None) -> Placed:
        """
        Find what answers say of this shelf at a time, given what is taken; one question uses the same throughout.

        Args:
            service: What is asked for.

            answers: By whose numbers.

            when_us: In microseconds since 1970.

            taken: What is held and booked.
        """
        placed = self._placed
        if placed is None or not placed.kept.serves(service, answers):
            kept = Kept(words_of(len(self._rows)), service, answers)
            placed = self._placed = Placed(kept, self._span(when_us), taken, np.empty((0, STEP), dtype=np.int32))
            self._by_times = {placed.times: placed}
        elif not placed.since_us <= when_us < placed.until_us:
            placed = self._placed = self._at(placed, self._span(when_us))
        if placed.taken is not taken and self._free is not None:
            placed = self._placed = self._by_times[placed.times] = placed.given(taken)
        return placed

    def _at(self, placed: Placed, span: Span) -> Placed:
        """Find what answers say at another time: questions for now and for days ahead come by turns."""
        by_times = self._by_times
        known = by_times.get(span.times)
        if known is None or known.kept is not placed.kept:
            if len(by_times) >= _MOST_TIMES:
                by_times.clear()
            known = by_times[span.times] = placed.at(span)
        return known

    def _span(self, when_us: int) -> Span:
        """Say how long nobody begins, ends or loses the vetting: what is kept holds as long as that."""
        times = self._begun.count(when_us), self._ended.count(when_us), self._expired.count(when_us)
        columns = (self._begun, self._ended, self._expired)
        spans = [each.span(passed) for each, passed in zip(columns, times, strict=True)]
        return Span(max(since for since, _ in spans), min(until for _, until in spans), times)

    def said(self, placed: Placed, answer: Answer, asked: Asked) -> Said:
        """
        Find what an answer says of this shelf.

        Args:
            placed: When, and where its sets go.

            answer: What a constraint says.

            asked: A question that it answers.
        """
        kept, times = placed.kept, placed.times
        constraint, facet = answer.constraint, answer.facet
        rest = constraint.excludes(kept.service), PLACES[constraint.name]
        if facet is not None:
            tables = kept.answers.judged(answer, asked)
            numbers = self.sets_of(kept, facet, [each.verdicts for each in tables], times[2])
            ended = tables[1].begin if len(tables) > 1 else -1
            return made(Said, (*numbers, *rest, PLACE_OF[facet], tables[0].begin, ended, 0))
        match constraint.name:
            case "service":
                sets, finding = self._judge_service(constraint, asked)
                return Said(*kept.place(sets), *rest, mark=kept.answers.reasons.number((constraint, finding)))
            case "places":
                assert self._free is not None, "a night under a roof has places"  # noqa: S101
                assert answer.unknown is not None, "each is told apart"  # noqa: S101
                sets = self._free.sets(asked, answer.unknown)
                # as before something else was taken, mostly
                same = constraint.name, *[None if each is None else each.tobytes() for each in sets]
                mark = kept.answers.reasons.number((constraint, answer.unknown))
                return Said(*(kept.find(same) or kept.place(sets, same)), *rest, mark=mark)
            case "validity":
                key = constraint.name, times[:2]
                return Said(*(kept.find(key) or kept.place((self._invalid(times), None), key)), *rest)
            case _:
                return Said(*kept.place((self._nowhere, None)), *rest)

    def _invalid(self, times: Times) -> Words | None:
        """Say who has yet to begin or has ended."""
        return joined(self._begun.at(times[0])[1], self._ended.at(times[1])[0])

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
        findings = [constraint.judge(asked, each) for each in self._examples]
        pairs = list(zip(self._claimed, findings, strict=True))
        no = [each for each, finding in pairs if finding.verdict is Verdict.NO]
        unknown = [each for each, finding in pairs if finding.verdict is Verdict.UNKNOWN]
        finding = next((each for each in findings if each.verdict is Verdict.UNKNOWN), YES)
        return (reduce(joined, no, None), reduce(joined, unknown, None)), finding

    def _made(self, facet: Attributes, verdicts: Sequence[bytes], expired: int) -> Sets:
        """Make the sets of a facet, given how many have lost their vetting."""
        values = self._values.get(facet)
        if values is None:
            values = self._values[facet] = Values(self._columns.numbers(facet)[self._rows])
        standing = values.sets(verdicts[0])
        if len(verdicts) == 1 or not expired:
            return standing
        which, ended = self._expired.at(expired)[0], values.sets(verdicts[1])
        assert which is not None, "somebody has"  # noqa: S101
        return either(which, ended[0], standing[0]), either(which, ended[1], standing[1])
