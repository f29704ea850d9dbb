"""Whether parts of a plan still hold together: what no constraint on one person and one provider can say."""

from collections import defaultdict
from collections.abc import Mapping, Sequence
from dataclasses import dataclass

from services.errors import InvalidInput
from services.matching.model.provider import Provider
from services.matching.model.request import Asked
from services.matching.planning.greedy import Board
from services.matching.planning.groups import Band, Group, bands_of, has_adult, is_alone
from services.matching.planning.model import Member, Party, Spot
from services.matching.planning.spots import Sites
from services.matching.planning.ways import ways_at


@dataclass(frozen=True, slots=True)
class Claimed:
    """A part as the caller brings it back."""

    group_no: int
    need_no: int
    provider: Provider | None  #: None: there is none any more
    provider_id: str
    count: int


@dataclass(frozen=True, slots=True)
class Checked:
    """What the plan itself says of a part."""

    turned: tuple[str, ...]
    items: Mapping[str, int]  #: places that all of the part would take


def check_together(groups: Sequence[Group], claimed: Sequence[Claimed]) -> list[Checked]:
    """
    Check all parts that came beside each other.

    Raises:
        InvalidInput: more of a group come than it has.
    """
    _check_counts(groups, claimed)
    bands = {number: band for band in bands_of(groups) for number in band.group_nos}
    split = _split(groups, claimed, bands)
    beside = _beside(groups, claimed, bands)
    board: dict[tuple[str, str], int] = {}
    checked = []
    for number, each in enumerate(claimed):
        turned = [name for name, those in (("keep_together", split), ("keep_apart", beside)) if number in those]
        group = groups[each.group_no]
        items: dict[str, int] = {}
        if each.provider is not None and each.need_no == group.roof_no:
            alone = is_alone(group, with_adult=has_adult(groups, bands[each.group_no]))
            found = _items(group.asked[each.need_no], each.provider, each.count, board, alone=alone)
            if found is None:
                turned.append("child_path" if alone else "places")
            items = found or {}
        checked.append(Checked(tuple(turned), items))
    return checked


def _check_counts(groups: Sequence[Group], claimed: Sequence[Claimed]) -> None:
    counts: dict[tuple[int, int], int] = defaultdict(int)
    for each in claimed:
        counts[each.group_no, each.need_no] += each.count
        if counts[each.group_no, each.need_no] > groups[each.group_no].count:
            raise InvalidInput("assignments.count must not exceed that of the group")


def _split(groups: Sequence[Group], claimed: Sequence[Claimed], bands: Mapping[int, Band]) -> set[int]:
    """List the parts of bands that would not stay together: at two providers for one need, or not all of them."""
    at: dict[tuple[int, str], list[int]] = defaultdict(list)
    for number, each in enumerate(claimed):
        band, group = bands[each.group_no], groups[each.group_no]
        if band.is_whole and each.need_no not in group.remote_nos:
            # all roofs of a band are one, whatever their codes
            code = "" if each.need_no == group.roof_no else group.asked[each.need_no].need.code
            at[band.group_nos[0], code].append(number)
    split: set[int] = set()
    for (first, code), numbers in at.items():
        wanted = sum(
            groups[each].count
            for each in bands[first].group_nos
            if any(
                code == ("" if need_no == groups[each].roof_no else asked.need.code)
                for need_no, asked in enumerate(groups[each].asked)
            )
        )
        came = sum(claimed[number].count for number in numbers)
        if came != wanted or len({claimed[number].provider_id for number in numbers}) > 1:
            split |= set(numbers)
    return split


def _beside(groups: Sequence[Group], claimed: Sequence[Claimed], bands: Mapping[int, Band]) -> set[int]:
    """List the parts that would sleep at one site with somebody they are to be kept apart from."""
    sites = Sites()
    nights = [
        (number, each, each.provider)
        for number, each in enumerate(claimed)
        if each.provider is not None and each.need_no == groups[each.group_no].roof_no
    ]
    for _, _, provider in nights:
        sites.add(provider)
    there: dict[tuple[str, str], dict[int, set[int]]] = defaultdict(lambda: defaultdict(set))
    for number, each, provider in nights:
        for label in groups[each.group_no].apart:
            there[label, sites.of(provider)][each.group_no].add(number)
    crowded = {
        number for by_group in there.values() if len(by_group) > 1 for each in by_group.values() for number in each
    }
    torn = {number for number, each, _ in nights if bands[each.group_no].conflicts}
    return crowded | torn


def _items(
    asked: Asked, provider: Provider, count: int, taken: dict[tuple[str, str], int], *, alone: bool
) -> dict[str, int] | None:
    """Count the places that so many take, beside those of parts before; None if there is no way or no room."""
    ways, free = ways_at(asked, provider, is_alone=alone)
    if not ways:
        return None
    board = Board({pool: max(each - taken.get(pool, 0), 0) for pool, each in free.items()})
    party = Party(0, (Member(0, count),))
    placed, draws = board.take(party, Spot(provider.provider_id, "", 0, (ways,)), count)
    items: dict[str, int] = {}
    for _, way, people in draws:
        for pool, places in way:
            taken[pool] = taken.get(pool, 0) + places * people
            items[pool[1]] = items.get(pool[1], 0) + places * people
    return items if placed == count else None
