"""
What many providers have in common: each distinct value gets a number, and is judged once for all who have it.

The numbers only ever grow, so that a large block and the small one of what has
changed since share them, and what was judged for one holds for the other.
"""

from collections.abc import Iterable, Sequence
from dataclasses import replace
from datetime import UTC, datetime
from itertools import chain
from operator import attrgetter
from typing import Any, Final

import numpy as np
import numpy.typing as npt

from services.matching.constraints.table import CONSTRAINTS
from services.matching.index.arena import Arena
from services.matching.index.opening import Openings
from services.matching.model.hours import Hours
from services.matching.model.provider import Provider, RuleKind
from services.taxonomy import Kind, terms

Column = npt.NDArray[np.integer]  #: one number a provider, in as few bytes as hold the largest
Table = npt.NDArray[np.integer]  #: numbers of all facets, shape (providers, facets): those of a provider side by side
Attributes = tuple[str, ...]

#: attributes in which hardly two providers agree, or that turn with time: judged by columns of numbers
APART: Final = frozenset(
    {"claims", "start_time", "end_time", "vetting_expire_time", "place", "provider_id", "pool_id", "place_reports"}
)
#: these may be looked at beside others: what is left of the others is a facet for each case
TIMED: Final = "vetting_expire_time"
_LONG_AGO: Final = datetime(1, 1, 2, tzinfo=UTC)  #: before any time that is asked for
_NARROW, _WIDE = np.dtype(np.uint16), np.dtype(np.uint32)
_USUAL_BYTES: Final = 512  #: that a provider takes at most, as most do
_MOST_CODES: Final = 1 << 22  #: combinations that are told apart by a table rather than by sorting


def facet_of(looks_at: Attributes) -> Attributes | None:
    """Name the facet that a constraint judges, None if it looks at what no two providers share."""
    shared = tuple(each for each in looks_at if each != TIMED)
    return None if APART.intersection(shared) else shared


FACETS: Final = tuple(dict.fromkeys(each for each in (facet_of(c.looks_at) for c in CONSTRAINTS) if each is not None))
#: the column of each in a table of them
PLACE_OF: Final = {facet: place for place, facet in enumerate(FACETS)}
#: what is read of each provider; rules are read once and told apart by kind afterwards
_READ: Final = tuple(dict.fromkeys(["claims", *(name.partition(".")[0] for name in chain.from_iterable(FACETS))]))


def look(provider: Provider, name: str) -> Any:
    """Read what a constraint names in `looks_at`: an attribute, or `rules.` and a kind."""
    attribute, _, kind = name.partition(".")
    value = getattr(provider, attribute)
    return frozenset(rule for rule in value if rule.kind == kind) if kind else value


def slim(column: Column) -> Column:
    """Copy numbers into the smallest type that holds them."""
    return column.astype(np.min_scalar_type(int(column.max(initial=0))))


def tabled(columns: Sequence[Column]) -> Table:
    """Put columns side by side, in one of the two types that the compiled passes read."""
    is_wide = any(each.dtype.itemsize > _NARROW.itemsize for each in columns)
    table: Table = np.empty((len(columns[0]), len(columns)), dtype=_WIDE if is_wide else _NARROW)
    for place, column in enumerate(columns):
        table[:, place] = column
    return table


class Numbers(dict[Any, int]):
    """Gives each new value the next number."""

    def __missing__(self, value: Any) -> int:
        number = self[value] = len(self)
        return number

    def column(self, values: Iterable[Any], length: int) -> Column:
        """Turn values into their numbers."""
        return np.fromiter(map(self.__getitem__, values), dtype=np.int32, count=length)


class Facet:
    """The values that some attributes have together, and a provider that has each."""

    def __init__(self) -> None:
        self._number_of = Numbers()
        self.examples: list[Provider] = []
        self._seen: dict[bool, list[Provider]] = {False: [], True: []}

    def seen(self, *, is_expired: bool | None) -> list[Provider]:
        """List the examples as they are, or as they would be with a vetting that stands or one that has ended."""
        if is_expired is None:
            return self.examples
        seen = self._seen[is_expired]
        for each in self.examples[len(seen) :]:
            seen.append(replace(each, vetting_expire_time=_LONG_AGO if is_expired else None))
        return seen

    def column(self, parts: Sequence[Column], providers: Sequence[Provider]) -> Column:
        """Number the combinations of the parts' numbers."""
        if not parts:
            parts = [np.zeros(len(providers), dtype=np.int32)]
        radices = [int(part.max(initial=0)) + 1 for part in parts]
        codes = np.ravel_multi_index(tuple(parts), radices)
        size = int(np.prod(radices))
        if size <= max(_MOST_CODES, len(providers)):
            first = np.full(size, -1, dtype=np.int64)
            first[codes[::-1]] = np.arange(len(codes) - 1, -1, -1)
            present = np.flatnonzero(first >= 0)
            rows = first[present]
            place_of = np.zeros(size, dtype=np.int32)
        else:
            present, rows, codes = np.unique(codes, return_index=True, return_inverse=True)
            place_of = np.zeros(len(present), dtype=np.int32)
            present = np.arange(len(present))
        for code, row in zip(present.tolist(), rows.tolist(), strict=True):
            number = self._number_of[tuple(int(part[row]) for part in parts)]
            if number == len(self.examples):
                self.examples.append(providers[row])
            place_of[code] = number
        column: Column = place_of[codes]
        return column


class Vocabulary:
    """
    All facets, and the numbers of the values that they are made of.

    Args:
        provider_count: About how many providers it is for.
    """

    def __init__(self, provider_count: int = 0) -> None:
        self._numbers = {name: Numbers() for name in _READ}
        self._kinds = {str(kind): Numbers() for kind in RuleKind}
        self._by_rules: dict[str, list[int]] = {kind: [] for kind in self._kinds}
        self.facets = {each: Facet() for each in FACETS}
        self.populations = Numbers()  #: for whom places are kept; at first all who are asked for, from none on
        known = ["", *terms(Kind.POPULATION)]
        self.populations.column(known, len(known))
        self.hours = Numbers()  #: of `model.hours.Hours`
        self._hours: list[Hours] = []
        self.openings = Openings()
        self.arena = Arena(provider_count * _USUAL_BYTES)  #: of what is written of providers

    def __len__(self) -> int:
        """How many values have a number."""
        return sum(len(each) for each in self._numbers.values())

    def read(self, providers: Sequence[Provider]) -> dict[str, Column]:
        """Number what each provider has of each attribute."""
        values = zip(*map(attrgetter(*_READ), providers), strict=True) if providers else ((),) * len(_READ)
        return {
            name: self._numbers[name].column(column, len(providers)) for name, column in zip(_READ, values, strict=True)
        }

    def table(self, read: dict[str, Column], providers: Sequence[Provider]) -> Table:
        """Number what each provider has of each facet, in the order of `FACETS`."""
        parts = read | self._rules_by_kind(read["rules"])
        columns = (facet.column([parts[name] for name in names], providers) for names, facet in self.facets.items())
        return tabled([slim(each) for each in columns])

    def values(self, attribute: str) -> list[Any]:
        """List the distinct values that providers have of an attribute by their number."""
        return list(self._numbers[attribute])

    def hours_of(self, number: int) -> Hours:
        """Find hours by their number."""
        if number >= len(self._hours):
            self._hours = [*self.hours]
        return self._hours[number]

    def _rules_by_kind(self, rules: Column) -> dict[str, Column]:
        known = len(self._by_rules[RuleKind.AGE])
        for each in list(self._numbers["rules"])[known:]:
            for kind, numbers in self._kinds.items():
                self._by_rules[kind].append(numbers[frozenset(rule for rule in each if rule.kind == kind)])
        return {f"rules.{kind}": np.array(each, dtype=np.int32)[rules] for kind, each in self._by_rules.items()}
