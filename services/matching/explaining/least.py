"""
The least change that would make a provider a match, found by trying.

A change counts only if it was applied and turned its constraint to yes without
making any other worse; so changes that are applied one after another end.
"""

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from typing import Final

from services.matching.constraints.table import SAFETY
from services.matching.explaining import person_answers, provider_answers
from services.matching.explaining.change import Case, Change, ChangeKind, Changes
from services.matching.explaining.conditions import conditions
from services.matching.explaining.ledger import A_NO, Line, Standing, is_sealed, judged, obstacle_of, standing_of
from services.matching.model.provider import Provider
from services.matching.model.request import Asked
from services.matching.model.verdicts import Verdict

_KINDS: Final = tuple(ChangeKind)


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
    options = tuple(options_of(asked, provider, lines))
    least, left = _least((asked, provider), lines, options)
    return Explained(provider, lines, standing, options, least, tuple(each.constraint.name for each in left))


def options_of(asked: Asked, provider: Provider, lines: Sequence[Line]) -> Iterator[Tried]:
    """List the changes that turn something: of each question or condition the first answer that does."""
    found: set[tuple[str, str, str]] = set()
    for line in lines:
        if not line.obstacle or (line.constraint.name == SAFETY and line.obstacle == A_NO):
            continue  # what the envelope excludes has no other side (R24)
        for change in _candidates(line, asked, provider):
            if change.key not in found and (tried := _tried(line, change, (asked, provider), lines)) is not None:
                found.add(change.key)
                yield tried


def apply(changes: Sequence[Change], asked: Asked, provider: Provider) -> Case:
    """Make several changes, one after another."""
    for change in changes:
        asked, provider = change.apply(asked, provider)
    return asked, provider


def _candidates(line: Line, asked: Asked, provider: Provider) -> Changes:
    finding = line.finding
    if finding.verdict is Verdict.UNKNOWN:
        if finding.ask == "person":
            yield from person_answers.answers(finding.question, asked, provider)
        else:
            yield from provider_answers.answers(finding.question)
    yield from conditions(line.constraint.name, asked, provider)


def _tried(line: Line, change: Change, case: Case, lines: Sequence[Line]) -> Tried | None:
    """Apply a change; None if its constraint does not turn, or another is worse then."""
    asked, provider = change.apply(*case)
    if obstacle_of(line.constraint, line.constraint.judged(asked, provider), asked):
        return None
    after = judged(asked, provider, is_sealed=is_sealed(lines))
    if any(then.obstacle > before.obstacle for before, then in zip(lines, after, strict=True)):
        return None
    turns = [
        before.constraint.name
        for before, then in zip(lines, after, strict=True)
        if before.obstacle and not then.obstacle
    ]
    return Tried(line.constraint.name, change, tuple(turns), standing_of(after) is Standing.MATCH)


def _least(case: Case, lines: tuple[Line, ...], options: Sequence[Tried]) -> tuple[tuple[Tried, ...], tuple[Line, ...]]:
    """Choose what turns most, and go on from there; say also what is left in the way."""
    chosen: list[Tried] = []
    while options:
        best = min(options, key=_worth)
        chosen.append(best)
        case = best.change.apply(*case)
        lines = judged(*case, is_sealed=is_sealed(lines))
        options = tuple(options_of(*case, lines))
    return tuple(chosen), tuple(line for line in lines if line.obstacle)


def _worth(tried: Tried) -> tuple[int, int, int, int]:
    change = tried.change
    return -len(tried.turns), _KINDS.index(change.kind), change.cost_mm, change.wait_s
