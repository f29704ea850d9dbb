"""Gather parties of single people to whom the same spots are open: for a programme they are one party."""

from collections.abc import Sequence
from dataclasses import replace

from services.matching.planning.model import Member, Party, Placement, Problem, Way


def gathered(problem: Problem) -> tuple[Problem, list[list[int]]]:
    """
    Gather a problem.

    Returns:
        The smaller problem, and for each of its parties the numbers of those that it stands for.
    """
    owners: dict[object, list[int]] = {}
    for number, party in enumerate(problem.parties):
        # who has the same spots has the very same list: it was worked out once
        can_gather = not party.is_whole and not party.apart
        owners.setdefault((id(party.spots), party.urgency) if can_gather else number, []).append(number)
    parties = [
        _one(number, [problem.parties[each] for each in listed]) for number, listed in enumerate(owners.values())
    ]
    return Problem(tuple(parties), problem.free), list(owners.values())


def scattered(
    problem: Problem, owners: Sequence[Sequence[int]], placements: Sequence[Placement]
) -> tuple[Placement, ...]:
    """Give each party its own placements of a plan for the gathered problem."""
    left = [party.unit_count for party in problem.parties]
    found: list[Placement] = []
    for placement in placements:
        listed = owners[placement.party_no]
        if len(listed) == 1:
            found.append(replace(placement, party_no=listed[0]))
            continue
        ways: list[tuple[Way, int]] = [(way, count) for _, way, count in placement.draws]
        for number in listed:
            drawn: list[tuple[int, Way, int]] = []
            while ways and left[number]:
                way, count = ways.pop()
                taken = min(count, left[number])
                left[number] -= taken
                drawn.append((0, way, taken))
                if taken < count:
                    ways.append((way, count - taken))
            if drawn:
                found.append(Placement(number, placement.spot, sum(count for _, _, count in drawn), tuple(drawn)))
    return tuple(sorted(found, key=lambda each: (each.party_no, each.spot.provider_id)))


def _one(number: int, parties: Sequence[Party]) -> Party:
    if len(parties) == 1:
        return parties[0]
    people = sum(each.person_count for each in parties)
    return replace(parties[0], number=number, members=(Member(parties[0].members[0].group_no, people),))
