"""
Providers in columns: many are judged and measured at once, with the answers of a full scan.

A block never changes once it is built, so readers need no lock; what it
remembers of answers is only ever the same again.
"""

from bisect import bisect_left
from collections.abc import Iterable, Iterator, Mapping, Sequence
from datetime import datetime
from itertools import chain, islice
from operator import attrgetter
from typing import Any, Final, Self, TypeVar

import numpy as np
import numpy.typing as npt

from services.geo import AreaCell, PlaceArray, Point, ecef_m
from services.matching.index.answers import Tables
from services.matching.index.bits import Rows
from services.matching.index.columns import Columns
from services.matching.index.facets import Column, Vocabulary, slim
from services.matching.index.facts import facts_of
from services.matching.index.ground import NOWHERE
from services.matching.index.kin import Hashes, hashes_of
from services.matching.index.shelf import Shelf
from services.matching.index.times import Microseconds, microseconds
from services.matching.model.provider import Claim, Provider
from services.taxonomy import services

T = TypeVar("T", bound=np.generic)

_ID: Final = attrgetter("provider_id")
_TIMES: Final = ("start_time", "end_time", "vetting_expire_time")
_HEARD: Final = "receiver_heard_time"
_AT_ONCE: Final = 512  #: providers read in one go: another thread waits no longer than that takes
_CLAIMS: Final = {Claim.YES: 1, Claim.UNKNOWN: 2}


class Block:
    """
    Some providers, ready to be asked.

    Args:
        columns: What is known of each provider, in the order of ids.

        claims: The number of each provider's claims.

        vocabulary: What the numbers mean.

        tables: What was judged of them.
    """

    def __init__(self, columns: Columns, claims: Column, vocabulary: Vocabulary, tables: Tables) -> None:
        self.providers = columns.providers
        self._ids = [each.provider_id for each in columns.providers]
        self.columns = columns
        self.vocabulary = vocabulary
        self.tables = tables
        self._claims = slim(claims)
        self._shelves = self._shelve()
        self._empty = self._shelf(np.empty(0, dtype=np.intp), np.empty(0, dtype=np.bool_), np.empty((0, 3)), "")

    @classmethod
    def of(cls, providers: Iterable[Provider], sharing: Self | None = None) -> Self:
        """
        Read providers.

        Args:
            providers: In any order; each id once.

            sharing: A block whose numbers of what they have in common, and what was judged of them, are used too.
        """
        ordered = tuple(sorted(providers, key=_ID))
        vocabulary = Vocabulary(len(ordered)) if sharing is None else sharing.vocabulary
        read: dict[str, list[Column]] = {}
        positions: list[npt.NDArray[np.float64]] = []
        kin: list[Hashes] = [hashes_of(())]
        times: dict[str, list[Microseconds]] = {name: [] for name in (*_TIMES, _HEARD)}
        waiting = iter(ordered)
        while chunk := tuple(islice(waiting, _AT_ONCE)):
            for name, column in vocabulary.read(chunk).items():
                read.setdefault(name, []).append(column)
            positions.append(np.array([_position(each) for each in chunk]))
            kin.append(hashes_of(chunk))
            for name, listed in times.items():
                listed.append(_times(map(attrgetter(name), chunk), len(chunk)))
        joined = {name: np.concatenate(columns) for name, columns in read.items()} or vocabulary.read(())
        times_us = {name: np.concatenate([np.empty(0, dtype=np.int64), *each]) for name, each in times.items()}
        places = _places(np.concatenate([np.empty((0, 3)), *positions]))
        facts = facts_of(
            ordered,
            joined,
            vocabulary,
            heard_us=times_us.pop(_HEARD),
            vetting_ends_us=times_us["vetting_expire_time"],
        )
        columns = Columns(ordered, vocabulary.table(joined, ordered), facts, places, times_us, np.concatenate(kin))
        return cls(columns, joined["claims"], vocabulary, Tables(vocabulary) if sharing is None else sharing.tables)

    def merged(self, gone: Rows, newer: Self) -> Self:
        """
        Lay out what is left of this block and a newer one that shares its numbers: nobody is read again.

        Args:
            gone: Rows of this block that are left out.

            newer: Providers that this block does not have, or that are in `gone`.
        """
        stays = np.delete(np.arange(len(self)), gone)
        rows = np.array([bisect_left(self._ids, each) for each in newer._ids], dtype=np.intp)
        order = np.insert(stays, stays.searchsorted(rows), len(self) + np.arange(len(newer)))

        def chosen(one: npt.NDArray[T], other: npt.NDArray[T]) -> npt.NDArray[T]:
            return np.concatenate([one, other])[order]

        mine, its = self.columns, newer.columns
        columns = Columns(
            tuple(_picked(order, self.providers, newer.providers)),
            chosen(mine.table, its.table),
            chosen(mine.facts, its.facts),
            PlaceArray(
                chosen(mine.places.latitude_deg, its.places.latitude_deg),
                chosen(mine.places.longitude_deg, its.places.longitude_deg),
                chosen(mine.places.resolution, its.places.resolution),
            ),
            {name: chosen(column, its.times_us[name]) for name, column in mine.times_us.items()},
            chosen(mine.kin, its.kin),
        )
        return type(self)(columns, chosen(self._claims, newer._claims), self.vocabulary, self.tables)

    def __len__(self) -> int:
        return len(self.providers)

    def row_of(self, provider_id: str) -> int | None:
        """Find the row of a provider; rows are in the order of ids."""
        row = bisect_left(self._ids, provider_id)
        return row if row < len(self) and self._ids[row] == provider_id else None

    def shelf(self, code: str) -> Shelf:
        """Find the providers that claim a service, or of which nobody knows whether they offer it."""
        return self._shelves.get(code, self._empty)

    def _shelve(self) -> Mapping[str, Shelf]:
        known = self.vocabulary.values("claims")
        offered: dict[str, npt.NDArray[np.int8]] = {}
        for number, each in enumerate(known):
            for code, claim in reversed(each):  # the first of a code speaks, as in `Provider.claim_of`
                offered.setdefault(code, np.zeros(len(known), dtype=np.int8))[number] = _CLAIMS.get(claim, 0)
        ecef = ecef_m(self.columns.places.latitude_deg, self.columns.places.longitude_deg).reshape(-1, 3)
        shelves = {}
        for code, claim_of in offered.items():
            claim = claim_of[self._claims]
            rows = np.flatnonzero(claim)
            if len(rows):
                shelves[code] = self._shelf(rows, claim[rows] == _CLAIMS[Claim.UNKNOWN], ecef, code)
        return shelves

    def _shelf(self, rows: Any, is_maybe: Any, ecef: npt.NDArray[np.float64], code: str) -> Shelf:
        service = services().get(code)
        has_places = service is not None and service.accommodation
        return Shelf(self.columns, rows, is_maybe, ecef, self.vocabulary.populations if has_places else None)


def _picked(order: Rows, *parts: Sequence[Provider]) -> Iterator[Provider]:
    """List providers of several parts by their numbers, a few at a time: another thread waits no longer than that."""
    together = [*chain(*parts)]
    for first in range(0, len(order), _AT_ONCE):
        yield from [together[number] for number in order[first : first + _AT_ONCE].tolist()]


def _position(provider: Provider) -> tuple[float, float, int]:
    """Say where it is: latitude and longitude in degrees, and the resolution of an area or `NOWHERE`."""
    place = provider.place
    if type(place) is Point:
        return place.latitude_deg, place.longitude_deg, 0
    if isinstance(place, AreaCell):
        centre = place.centre
        return centre.latitude_deg, centre.longitude_deg, place.resolution
    return 0.0, 0.0, NOWHERE


def _places(positions: npt.NDArray[np.float64]) -> PlaceArray:
    latitude_deg, longitude_deg, resolution = np.ascontiguousarray(positions.T)
    return PlaceArray(latitude_deg, longitude_deg, resolution.astype(np.int8))


def _times(times: Iterable[datetime | None], length: int) -> Microseconds:
    return np.fromiter(map(microseconds, times), dtype=np.int64, count=length)
