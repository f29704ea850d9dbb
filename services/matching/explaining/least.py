"""
The least change that would make a provider a match, found by trying.

A change counts only if it was applied and turned its constraint to yes without
making any other worse; so changes that are applied one after another end.
What was tried once is known until something is changed that bears on it.
"""

from collections import Counter
from collections.abc import Iterator, Sequence
from dataclasses import dataclass, field
from typing import Final

from services.matching.constraints.table import SAFETY
from services.matching.explaining import person_answers, provider_answers
from services.matching.explaining.change import Case, Change, ChangeKind, Changes
from services.matching.explaining.conditions import conditions
from services.matching.explaining.ledger import A_NO, Line, Standing, judged, judged_again, standing_of
from services.matching.explaining.touching import touched
from services.matching.model.provider import Provider
from services.matching.model.request import Asked
from services.matching.model.verdicts import Verdict

_KINDS: Final = tuple(ChangeKind)
#: place of the constraint, question and answer, and which of those that are told alike
_Trial = tuple[int, str, str, int]


@dataclass(frozen=True, slots=True)
class Tried:
    """A change that was tried, and what it does."""

    constraint: str  #: for which it was looked for
    change: Change
    turns: tuple[str, ...]  #: constraints that stand no longer in the way, in the order of the table
    is_enough: bool  #: it alone makes the provider a match


@dataclass(frozen=True, slots=True)
class Explained:
    """All that is to be said of one provider."""

    provider: Provider
    lines: tuple[Line, ...]
    standing: Standing
    options: tuple[Tried, ...]  #: each change that would turn something, by itself
    least: tuple[Tried, ...]  #: what is to be done in all, the best first
    fixed: tuple[str, ...]  #: constraints that nothing turns

    @property
    def unlocks(self) -> bool:
        """Whether `least` makes a match of what is none."""
        return self.standing is not Standing.MATCH and not self.fixed


def explain(asked: Asked, provider: Provider) -> Explained:
    """Say what every constraint answers of a provider, and what would turn it."""
    lines = judged(asked, provider)
    standing = standing_of(lines)
    if standing is Standing.MATCH:
        return Explained(provider, lines, standing, (), (), ())
    trials = _Trials()
    options = tuple(trials.options(asked, provider, lines))
    least, left = _least((asked, provider), lines, options, trials)
    return Explained(provider, lines, standing, options, least, tuple(each.constraint.name for each in left))


def apply(changes: Sequence[Change], asked: Asked, provider: Provider) -> Case:
    """Make several changes, one after another."""
    for change in changes:
        asked, provider = change.apply(asked, provider)
    return asked, provider


@dataclass(slots=True)
class _Trials:
    """
    Tries changes, and remembers what each did.

    A trial stands as long as nothing is changed that any constraint reads which it bears on.
    """

    #: what was tried -> on which constraints it bears, and which it turns; None: it does not count
    _known: dict[_Trial, tuple[frozenset[int], tuple[str, ...] | None]] = field(default_factory=dict)

    def options(self, asked: Asked, provider: Provider, lines: Sequence[Line]) -> Iterator[Tried]:
        """List the changes that turn something: of each question or condition the first answer that does."""
        found: set[tuple[str, str, str]] = set()
        obstacle_count = sum(1 for line in lines if line.obstacle)
        for at, line in enumerate(lines):
            if not line.obstacle or (line.constraint.name == SAFETY and line.obstacle == A_NO):
                continue  # what the envelope excludes has no other side (R24)
            alike: Counter[tuple[str, str]] = Counter()
            for change in _candidates(line, asked, provider):
                told = change.code, change.answer
                alike[told] += 1
                if change.key in found:
                    continue
                trial = at, *told, alike[told]
                if trial not in self._known:
                    self._known[trial] = _tried(at, change, (asked, provider), lines)
                turns = self._known[trial][1]
                if turns is not None:
                    found.add(change.key)
                    yield Tried(line.constraint.name, change, turns, is_enough=len(turns) == obstacle_count)

    def made(self, change: Change, before: Case, lines: Sequence[Line]) -> tuple[Case, tuple[Line, ...]]:
        """Make a change for good, and forget the trials on which it bears."""
        case = change.apply(*before)
        bears_on = touched(before, case)
        self._known = {trial: known for trial, known in self._known.items() if known[0].isdisjoint(bears_on)}
        return case, tuple(judged_again(line, *case) if at in bears_on else line for at, line in enumerate(lines))


def _tried(at: int, change: Change, case: Case, lines: Sequence[Line]) -> tuple[frozenset[int], tuple[str, ...] | None]:
    """Say on what a change bears and what it turns: None if not what it should, or if another is worse then."""
    after = change.apply(*case)
    bears_on = touched(case, after)
    if at not in bears_on or judged_again(lines[at], *after).obstacle:
        return bears_on, None
    turns = []
    for number in sorted(bears_on):
        before, then = lines[number], judged_again(lines[number], *after)
        if then.obstacle > before.obstacle:
            return bears_on, None
        if before.obstacle and not then.obstacle:
            turns.append(before.constraint.name)
    return bears_on, tuple(turns)


def _candidates(line: Line, asked: Asked, provider: Provider) -> Changes:
    finding = line.finding
    if finding.verdict is Verdict.UNKNOWN:
        if finding.ask == "person":
            yield from person_answers.answers(finding.question, asked, provider)
        else:
            yield from provider_answers.answers(finding.question)
    yield from conditions(line.constraint.name, asked, provider)


def _least(
    case: Case, lines: tuple[Line, ...], options: Sequence[Tried], trials: _Trials
) -> tuple[tuple[Tried, ...], tuple[Line, ...]]:
    """Choose what turns most, and go on from there; say also what is left in the way."""
    chosen: list[Tried] = []
    while options:
        best = min(options, key=_worth)
        chosen.append(best)
        case, lines = trials.made(best.change, case, lines)
        options = tuple(trials.options(*case, lines))
    return tuple(chosen), tuple(line for line in lines if line.obstacle)


def _worth(tried: Tried) -> tuple[int, int, int, int]:
    change = tried.change
    return -len(tried.turns), _KINDS.index(change.kind), change.cost_mm, change.wait_s
