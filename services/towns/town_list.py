"""Find towns by name, by id, and by the cell that they lie in."""

from collections import defaultdict
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass
from functools import cached_property

from services.errors import NotFound
from services.geo import COARSEST_RESOLUTION, FINEST_RESOLUTION, AreaCell, Point, cell_at
from services.towns.spelling import normalise, without_article


@dataclass(frozen=True, slots=True, kw_only=True)
class Town:
    """A town, village or quarter."""

    place_id: str  #: "geonames:" and the GeoNames id
    name: str  #: as GeoNames writes it, in Latin letters
    names: tuple[str, ...]  #: every further name and spelling, in all scripts
    country_code: str  #: ISO 3166-1 alpha-2
    point: Point  #: its middle
    population: int  #: people, 0 where GeoNames does not know
    time_zone: str  #: IANA name


class TownList:
    """
    Towns that can be looked up.

    Args:
        towns: The towns; no two have the same id.
    """

    def __init__(self, towns: Iterable[Town]) -> None:
        # The order of every answer: the most populous first, ties by id.
        self._towns = sorted(towns, key=lambda town: (-town.population, town.place_id))
        self._by_id = {town.place_id: town for town in self._towns}
        self._by_name: dict[str, list[Town]] = defaultdict(list)
        self._by_bare_name: dict[str, list[Town]] = defaultdict(list)
        for town in self._towns:
            spellings = {normalise(name) for name in (town.name, *town.names)} - {""}
            for spelling in spellings:
                self._by_name[spelling].append(town)
            for bare in {without_article(spelling) for spelling in spellings}:
                self._by_bare_name[bare].append(town)

    def __iter__(self) -> Iterator[Town]:
        return iter(self._towns)

    def __len__(self) -> int:
        return len(self._towns)

    def get(self, place_id: str) -> Town:
        """
        Find a town by its id.

        Raises:
            NotFound: the list has no such town.
        """
        try:
            return self._by_id[place_id]
        except KeyError:
            raise NotFound("the list has no town with this place_id") from None

    def resolve(self, text: str, country_code: str = "") -> Sequence[Town]:
        """
        Find the towns of a name, in any script that they are known by.

        A name is compared whole, as `normalise` writes it. Only if nobody bears
        it is the article before it left aside.

        Args:
            text: The name.

            country_code: ISO 3166-1 alpha-2 in any case; empty for every country.

        Returns:
            The towns, the most populous first, ties by id; empty if there is none.
        """
        spelling = normalise(text)
        country = country_code.upper()
        for index, key in (
            (self._by_name, spelling),
            (self._by_bare_name, without_article(spelling)),
        ):
            found = [town for town in index.get(key, ()) if country in {"", town.country_code}]
            if found:
                return found
        return []

    @cached_property
    def country_codes(self) -> frozenset[str]:
        """The countries that the list has towns of."""
        return frozenset(town.country_code for town in self._towns)

    def population_in(self, cell: AreaCell) -> int:
        """Count the people of the towns whose middle lies in a cell; 0 where none is known."""
        return self._population_by_cell.get(cell.h3_cell, 0)

    @cached_property
    def _population_by_cell(self) -> dict[str, int]:
        counts: dict[str, int] = defaultdict(int)
        for town in self._towns:
            for resolution in range(COARSEST_RESOLUTION, FINEST_RESOLUTION + 1):
                counts[cell_at(town.point, resolution).h3_cell] += town.population
        return dict(counts)
