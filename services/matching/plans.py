"""Plans as they are asked for and checked: wire in, the plan in a thread of its own, wire out. Nothing is stored."""

import asyncio
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from datetime import UTC, datetime
from typing import Any, Final

from services.errors import InvalidInput
from services.matching import bundle, ranking
from services.matching.companions import Conflict
from services.matching.index.snapshot import Snapshot
from services.matching.index.state import Directory
from services.matching.index.times import microseconds
from services.matching.model.answer import Row
from services.matching.model.provider import Provider
from services.matching.model.request import Asked, Enquiry, Need
from services.matching.planning.checking import Checked, Claimed, check_together
from services.matching.planning.groups import Group, check
from services.matching.planning.interpreters import as_claimed, with_interpreters
from services.matching.planning.plan import Left, Part
from services.matching.planning.planner import plan_for
from services.matching.wire import added_wire, plan_wire, request_wire

LIMIT_S: Final = 20.0  #: for the programme where groups bind; then the best that was found stands, with its bound
_NO_SUCH_NEED: Final = "assignments.label and need_no must be those of a need of the plan"
_SHARE: Final = 0.6  #: of the time that the caller still waits
_ASK_FIRST: Final = 3  #: rows for each that is left
_ASKED_FOR: Final = 50  #: of those that are left


@dataclass(frozen=True, slots=True)
class Searches:
    """How searches are read and sealed, the same for one person and for many."""

    enquiry: Callable[[Any, Snapshot], tuple[Enquiry, Sequence[Conflict]]]
    questions: Callable[[Enquiry, Sequence[Need], datetime], list[Asked]]
    token: Callable[[bytes, Snapshot, int, int], str]
    verify: Callable[[str, bytes, datetime], object]


class Plans:
    """
    Answers plans for many people.

    Args:
        directory: The index.

        searches: Reads and seals.

        now: The clock, timezone-aware.
    """

    def __init__(self, directory: Directory, searches: Searches, now: Callable[[], datetime]) -> None:
        self._directory = directory
        self._searches = searches
        self._now = now

    async def plan(self, request: Any, left_s: float | None) -> Any:
        """
        Plan.

        Args:
            request: A PlanMatchesRequest.

            left_s: How long the caller still waits, in seconds; None: for ever.

        Returns:
            A PlanMatchesResponse.
        """
        snapshot = self._directory.snapshot
        now = self._now().astimezone(UTC)
        limit_s = LIMIT_S if left_s is None else min(LIMIT_S, left_s * _SHARE)
        return await asyncio.to_thread(self._planned, request, snapshot, now, limit_s)

    async def check(self, request: Any) -> Any:
        """Check the parts of a CheckPlanRequest."""
        snapshot = self._directory.snapshot
        now = self._now().astimezone(UTC)
        self._searches.verify(request.match_token, plan_wire.signed(request.request), now)
        return await asyncio.to_thread(self._checked, request, snapshot, now)

    def _planned(self, request: Any, snapshot: Snapshot, now: datetime, limit_s: float) -> Any:
        groups, conflicts = self._groups(request, snapshot, now)
        plan = plan_for(snapshot, groups, limit_s)
        ask_first = _ask_first(snapshot, groups, plan.left)
        may_ask = [(*at, row.provider) for at, rows in ask_first.items() for row in rows]
        groups, plan = with_interpreters(snapshot, groups, plan, may_ask)
        added = [each for each in plan.left if groups[each.group_no].asked[each.need_no].need.added_by]
        ask_first |= _ask_first(snapshot, groups, [each for each in added if _at(each) not in ask_first])
        evaluated_time = groups[0].asked[0].when_time

        def row_of(part: Part) -> Row:
            return _row(groups[part.group_no].asked[part.need_no], part.provider)

        return plan_wire.plan_to_wire(
            plan,
            groups,
            row_of,
            ask_first,
            conflicts=conflicts,
            epoch=snapshot.epoch,
            revision=snapshot.revision,
            evaluated_time=evaluated_time,
            match_token=self._searches.token(
                plan_wire.signed(request), snapshot, microseconds(evaluated_time), microseconds(now)
            ),
        )

    def _checked(self, request: Any, snapshot: Snapshot, now: datetime) -> Any:
        groups, _ = self._groups(request.request, snapshot, now)
        numbers = check(groups)
        claimed = []
        chosen: dict[int, list[tuple[int, Provider | None]]] = {}
        for label, need_no, provider_id, count in plan_wire.parts_from_wire(request):
            if label not in numbers:
                raise InvalidInput(_NO_SUCH_NEED)
            provider = snapshot.provider(provider_id)
            claimed.append(Claimed(numbers[label], need_no, provider, provider_id, count))
            chosen.setdefault(numbers[label], []).append((need_no, provider))
        groups = as_claimed(groups, chosen)
        if not all(0 <= each.need_no < len(groups[each.group_no].asked) for each in claimed):
            raise InvalidInput(_NO_SUCH_NEED)
        told = zip(request.assignments, claimed, check_together(groups, claimed), strict=True)
        parts = [self._part(request, snapshot, now, groups, *each) for each in told]
        return plan_wire.parts_to_wire(parts, added_wire.unassigned_to_wire(request, groups))

    def _part(
        self,
        request: Any,
        snapshot: Snapshot,
        now: datetime,
        groups: Sequence[Group],
        assignment: Any,
        claimed: Claimed,
        checked: Checked,
    ) -> Any:
        group = groups[claimed.group_no]
        message = request.request.groups[claimed.group_no]
        need = group.asked[claimed.need_no].need
        part = plan_wire.part_of(request.request, message, need, claimed.need_no, checked.items)
        # the part as it would be asked for by itself: for all its places
        enquiry, _ = self._searches.enquiry(part, snapshot)
        (asked,) = self._searches.questions(enquiry, enquiry.needs[:1], now)
        token = self._searches.token(
            request_wire.signed(part), snapshot, microseconds(asked.when_time), microseconds(now)
        )
        if claimed.provider is None:
            return plan_wire.checked_part_to_wire(assignment, ["status"], None, {}, part, token)
        turned = dict.fromkeys([*ranking.turned(asked, claimed.provider), *checked.turned])
        row = None if claimed.provider.place is None else _row(asked, claimed.provider)
        return plan_wire.checked_part_to_wire(assignment, turned, row, checked.items, part, token)

    def _groups(self, request: Any, snapshot: Snapshot, now: datetime) -> tuple[Sequence[Group], Sequence[Conflict]]:
        """Read the groups, and what of the envelope cannot hold: the same for all of them."""
        conflicts: list[Conflict] = []

        def enquiry_of(search: Any) -> Enquiry:
            enquiry, found = self._searches.enquiry(search, snapshot)
            conflicts.extend(found)
            return enquiry

        enquiries = plan_wire.enquiries_from_wire(request, enquiry_of)
        groups = []
        for message, enquiry in zip(request.groups, enquiries, strict=True):
            asked = self._searches.questions(enquiry, bundle.needs_of(enquiry), now)
            count = len(enquiry.needs)
            groups.append(plan_wire.group_from_wire(message, asked[:count], next(iter(asked[count:]), None)))
        check(groups)
        return groups, conflicts


def _row(asked: Asked, provider: Any) -> Row:
    return ranking.row_of(asked, provider, provider.place)


def _ask_first(
    snapshot: Snapshot, groups: Sequence[Group], left: Sequence[Left]
) -> dict[tuple[int, int], Sequence[Row]]:
    """Find whom to ask first for those who are left."""
    asked_for = [each for each in left if each.ask_first_count][:_ASKED_FOR]
    return {
        _at(each): ranking.find(snapshot, groups[each.group_no].asked[each.need_no], _ASK_FIRST).ask_first
        for each in asked_for
    }


def _at(left: Left) -> tuple[int, int]:
    return left.group_no, left.need_no
