"""Why providers match or do not: what `explain_match` answers, plain values that know nothing of the wire."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta

from ihala.answer import Row


@dataclass(frozen=True, slots=True, kw_only=True)
class Verdict:
    """What one constraint answers."""

    constraint: str
    verdict: str  #: "yes", "no" or "unknown"
    is_caution: bool  #: life comes first, so it keeps nobody out (R59)
    question: str  #: what settles it, a code; only if unknown
    ask: str  #: "person" or "provider"; only if unknown
    requirement: str  #: its number; empty where the words of the directory do


@dataclass(frozen=True, slots=True, kw_only=True)
class Change:
    """One change that would turn constraints to yes; that it does was tried."""

    kind: str  #: "ask", "record", "relax" or "wait"
    constraint: str  #: for which it was looked for
    code: str  #: of the question, or of what can be done
    ask: str  #: "person" or "provider", for a question
    answer: str  #: that would do; empty: a yes, or a fact of which no answer is told to be wanted
    turns: Sequence[str]  #: all constraints that it turns
    cost_m: float  #: how much farther than asked for
    wait: timedelta


@dataclass(frozen=True, slots=True, kw_only=True)
class Explanation:
    """What is to be said of one provider."""

    provider_id: str
    standing: str  #: "match", "ask_first" or "excluded"
    verdicts: Sequence[Verdict]  #: of every constraint, in the order of the table
    least_change: Sequence[Change]  #: the best first; empty for a match
    unlocks: bool  #: all of `least_change` together make it a match
    fixed: Sequence[str]  #: constraints that nothing turns
    row: Row | None  #: None: nobody knows where it is


@dataclass(frozen=True, slots=True, kw_only=True)
class SharedChange:
    """A change that several of the nearest have in common."""

    change: Change
    settled_count: int  #: of how many it settles a constraint
    unlocked_count: int  #: how many it alone makes a match
    unlocked_provider_ids: Sequence[str]  #: public ones among them, nearest first


@dataclass(frozen=True, slots=True, kw_only=True)
class ExplainAnswer:
    """The answer to `explain_match`."""

    code: str
    explanations: Sequence[Explanation]  #: nearest first
    changes: Sequence[SharedChange]  #: what helps most first; empty if one provider was asked about
    confidential_excluded: Mapping[str, int]  #: sites that are left out and not told singly, by constraint
    directory_epoch: str
    directory_revision: int
    evaluated_time: datetime
    rules_version: str
    added_by: str  #: the requirement by which a rule added the need; empty: it was asked for
