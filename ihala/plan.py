"""What a plan for many people answers: plain, frozen values that know nothing of the wire."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from datetime import datetime

from ihala.answer import Row
from services.geo import DistanceBand


@dataclass(frozen=True, slots=True, kw_only=True)
class PlanPart:
    """So many of a group go to one provider for one need."""

    label: str
    need_no: int
    code: str
    provider_id: str
    count: int
    cost_m: float | None  #: of all of them; None for a confidential site
    distance_m: float | None  #: of one
    band: DistanceBand | None  #: for a confidential site
    items: Mapping[str, int]  #: places by population, of all of them
    party_no: int  #: of those who stay together, from 1; 0: each can go alone
    cautions: Sequence[tuple[str, str]]  #: name of the constraint, and code
    added_by: str = ""


@dataclass(frozen=True, slots=True, kw_only=True)
class PlanLeft:
    """So many of a group for whom nothing was found for one need."""

    label: str
    need_no: int
    code: str
    count: int
    excluded: Sequence[tuple[str, int]]  #: constraint and number of providers, what decided first
    ask_first_count: int
    ask_first: Sequence[Row]
    added_by: str = ""


@dataclass(frozen=True, slots=True, kw_only=True)
class PlanAnswer:
    """A plan. It is possible, not promised: only a live hold is (R7)."""

    parts: Sequence[PlanPart]
    left: Sequence[PlanLeft]
    providers: Mapping[str, Row]  #: by id: who is in the plan
    conflicts: Sequence[tuple[Sequence[str], str]]  #: labels of groups, and the label of keep-apart
    total_cost_m: float
    bound_m: float
    greedy_cost_m: float
    placed_count: int
    greedy_placed_count: int
    method: str
    is_optimal: bool
    directory_epoch: str
    directory_revision: int
    evaluated_time: datetime
    rules_version: str
    match_token: str = field(repr=False)
