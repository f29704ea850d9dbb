"""What a plan says: who goes where for what, for whom nothing was found, and what is proven."""

from collections.abc import Mapping
from dataclasses import dataclass

from services.matching.model.provider import Provider


@dataclass(frozen=True, slots=True, kw_only=True)
class Part:
    """So many of a group go to one provider for one need."""

    group_no: int
    need_no: int
    provider: Provider
    count: int
    cost_mm: int  #: of all of them; 0 where they are at that site for another need
    distance_mm: int  #: of one, as the cost of a match
    items: Mapping[str, int]  #: places by population that all of them take
    band_no: int  #: of those who stay together, from 1; 0: each can go alone


@dataclass(frozen=True, slots=True, kw_only=True)
class Left:
    """So many of a group for whom nothing was found for one need."""

    group_no: int
    need_no: int
    count: int
    excluded: tuple[tuple[str, int], ...]  #: a reason of the plan first, then what excluded the others
    ask_first_count: int


def part_order(part: Part) -> tuple[int, int, str]:
    """Order parts by group, need and provider."""
    return part.group_no, part.need_no, part.provider.provider_id


def left_order(left: Left) -> tuple[int, int]:
    """Order who is left by group and need."""
    return left.group_no, left.need_no


@dataclass(frozen=True, slots=True)
class Conflict:
    """Groups that are to be both together and apart."""

    group_nos: tuple[int, ...]
    label: str  #: of keep-apart


@dataclass(frozen=True, slots=True, kw_only=True)
class Plan:
    """The answer for many people."""

    parts: tuple[Part, ...]
    left: tuple[Left, ...]
    conflicts: tuple[Conflict, ...]
    total_mm: int
    bound_mm: int
    greedy_mm: int
    placed_count: int
    greedy_placed_count: int
    method: str  #: as in `model.Solution`
    is_optimal: bool
