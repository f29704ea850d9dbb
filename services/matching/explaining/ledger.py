"""What every constraint says of one provider, and where it stands for that: as the index decides for many."""

from collections.abc import Iterable
from dataclasses import dataclass
from enum import StrEnum
from typing import Final

from services.matching.constraints.table import CONSTRAINTS, SAFETY, Constraint
from services.matching.model.provider import Provider
from services.matching.model.request import Asked
from services.matching.model.verdicts import NO, Finding, Verdict

A_NO: Final = 2  #: an obstacle that excludes


class Standing(StrEnum):
    """In which list a provider is."""

    MATCH = "match"
    ASK_FIRST = "ask_first"
    EXCLUDED = "excluded"


@dataclass(frozen=True, slots=True)
class Line:
    """What one constraint says."""

    constraint: Constraint
    finding: Finding
    obstacle: int  #: to being a match: 0 none, 1 something is unknown, 2 a no


def judged(asked: Asked, provider: Provider, *, is_sealed: bool = False) -> tuple[Line, ...]:
    """
    Judge by every constraint, in the order of the table.

    Args:
        asked: The question.

        provider: Whom to judge.

        is_sealed: The envelope has said no before: it says so whatever is tried, as at another time (R24).
    """
    lines = []
    for constraint in CONSTRAINTS:
        finding = NO if is_sealed and constraint.name == SAFETY else constraint.judged(asked, provider)
        lines.append(Line(constraint, finding, obstacle_of(constraint, finding, asked)))
    return tuple(lines)


def judged_again(line: Line, asked: Asked, provider: Provider) -> Line:
    """
    Judge anew by one constraint.

    If the envelope has said no before, it says so whatever was changed, as at another time (R24).
    """
    if line.obstacle == A_NO and line.constraint.name == SAFETY:
        return line
    finding = line.constraint.judged(asked, provider)
    return Line(line.constraint, finding, obstacle_of(line.constraint, finding, asked))


def obstacle_of(constraint: Constraint, finding: Finding, asked: Asked) -> int:
    """Say how much a finding stands in the way; where life comes first only a no that excludes does (R59)."""
    if finding.verdict is Verdict.NO:
        return A_NO if constraint.excludes(asked.need.service) else 0
    return int(finding.verdict is Verdict.UNKNOWN and not asked.need.service.life_first)


def standing_of(lines: Iterable[Line]) -> Standing:
    """Say where the worst of all constraints puts a provider."""
    worst = max((line.obstacle for line in lines), default=0)
    return (Standing.MATCH, Standing.ASK_FIRST, Standing.EXCLUDED)[worst]


def is_sealed(lines: Iterable[Line]) -> bool:
    """Say whether the envelope excludes."""
    return any(line.constraint.name == SAFETY and line.obstacle == A_NO for line in lines)


def first_no(lines: Iterable[Line]) -> str:
    """Name the constraint by which an excluded provider is counted; empty for another."""
    return next((line.constraint.name for line in lines if line.obstacle == A_NO), "")
