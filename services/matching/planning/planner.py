"""
Plan for many people: bands of groups, spots for the night, errands besides, then the optimum over all.

Only providers of whom every constraint says yes are in a plan. The cost is what
all people go: the distance from the start to each site that each is sent to,
counted once a site.
"""

from collections.abc import Mapping, Sequence
from dataclasses import replace

from services.matching.constraints.places import wanted_places
from services.matching.index.snapshot import Snapshot
from services.matching.model.provider import Provider
from services.matching.planning.cases import Case, Errand, Night
from services.matching.planning.errands import Errands, Listed, stop_of
from services.matching.planning.field import Field, Found
from services.matching.planning.groups import Band, Group, bands_of, has_adult, is_alone
from services.matching.planning.laying import lay_out
from services.matching.planning.model import Member, Party, Placement, Pool, Problem, Way
from services.matching.planning.optimum import solve
from services.matching.planning.plan import Conflict, Plan, left_order, part_order
from services.matching.planning.remote import by_telephone, remote_needs
from services.matching.planning.spots import Search, Sites, Spotted, spots_for
from services.matching.planning.ways import ways_at

#: populations and numbers of places that one person wants
Wants = tuple[tuple[str | None, int], ...]


def plan_for(snapshot: Snapshot, groups: Sequence[Group], limit_s: float) -> Plan:
    """
    Plan for all groups.

    Args:
        snapshot: The directory.

        groups: As `groups.check` wants them.

        limit_s: How long the programme for groups that bind may take, in seconds.
    """
    planner = _Planner(snapshot, groups)
    problem = Problem(tuple(each.night.party for each in planner.cases if each.night), planner.free)
    solution, greedy = solve(problem, limit_s)
    base_mm = sum(each.routes.cost_mm() * each.unit_count for each in planner.cases)
    parts, left = lay_out(groups, planner.cases, planner.found, problem, solution.placements)
    called, unheard = by_telephone(planner.field, groups, remote_needs(groups))
    return Plan(
        parts=tuple(sorted((*parts, *called), key=part_order)),
        left=tuple(sorted((*left, *unheard), key=left_order)),
        conflicts=tuple(Conflict(band.group_nos, label) for band in planner.bands for label in band.conflicts),
        total_mm=base_mm + solution.cost_mm,
        bound_mm=base_mm + solution.bound_mm,
        greedy_mm=base_mm + sum(each.spot.cost_mm * each.unit_count for each in greedy),
        placed_count=_people(problem, solution.placements),
        greedy_placed_count=_people(problem, greedy),
        method=solution.method,
        is_optimal=solution.is_optimal,
    )


def _people(problem: Problem, placements: Sequence[Placement]) -> int:
    return sum(problem.parties[each.party_no].persons_a_unit * each.unit_count for each in placements)


class _Planner:
    def __init__(self, snapshot: Snapshot, groups: Sequence[Group]) -> None:
        self._groups = groups
        self.field = Field(snapshot)
        self._routes: dict[object, Errands] = {}
        self._met: dict[tuple[int, ...], Listed] = {}
        self._ways: dict[object, tuple[tuple[Way, ...], Mapping[Pool, int]]] = {}
        self._spotted: dict[object, Spotted] = {}
        self._sites = Sites()
        self.free: dict[Pool, int] = {}
        self.bands = bands_of(groups)
        self.found = [[self.field.find(asked) for asked in group.asked] for group in groups]
        self._people = sum(group.count for group in groups if group.roof_no is not None)
        labels = [label for group in groups if group.roof_no is not None for label in group.apart]
        self._is_bound = len(labels) != len(set(labels)) or any(each.is_whole for each in self.bands)
        for listed in {id(each): each for each in self._roof_lists()}.values() if self._is_bound else ():
            for _, provider in listed:
                self._sites.add(provider)
        self.cases: list[Case] = []
        for band in self.bands:
            self._add(band)

    def _roof_lists(self) -> list[Listed]:
        pairs = zip(self._groups, self.found, strict=True)
        return [found[group.roof_no].listed for group, found in pairs if group.roof_no is not None]

    def _add(self, band: Band) -> None:
        errands, lists = self._errands(band)
        heads = self._heads(band, errands)
        key = (tuple(map(id, lists)), heads)
        routes = self._routes.get(key)
        if routes is None:
            routes = self._routes[key] = Errands(lists, heads)
        sleepers = [number for number in band.group_nos if self._groups[number].roof_no is not None]
        self.cases.append(
            Case(
                band=band,
                band_no=1 + sum(1 for each in self.cases if each.band_no) if band.is_whole else 0,
                unit_count=1 if band.is_whole else self._groups[band.group_nos[0]].count,
                errands=tuple(errands),
                routes=routes,
                night=self._night(band, sleepers, routes) if sleepers else None,
            )
        )

    def _errands(self, band: Band) -> tuple[list[Errand], list[Listed]]:
        """List the needs besides the roof that somebody can meet, for all in the band who have them alike."""
        takers: dict[str, list[tuple[int, int]]] = {}
        for number in band.group_nos:
            for need_no, asked in enumerate(self._groups[number].asked):
                if need_no not in {self._groups[number].roof_no, *self._groups[number].remote_nos}:
                    takers.setdefault(asked.need.code, []).append((number, need_no))
        errands, lists = [], []
        for code, each in takers.items():
            listed = self._common([self.found[number][need_no] for number, need_no in each])
            if listed:
                errands.append(Errand(code, tuple(each)))
                lists.append(listed)
        return errands, lists

    def _heads(self, band: Band, errands: Sequence[Errand]) -> tuple[tuple[int, int], ...]:
        return tuple(
            (
                sum(
                    1 << bit for bit, each in enumerate(errands) if number in {group_no for group_no, _ in each.takers}
                ),
                self._groups[number].count if band.is_whole else 1,
            )
            for number in band.group_nos
        )

    def _common(self, found: Sequence[Found]) -> Listed:
        """List who can for all of several, nearest first."""
        lists = list({id(each.listed): each.listed for each in found}.values())
        if not lists:
            return ()
        if len(lists) == 1:
            return lists[0]
        key = tuple(sorted(map(id, lists)))
        if key not in self._met:
            ids = set.intersection(*({provider.provider_id for _, provider in each} for each in lists))
            self._met[key] = [row for row in lists[0] if row[1].provider_id in ids]
        return self._met[key]

    def _night(self, band: Band, sleepers: Sequence[int], routes: Errands) -> Night:
        groups = [self._groups[number] for number in sleepers]
        roofs = self._common([self.found[number][self._groups[number].roof_no or 0] for number in sleepers])
        party_no = sum(1 for each in self.cases if each.night)
        party = Party(
            number=party_no,
            members=tuple(Member(number, self._groups[number].count) for number in sleepers),
            is_whole=band.is_whole,
            apart=frozenset().union(*(each.apart for each in groups)),
            urgency=max(each.urgencies[each.roof_no or 0] for each in groups),
        )
        with_adult = has_adult(self._groups, band)
        wants = {
            number: (
                wanted_places(self._groups[number].asked[self._groups[number].roof_no or 0]),
                is_alone(self._groups[number], with_adult=with_adult),
            )
            for number in sleepers
        }
        counts = party.counts() if band.is_whole else ()
        key = (id(roofs), id(routes), tuple(wants.values()), counts, bool(band.conflicts))
        if key not in self._spotted:  # what many have in common is worked out once
            self._spotted[key] = spots_for(party, self._search(band, party, roofs, routes, wants))
        spots, without_way_count = self._spotted[key]
        return Night(
            party=replace(party, spots=spots), party_no=party_no, roofs=roofs, without_way_count=without_way_count
        )

    def _search(
        self, band: Band, party: Party, roofs: Listed, routes: Errands, wants: Mapping[int, tuple[Wants, bool]]
    ) -> Search:
        def ways_of(member: int, provider: Provider) -> tuple[tuple[Way, ...], Mapping[Pool, int]]:
            group_no = party.members[member].group_no
            key = (wants[group_no], provider.provider_id)
            if key not in self._ways:
                group = self._groups[group_no]
                self._ways[key] = ways_at(group.asked[group.roof_no or 0], provider, is_alone=wants[group_no][1])
            return self._ways[key]

        return Search(
            listed=() if band.conflicts else roofs,
            ways_at=ways_of,
            heads=party.persons_a_unit,
            rest_mm=lambda provider: routes.cost_mm(stop_of(provider)),
            rest_without_mm=routes.cost_mm(),
            people=self._people,
            is_bound=self._is_bound,
            site_of=self._sites.of,
            free=self.free,
        )
