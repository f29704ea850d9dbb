"""
Choose the best of all parts of a directory: by cost in whole millimetres with what silence adds, then by id.

Two lists are never merged: who can, and whom to ask first.
"""

from collections.abc import Sequence
from itertools import repeat
from typing import NamedTuple

import numpy as np

from services.matching.index.bits import Rows
from services.matching.index.nearest import AWAY_MM, IN_BLOCK, Ranked
from services.matching.index.sieve import Sifted
from services.matching.model.provider import Provider
from services.matching.model.request import Asked
from services.values import made

_Ranked = tuple[Ranked, int]  #: the nearest of a part, and how many of the first can


class Chosen(NamedTuple):
    """Who is listed: first who can, then whom to ask first."""

    of_parts: Sequence[Ranked]  #: who is listed of each part
    order: Rows | None  #: of these, one part after the other, as they are listed; None: all are of the first part
    sure_count: int  #: how many of the first can


class _Candidate(NamedTuple):
    cost_mm: int
    provider_id: str
    part: int  #: its number
    place: int  #: in what is ranked of the part
    provider: Provider


def choose(asked: Asked, parts: Sequence[Sifted], limit: int) -> Chosen:
    """Choose at most `limit` for each list: exact, however many were silent."""
    if asked.silence_mm:
        return _with_silence(asked, parts, limit)
    ranked = [part.nearest_of_both(limit) for part in parts]
    if len(ranked) == 1 or _are_of_first(ranked):
        first, sure_count = ranked[0]
        return made(Chosen, ((first,), None, sure_count))
    return _put_together(ranked, *[_nearest(parts, ranked, limit, is_sure=each) for each in (True, False)])


def _with_silence(asked: Asked, parts: Sequence[Sifted], limit: int) -> Chosen:
    """
    Choose where some were silent.

    Silence only adds. Whoever is farther than the last that was looked at is no better
    than the way there, so it is enough to look until that is worse than the last kept.
    """
    looked_at = limit
    while True:
        ranked = [part.nearest_of_both(looked_at) for part in parts]
        lists = [_nearest(parts, ranked, looked_at, is_sure=each) for each in (True, False)]
        best = [_best(asked, among)[:limit] for among in lists]
        if all(
            len(among) < looked_at or kept[-1][:2] <= among[-1][:2] for among, kept in zip(lists, best, strict=True)
        ):
            return _put_together(ranked, *best)
        looked_at *= 2


def _are_of_first(ranked: Sequence[_Ranked]) -> bool:
    """Say whether all who are listed are of the first part: what has changed lately is little."""
    return bool(ranked) and not any(len(each) for each, _ in ranked[1:])


def _nearest(parts: Sequence[Sifted], ranked: Sequence[_Ranked], limit: int, *, is_sure: bool) -> list[_Candidate]:
    """List the nearest of all parts, by cost and then by id."""
    found: list[tuple[int, int, int, int]] = []  # the cost, and who: the part, the place in what is ranked, the row
    for number, (each, sure_count) in enumerate(ranked):
        first, end = (0, sure_count) if is_sure else (sure_count, len(each))
        in_block, costs_mm = each[first:end, IN_BLOCK].tolist(), each[first:end, AWAY_MM].tolist()
        found += zip(costs_mm, repeat(number), range(first, end), in_block, strict=False)
    found.sort()
    if len(found) > limit:  # as far as the last of them all may be listed: their records lie far away in memory
        found = [each for each in found if each[0] <= found[limit - 1][0]]
    near = []
    for cost_mm, part, place, row in found:
        provider = parts[part].block.providers[row]
        near.append(made(_Candidate, (cost_mm, provider.provider_id, part, place, provider)))
    return sorted(near)[:limit]


def _best(asked: Asked, among: Sequence[_Candidate]) -> list[_Candidate]:
    """Order by cost with what silence adds, and then by id."""
    return sorted(each._replace(cost_mm=each.cost_mm + asked.silence_of(each.provider)) for each in among)


def _put_together(ranked: Sequence[_Ranked], sure: Sequence[_Candidate], unsure: Sequence[_Candidate]) -> Chosen:
    """Keep of each part who is listed."""
    listed = [*sure, *unsure]
    order = np.empty(len(listed), dtype=np.int64)
    kept, first = [], 0
    for number, (of_part, _) in enumerate(ranked):
        own = [at for at, each in enumerate(listed) if each.part == number]
        kept.append(of_part[np.array([listed[at].place for at in own], dtype=np.intp)])
        order[own] = np.arange(first, first + len(own))
        first += len(own)
    return Chosen(kept, order, len(sure))
