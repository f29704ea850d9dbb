"""
Choose the best of all parts of a directory: by cost in whole millimetres with what silence adds, then by id.

Two lists are never merged: who can, and whom to ask first.
"""

from collections.abc import Sequence
from typing import Final, NamedTuple

import numpy as np

from services.matching.index.bits import Rows
from services.matching.index.nearest import AWAY_MM, IN_BLOCK, Ranked
from services.matching.index.sieve import Sifted
from services.matching.model.provider import Provider
from services.matching.model.request import Asked

_made: Final = tuple.__new__  #: as a named tuple makes itself, without the call between


class Chosen(NamedTuple):
    """Who is listed: first who can, then whom to ask first."""

    of_parts: Sequence[Ranked]  #: who is listed of each part
    order: Rows | None  #: of these, one part after the other, as they are listed; None: as they are
    sure_count: int  #: how many of the first can


class _Candidate(NamedTuple):
    cost_mm: int
    provider_id: str
    part: int  #: its number
    place: int  #: in what is ranked of the part
    provider: Provider


def choose(asked: Asked, parts: Sequence[Sifted], limit: int) -> Chosen:
    """
    Choose at most `limit` for each list: exact, however many were silent.

    Silence only adds. Whoever is farther than the last that was looked at is no better
    than the way there, so it is enough to look until that is worse than the last kept.
    """
    if len(parts) == 1 and not asked.silence_mm:
        only, sure_count = parts[0].nearest_of_both(limit)
        return _made(Chosen, ((only,), None, sure_count))
    looked_at = limit
    while True:
        ranked = [part.nearest_of_both(looked_at) for part in parts]
        lists = [_nearest(parts, ranked, looked_at, is_sure=each) for each in (True, False)]
        best = [_best(asked, among)[:limit] for among in lists] if asked.silence_mm else lists
        if all(
            len(among) < looked_at or kept[-1][:2] <= among[-1][:2] for among, kept in zip(lists, best, strict=True)
        ):
            return _put_together([each for each, _ in ranked], *best)
        looked_at *= 2


def _nearest(
    parts: Sequence[Sifted], ranked: Sequence[tuple[Ranked, int]], limit: int, *, is_sure: bool
) -> list[_Candidate]:
    """List the nearest of all parts, by cost and then by id."""
    found = []
    for number, (part, (each, sure_count)) in enumerate(zip(parts, ranked, strict=True)):
        places = range(sure_count) if is_sure else range(sure_count, len(each))
        costs_mm, providers = each[:, AWAY_MM].tolist(), part.providers(each[:, IN_BLOCK].tolist())
        found += [
            _Candidate(costs_mm[place], providers[place].provider_id, number, place, providers[place])
            for place in places
        ]
    return sorted(found)[:limit]


def _best(asked: Asked, among: Sequence[_Candidate]) -> list[_Candidate]:
    """Order by cost with what silence adds, and then by id."""
    return sorted(each._replace(cost_mm=each.cost_mm + asked.silence_of(each.provider)) for each in among)


def _put_together(ranked: Sequence[Ranked], sure: Sequence[_Candidate], unsure: Sequence[_Candidate]) -> Chosen:
    """Keep of each part who is listed."""
    listed = [*sure, *unsure]
    order = np.empty(len(listed), dtype=np.int64)
    kept, first = [], 0
    for number, of_part in enumerate(ranked):
        own = [at for at, each in enumerate(listed) if each.part == number]
        kept.append(of_part[np.array([listed[at].place for at in own], dtype=np.intp)])
        order[own] = np.arange(first, first + len(own))
        first += len(own)
    return Chosen(kept, order, len(sure))
