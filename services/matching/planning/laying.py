"""Lay a solution out: the parts of groups that go to each provider, and who is left with what reason."""

from collections import Counter, defaultdict
from collections.abc import Sequence
from dataclasses import dataclass, field

from services.matching.model.provider import Provider
from services.matching.planning.cases import Case, Night
from services.matching.planning.errands import stop_of
from services.matching.planning.field import Found
from services.matching.planning.greedy import Board, used
from services.matching.planning.groups import Group
from services.matching.planning.model import Placement, Problem
from services.matching.planning.plan import Left, Part


@dataclass(slots=True)
class _Sum:
    provider: Provider
    distance_mm: int
    count: int = 0
    cost_mm: int = 0
    items: Counter[str] = field(default_factory=Counter)


class _Layout:
    def __init__(self, groups: Sequence[Group]) -> None:
        self._groups = groups
        self._sums: dict[tuple[int, int, str], _Sum] = {}
        self._bands: dict[int, int] = {}

    def add(
        self, at: tuple[int, int], provider: Provider, count: int, cost_mm: int, distance_mm: int, band_no: int
    ) -> _Sum:
        found = self._sums.setdefault((*at, provider.provider_id), _Sum(provider, distance_mm))
        found.count += count
        found.cost_mm += cost_mm
        self._bands[at[0]] = band_no
        return found

    def parts(self) -> tuple[Part, ...]:
        return tuple(
            Part(
                group_no=group_no,
                need_no=need_no,
                provider=each.provider,
                count=each.count,
                cost_mm=each.cost_mm,
                distance_mm=each.distance_mm,
                items=dict(sorted(each.items.items())),
                band_no=self._bands[group_no],
            )
            for (group_no, need_no, _), each in sorted(self._sums.items())
        )


def lay_out(
    groups: Sequence[Group],
    cases: Sequence[Case],
    found: Sequence[Sequence[Found]],
    problem: Problem,
    placements: Sequence[Placement],
) -> tuple[tuple[Part, ...], tuple[Left, ...]]:
    """List the parts by group, need and provider, and who is left by group and need."""
    layout = _Layout(groups)
    by_party: dict[int, list[Placement]] = defaultdict(list)
    for each in placements:
        by_party[each.party_no].append(each)
    left: list[Left] = []
    board = _board(problem, placements)
    for case in cases:
        settled = by_party[case.night.party_no] if case.night else []
        if case.night is not None:
            _lay_roofs(layout, groups, case.night, settled, case.band_no)
        _lay_errands(layout, groups, case, settled)
        left += _left(groups, case, found, settled, board)
    return layout.parts(), tuple(sorted(left, key=lambda each: (each.group_no, each.need_no)))


def _lay_roofs(
    layout: _Layout, groups: Sequence[Group], night: Night, settled: Sequence[Placement], band_no: int
) -> None:
    who = {provider.provider_id: (cost_mm, provider) for cost_mm, provider in night.roofs} if settled else {}
    for placement in settled:
        cost_mm, provider = who[placement.spot.provider_id]
        for member_no, way, count in placement.draws:
            group_no = night.party.members[member_no].group_no
            at = (group_no, groups[group_no].roof_no or 0)
            part = layout.add(at, provider, count, cost_mm * count, cost_mm, band_no)
            for (_, population), places in way:
                part.items[population] += places * count


def _lay_errands(layout: _Layout, groups: Sequence[Group], case: Case, settled: Sequence[Placement]) -> None:
    """Send each to its errands: from a roof, or without one."""
    who = {each.provider_id: each for _, each in case.night.roofs} if case.night and settled else {}
    routes = [(stop_of(who[each.spot.provider_id]), each.unit_count) for each in settled]
    unplaced = case.unit_count - sum(each.unit_count for each in settled)
    for roof, count in [*routes, (None, unplaced)]:
        for visit in case.routes.visits(roof) if count else ():
            paid: set[int] = set()  # who goes to a stop for two needs goes once
            for number, provider in sorted(visit.providers.items()):
                for group_no, need_no in case.errands[number].takers:
                    people = groups[group_no].count if case.band.is_whole else count
                    cost_mm = 0 if group_no in paid else visit.cost_mm * people
                    paid.add(group_no)
                    layout.add((group_no, need_no), provider, people, cost_mm, visit.distance_mm, case.band_no)


def _board(problem: Problem, placements: Sequence[Placement]) -> Board:
    taken = used(placements)
    board = Board({pool: count - taken.get(pool, 0) for pool, count in problem.free.items()})
    for each in placements:
        board.settle(each.party_no, problem.parties[each.party_no], each.spot)
    return board


def _left(
    groups: Sequence[Group],
    case: Case,
    found: Sequence[Sequence[Found]],
    settled: Sequence[Placement],
    board: Board,
) -> list[Left]:
    done = {taker for each in case.errands for taker in each.takers}
    done |= {(group_no, need_no) for group_no in case.band.group_nos for need_no in groups[group_no].remote_nos}
    left = []
    for group_no in case.band.group_nos:
        group = groups[group_no]
        for need_no in range(len(group.asked)):
            known = found[group_no][need_no]
            count, reason = group.count, ""
            if need_no == group.roof_no:
                placed = sum(each.unit_count for each in settled)
                count = 0 if case.band.is_whole and placed else group.count - placed
                reason = _why(case, case.night, board) if count and case.night else ""
            elif (group_no, need_no) in done:
                continue
            elif known.listed:
                reason = "keep_together"
            if not count:
                continue
            told = [(reason, len(known.listed))] if reason and known.listed else []
            left.append(
                Left(
                    group_no=group_no,
                    need_no=need_no,
                    count=count,
                    excluded=(*told, *known.excluded.items()),
                    ask_first_count=known.ask_first_count,
                )
            )
    return left


def _why(case: Case, night: Night, board: Board) -> str:
    """Say what of the plan itself left somebody without a roof."""
    party = night.party
    if case.band.conflicts:
        return "keep_apart"
    if not night.roofs:
        return "keep_together"
    if not party.spots:
        return "child_path" if night.without_way_count else "places"
    for spot in party.spots:
        if not board.is_apart(night.party_no, party, spot) and board.has_room(party, spot):
            return "keep_apart"
    return "places"
