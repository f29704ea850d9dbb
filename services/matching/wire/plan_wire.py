"""Read plans that are asked for as one search a group, and write what is planned."""

from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import replace
from datetime import datetime
from typing import Final

from ihala.matching.v1 import matching_pb2 as pb
from services.errors import InvalidInput, Violation
from services.matching.companions import Conflict
from services.matching.constraints.table import RULES_VERSION
from services.matching.model.answer import Row
from services.matching.model.request import Asked, Enquiry, Need
from services.matching.planning.groups import MAX_GROUPS, MAX_LABELS, MAX_NEEDS, MAX_PEOPLE, Group
from services.matching.planning.plan import Left, Part, Plan
from services.matching.wire.fragments import match_to_wire
from services.runtime.times import time_to_wire

MAX_PARTS: Final = 4096
_LONGEST_LABEL: Final = 64  # characters
_MM_PER_M: Final = 1000
_URGENCIES: Final = {pb.URGENCY_IMMEDIATE: 4, pb.URGENCY_EMERGENCY: 3, pb.URGENCY_URGENT: 2}
_METHODS: Final = {
    "nearest": pb.PLAN_METHOD_NEAREST,
    "assignment": pb.PLAN_METHOD_ASSIGNMENT,
    "mixed_integer": pb.PLAN_METHOD_MIXED_INTEGER,
    "greedy": pb.PLAN_METHOD_GREEDY,
}
#: what is said of a part's provider
RowOf = Callable[[Part], Row]


def enquiries_from_wire(
    message: pb.PlanMatchesRequest, enquiry_of: Callable[[pb.FindMatchesRequest], Enquiry]
) -> list[Enquiry]:
    """
    Read a plan as one enquiry a group; where and the envelope are read once.

    Raises:
        InvalidInput: a field breaks its rule, naming it, with the number of the group.
    """
    if not 1 <= len(message.groups) <= MAX_GROUPS:
        raise InvalidInput(f"groups must be 1 to {MAX_GROUPS}")
    found: list[Enquiry] = []
    for number, group in enumerate(message.groups):
        _check(group, number)
        asked = search_of(message, group)
        if found:
            asked.ClearField("safety")
            asked.ClearField("when_time")
        try:
            each = enquiry_of(asked)
        except InvalidInput as error:
            raise _of_group(error, number) from None
        found.append(replace(found[0], needs=each.needs, person=each.person) if found else each)
    return found


def search_of(message: pb.PlanMatchesRequest, group: pb.Group) -> pb.FindMatchesRequest:
    """Write what a group asks for as a search; whoever nobody described is a person all the same."""
    search = pb.FindMatchesRequest(needs=group.needs, person=group.person, origin=message.origin)
    search.person.SetInParent()
    search.travel_mode = message.travel_mode
    if message.HasField("safety"):
        search.safety.CopyFrom(message.safety)
    if message.HasField("when_time"):
        search.when_time.CopyFrom(message.when_time)
    return search


def part_of(
    message: pb.PlanMatchesRequest, group: pb.Group, asked: Need, need_no: int, items: Mapping[str, int]
) -> pb.FindMatchesRequest:
    """Write one part of a plan as a search of its own, for its places."""
    search = search_of(message, group)
    need = pb.Need(code=asked.code, urgency=group.needs[0].urgency, remote=asked.is_remote)
    if need_no < len(group.needs):
        need.CopyFrom(group.needs[need_no])
    if items:
        del need.items[:]
        need.items.extend(pb.PlaceItem(population=population, count=count) for population, count in items.items())
    del search.needs[:]
    search.needs.append(need)
    return search


def group_from_wire(message: pb.Group, asked: Sequence[Asked], interpreter: Asked | None) -> Group:
    """Read a group whose needs have been read as questions, and that of the interpreter who may be added."""
    urgencies = [_URGENCIES.get(each.urgency, 1) for each in message.needs]
    return Group(
        label=message.label,
        count=message.count,
        together=frozenset(message.keep_together),
        apart=frozenset(message.keep_apart),
        asked=tuple(asked),
        interpreter=interpreter,
        urgencies=(*urgencies, *[max(urgencies)] * (len(asked) - len(urgencies))),
    )


def signed(message: pb.PlanMatchesRequest) -> bytes:
    """Write a request as it is signed with its token: no plan is signed as a search is."""
    return b"plan " + message.SerializeToString(deterministic=True)


def parts_from_wire(message: pb.CheckPlanRequest) -> list[tuple[str, int, str, int]]:
    """Read the parts of a plan that are to be checked: label, number of the need, provider and count."""
    if not 1 <= len(message.assignments) <= MAX_PARTS:
        raise InvalidInput(f"assignments must be 1 to {MAX_PARTS}")
    if any(each.count < 1 for each in message.assignments):
        raise InvalidInput("assignments.count must be at least 1")
    return [(each.label, each.need_no, each.provider_id, each.count) for each in message.assignments]


def plan_to_wire(
    plan: Plan,
    groups: Sequence[Group],
    row_of: RowOf,
    ask_first: Mapping[tuple[int, int], Sequence[Row]],
    *,
    conflicts: Iterable[Conflict],
    epoch: str,
    revision: int,
    evaluated_time: datetime,
    match_token: str,
) -> pb.PlanMatchesResponse:
    """Write a plan."""
    rows = [row_of(part) for part in plan.parts]
    return pb.PlanMatchesResponse(
        assignments=[_assignment(part, row, groups) for part, row in zip(plan.parts, rows, strict=True)],
        unassigned=[_unassigned(left, groups, ask_first.get((left.group_no, left.need_no), ())) for left in plan.left],
        conflicts=[
            pb.PlanConflict(labels=[groups[each].label for each in conflict.group_nos], keep_apart=conflict.label)
            for conflict in plan.conflicts
        ],
        total_cost_m=plan.total_mm / _MM_PER_M,
        bound_m=plan.bound_mm / _MM_PER_M,
        greedy_cost_m=plan.greedy_mm / _MM_PER_M,
        placed_count=plan.placed_count,
        greedy_placed_count=plan.greedy_placed_count,
        method=_METHODS[plan.method],
        optimal=plan.is_optimal,
        providers=_providers(rows),
        directory_epoch=epoch,
        directory_revision=revision,
        evaluated_time=time_to_wire(evaluated_time),
        rules_version=RULES_VERSION,
        match_token=match_token,
        safety_conflicts=[pb.SafetyConflict(code=each.code, person_refs=each.person_refs) for each in conflicts],
    )


def checked_part_to_wire(
    assignment: pb.Assignment,
    turned: Iterable[str],
    row: Row | None,
    items: Mapping[str, int],
    part: pb.FindMatchesRequest,
    match_token: str,
) -> pb.CheckedPart:
    """Write what became of a part."""
    return pb.CheckedPart(
        assignment=assignment,
        turned=turned,
        unknown=[each.constraint for each in row.unknowns] if row else (),
        match=match_to_wire(row) if row else None,
        items=_items(items),
        request=part,
        match_token=match_token,
    )


def parts_to_wire(parts: Iterable[pb.CheckedPart], unassigned: Iterable[pb.AddedPart]) -> pb.CheckPlanResponse:
    """Write what became of all parts, and what a rule added that none of them is for."""
    return pb.CheckPlanResponse(parts=parts, unassigned=unassigned)


def _assignment(part: Part, row: Row, groups: Sequence[Group]) -> pb.Assignment:
    need = groups[part.group_no].asked[part.need_no].need
    written = match_to_wire(row)
    return pb.Assignment(
        label=groups[part.group_no].label,
        need_no=part.need_no,
        provider_id=part.provider.provider_id,
        count=part.count,
        cost_m=0.0 if part.provider.is_confidential else part.cost_mm / _MM_PER_M,
        reach=written.reach,
        items=_items(part.items),
        party_no=part.band_no,
        cautions=written.cautions,
        code=need.code,
        added_by=need.added_by,
    )


def _unassigned(left: Left, groups: Sequence[Group], rows: Sequence[Row]) -> pb.Unassigned:
    need = groups[left.group_no].asked[left.need_no].need
    return pb.Unassigned(
        label=groups[left.group_no].label,
        need_no=left.need_no,
        count=left.count,
        excluded=[pb.Excluded(constraint=name, provider_count=count) for name, count in left.excluded],
        ask_first_count=left.ask_first_count,
        ask_first=map(match_to_wire, rows),
        code=need.code,
        added_by=need.added_by,
    )


def _providers(rows: Sequence[Row]) -> list[pb.Match]:
    """Write each provider once, with what all its parts together need of a consent."""
    found: dict[str, pb.Match] = {}
    for row in rows:
        match = found.get(row.provider.provider_id)
        if match is None:
            match = found[row.provider.provider_id] = match_to_wire(row)
            for name in ("cautions", "unknowns", "places"):
                match.ClearField(name)
        else:
            match.needed_fields.extend(sorted(set(row.needed_fields) - set(match.needed_fields)))
    return list(found.values())


def _items(items: Mapping[str, int]) -> list[pb.PlaceItem]:
    return [pb.PlaceItem(population=population, count=count) for population, count in items.items()]


def _check(group: pb.Group, number: int) -> None:
    path = f"groups[{number}]"
    if not 1 <= len(group.label) <= _LONGEST_LABEL:
        raise InvalidInput(f"{path}.label must be 1 to {_LONGEST_LABEL} characters")
    if not 1 <= group.count <= MAX_PEOPLE:
        raise InvalidInput(f"{path}.count must be in [1, {MAX_PEOPLE}]")
    if not 1 <= len(group.needs) <= MAX_NEEDS:
        raise InvalidInput(f"{path}.needs must be 1 to {MAX_NEEDS}")
    for name in ("keep_together", "keep_apart"):
        labels = getattr(group, name)
        if len(labels) > MAX_LABELS or not all(1 <= len(each) <= _LONGEST_LABEL for each in labels):
            raise InvalidInput(f"{path}.{name} must be at most {MAX_LABELS} labels of 1 to {_LONGEST_LABEL} characters")


def _of_group(error: InvalidInput, number: int) -> InvalidInput:
    """Name the group in an error about its needs or its person."""
    if not error.message.startswith(("needs", "person")):
        return error
    path = f"groups[{number}]."
    fields = [Violation(f"{path}{each.field}", each.rule) for each in error.fields]
    return InvalidInput(f"{path}{error.message}", fields=fields, reason=error.reason, metadata=error.metadata)
