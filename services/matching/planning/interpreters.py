"""An interpreter by telephone for those of a plan to whom nobody speaks: added last, since nobody goes to one (R40)."""

from collections import defaultdict
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import replace

from services.matching.bundle import LANGUAGE, speaks
from services.matching.index.snapshot import Snapshot
from services.matching.model.provider import Provider
from services.matching.planning.field import Field
from services.matching.planning.groups import Group
from services.matching.planning.plan import Plan, left_order, part_order
from services.matching.planning.remote import by_telephone

#: number of the need, and to whom somebody of a group goes for it or might
Meets = Sequence[tuple[int, Provider]]


def with_interpreters(
    snapshot: Snapshot, groups: Sequence[Group], plan: Plan, asked_first: Iterable[tuple[int, int, Provider]]
) -> tuple[Sequence[Group], Plan]:
    """
    Add an interpreter for every group to which nobody surely speaks, of those it goes to or might ask first.

    Args:
        snapshot: The directory.

        groups: All of the plan.

        plan: Made without interpreters.

        asked_first: Number of the group, of the need, and whom those may ask who are left.

    Returns:
        The groups with the needs that were added, and the plan with their parts.
    """
    meets: dict[int, list[tuple[int, Provider]]] = defaultdict(list)
    for part in plan.parts:
        meets[part.group_no].append((part.need_no, part.provider))
    for group_no, need_no, provider in asked_first:
        meets[group_no].append((need_no, provider))
    fell = {each.group_no for each in plan.left if any(name == LANGUAGE for name, _ in each.excluded)}
    silent = [
        number
        for number, group in enumerate(groups)
        if group.interpreter is not None and (_nobody_speaks(group, meets[number]) if meets[number] else number in fell)
    ]
    wider = list(groups)
    for number in silent:
        wider[number] = groups[number].with_interpreter()
    called, unheard = by_telephone(Field(snapshot), wider, [(each, len(groups[each].asked)) for each in silent])
    return wider, replace(
        plan,
        parts=tuple(sorted((*plan.parts, *called), key=part_order)),
        left=tuple(sorted((*plan.left, *unheard), key=left_order)),
    )


def as_claimed(groups: Sequence[Group], claimed: Mapping[int, Sequence[tuple[int, Provider | None]]]) -> list[Group]:
    """
    Add the interpreters of a plan whose parts come back: those that are among them, and those that are due.

    Args:
        groups: All of the plan.

        claimed: By group, number of the need and who was chosen for it; None: there is none any more.
    """
    wider = list(groups)
    for number, parts in claimed.items():
        meets = [
            (need_no, who) for need_no, who in parts if who is not None and need_no in range(len(groups[number].asked))
        ]
        is_named = any(need_no == len(groups[number].asked) for need_no, _ in parts)
        if is_named or (meets and _nobody_speaks(groups[number], meets)):
            wider[number] = groups[number].with_interpreter()
    return wider


def _nobody_speaks(group: Group, meets: Meets) -> bool:
    return not any(speaks(group.asked[need_no], provider) for need_no, provider in meets)
