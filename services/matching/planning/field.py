"""Who can meet a need for sure, asked of the index once for all who are alike."""

from collections.abc import Hashable, Mapping
from dataclasses import dataclass, fields
from operator import attrgetter
from typing import Final

from services.matching.index.excluding import excluded_by, together
from services.matching.index.question import Question
from services.matching.index.sieve import Sifted
from services.matching.index.snapshot import Snapshot
from services.matching.model.provider import Provider
from services.matching.model.request import Asked, Need
from services.matching.planning.errands import Listed

#: of one need: twice as many as the most people of a plan, so that the nearest with room is among them
LISTED_MOST: Final = 20_000
#: what a need says besides its service
_rest_of: Final = attrgetter(*(each.name for each in fields(Need) if each.name != "service"))


@dataclass(frozen=True, slots=True)
class Found:
    """What the directory says of one need."""

    listed: Listed  #: who can, nearest first; the same object for all to whom the same can
    ask_first_count: int
    excluded: Mapping[str, int]  #: by constraint, the largest count first


class Field:
    """
    Asks a directory for plans.

    Args:
        snapshot: The directory.
    """

    def __init__(self, snapshot: Snapshot) -> None:
        self._parts = [part for part in snapshot.parts if len(part)]
        self._found: dict[Hashable, Found] = {}
        self._listed: dict[Hashable, Listed] = {}

    def find(self, asked: Asked) -> Found:
        """Find who can meet a need; all questions of a plan differ in need and person only."""
        key = asked.need.code, _rest_of(asked.need), asked.person
        if key not in self._found:
            self._found[key] = self._sift(asked)
        return self._found[key]

    def _sift(self, asked: Asked) -> Found:
        question = Question(asked)
        sifted = [Sifted(part, question) for part in self._parts]
        excluded = excluded_by(together([each.counts for each in sifted]))
        # who can is the same for many who differ: listed and measured once
        key = (asked.need.code, *(each.sure.tobytes() for each in sifted))
        if key not in self._listed:
            self._listed[key] = _nearest(sifted)
        return Found(self._listed[key], sum(each.unsure_count for each in sifted), excluded)


def _nearest(sifted: list[Sifted]) -> list[tuple[int, Provider]]:
    rows = [row for each in sifted for row in each.nearest(LISTED_MOST)]
    rows.sort(key=lambda row: (row[0], row[1].provider_id))
    return rows[:LISTED_MOST]
