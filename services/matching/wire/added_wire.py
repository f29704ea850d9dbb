"""Write the needs that a rule adds, where a match or a plan is checked: they stay, whether anybody is chosen or not."""

from collections import Counter
from collections.abc import Iterable, Sequence

from ihala.matching.v1 import matching_pb2 as pb
from services.matching.planning.groups import Group
from services.matching.wire.plan_wire import part_of


def add_needs(answer: pb.CheckMatchResponse, codes: Iterable[str], first_no: int) -> None:
    """Write which needs a rule added, numbered from the first of them."""
    answer.added_needs.extend(
        pb.AddedNeed(need_no=need_no, code=code) for need_no, code in enumerate(codes, start=first_no)
    )


def unassigned_to_wire(message: pb.CheckPlanRequest, groups: Sequence[Group]) -> list[pb.AddedPart]:
    """Write the needs that a rule added to people who are referred, and for which nobody is named (R35)."""
    told: Counter[tuple[str, int]] = Counter()
    for each in message.assignments:
        told[each.label, each.need_no] += each.count
    return [
        pb.AddedPart(
            label=group.label,
            need_no=need_no,
            code=group.asked[need_no].need.code,
            request=part_of(message.request, asked, group.asked[need_no].need, need_no, {}),
        )
        for group, asked in zip(groups, message.request.groups, strict=True)
        for need_no in range(len(asked.needs), len(group.asked))
        if told[group.label, need_no] < max(told[group.label, each] for each in range(len(group.asked)))
    ]
