"""
Providers in columns: many are judged and measured at once, with the answers of a full scan.

A block never changes once it is built, so readers need no lock; what it
remembers of answers is only ever the same again.
"""

from bisect import bisect_left
from collections.abc import Iterable, Mapping
from datetime import datetime
from itertools import islice
from operator import attrgetter
from typing import Any, Final

import numpy as np
import numpy.typing as npt

from services.geo import AreaCell, PlaceArray, Point, ecef_m
from services.matching.index.facets import Column, Vocabulary
from services.matching.index.ground import NOWHERE
from services.matching.index.judged import Tables
from services.matching.index.shelf import Columns, Shelf
from services.matching.index.times import Microseconds, microseconds
from services.matching.model.provider import Claim, Provider
from services.taxonomy import services

_ID: Final = attrgetter("provider_id")
_TIMES: Final = ("start_time", "end_time", "vetting_expire_time")
_AT_ONCE: Final = 512  #: providers read in one go: another thread waits no longer than that takes
_CLAIMS: Final = {Claim.YES: 1, Claim.UNKNOWN: 2}


class Block:
    """
    Some providers, ready to be asked.

    Args:
        providers: In any order; each id once.

        sharing: A block whose numbers of what they have in common, and what was judged of them, are used too.
    """

    def __init__(self, providers: Iterable[Provider], sharing: "Block | None" = None) -> None:
        self.providers = tuple(sorted(providers, key=_ID))
        self.vocabulary: Vocabulary = Vocabulary() if sharing is None else sharing.vocabulary
        self.tables: Tables = Tables(self.vocabulary) if sharing is None else sharing.tables
        read: dict[str, list[Column]] = {}
        positions: list[npt.NDArray[np.float64]] = []
        times: dict[str, list[Microseconds]] = {name: [] for name in _TIMES}
        waiting = iter(self.providers)
        while chunk := tuple(islice(waiting, _AT_ONCE)):
            for name, column in self.vocabulary.read(chunk).items():
                read.setdefault(name, []).append(column)
            positions.append(np.array([_position(each) for each in chunk]))
            for name in _TIMES:
                times[name].append(_times(map(attrgetter(name), chunk), len(chunk)))
        joined = {name: np.concatenate(columns) for name, columns in read.items()} or self.vocabulary.read(())
        times_us = {name: np.concatenate([np.empty(0, dtype=np.int64), *each]) for name, each in times.items()}
        numbers = self.vocabulary.columns(joined, self.providers)
        places = _places(np.concatenate([np.empty((0, 3)), *positions]))
        self.columns = Columns(self.providers, numbers, places, times_us)
        self._shelves = self._shelve(joined["claims"])
        self._empty = self._shelf(np.empty(0, dtype=np.intp), np.empty(0, dtype=np.bool_), np.empty((0, 3)), "")

    def __len__(self) -> int:
        return len(self.providers)

    def row_of(self, provider_id: str) -> int | None:
        """Find the row of a provider; rows are in the order of ids."""
        row = bisect_left(self.providers, provider_id, key=_ID)
        return row if row < len(self) and self.providers[row].provider_id == provider_id else None

    def shelf(self, code: str) -> Shelf:
        """Find the providers that claim a service, or of which nobody knows whether they offer it."""
        return self._shelves.get(code, self._empty)

    def _shelve(self, claims: Column) -> Mapping[str, Shelf]:
        known = self.vocabulary.claims()
        offered: dict[str, npt.NDArray[np.int8]] = {}
        for number, each in enumerate(known):
            for code, claim in reversed(each):  # the first of a code speaks, as in `Provider.claim_of`
                offered.setdefault(code, np.zeros(len(known), dtype=np.int8))[number] = _CLAIMS.get(claim, 0)
        ecef = ecef_m(self.columns.places.latitude_deg, self.columns.places.longitude_deg).reshape(-1, 3)
        shelves = {}
        for code, claim_of in offered.items():
            claim = claim_of[claims]
            rows = np.flatnonzero(claim)
            if len(rows):
                shelves[code] = self._shelf(rows, claim[rows] == _CLAIMS[Claim.UNKNOWN], ecef, code)
        return shelves

    def _shelf(self, rows: Any, is_maybe: Any, ecef: npt.NDArray[np.float64], code: str) -> Shelf:
        service = services().get(code)
        return Shelf(self.columns, rows, is_maybe, ecef, has_places=service is not None and service.accommodation)


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
