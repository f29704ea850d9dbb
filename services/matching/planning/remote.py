"""
What comes by telephone: nobody goes anywhere for it, so each group has its nearest, at no cost.

It has no part in the optimum, and no two who stay together need the same.
"""

from collections.abc import Iterable, Sequence

from services.matching.planning.field import Field
from services.matching.planning.groups import Group
from services.matching.planning.plan import Left, Part


def remote_needs(groups: Sequence[Group]) -> list[tuple[int, int]]:
    """List the needs that may be met by telephone, by numbers of the group and of the need."""
    return [(group_no, need_no) for group_no, group in enumerate(groups) for need_no in sorted(group.remote_nos)]


def by_telephone(
    field: Field, groups: Sequence[Group], needs: Iterable[tuple[int, int]]
) -> tuple[list[Part], list[Left]]:
    """Choose who is called for each of some remote needs, and say for whom nobody was found."""
    parts, left = [], []
    for group_no, need_no in needs:
        count = groups[group_no].count
        found = field.find(groups[group_no].asked[need_no])
        for distance_mm, provider in found.listed[:1]:
            parts.append(
                Part(
                    group_no=group_no,
                    need_no=need_no,
                    provider=provider,
                    count=count,
                    cost_mm=0,
                    distance_mm=distance_mm,
                    items={},
                    band_no=0,
                )
            )
        if not found.listed:
            left.append(
                Left(
                    group_no=group_no,
                    need_no=need_no,
                    count=count,
                    excluded=tuple(found.excluded.items()),
                    ask_first_count=found.ask_first_count,
                )
            )
    return parts, left
