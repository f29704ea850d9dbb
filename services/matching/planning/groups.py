"""Who is to be planned for: groups of people alike, and the bands in which they stay together (R25, R36, R52)."""

from collections import Counter
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from typing import Self

from services.errors import InvalidInput
from services.matching.model.person import Person
from services.matching.model.request import Asked

MAX_GROUPS = 1000
MAX_PEOPLE = 10_000
MAX_NEEDS = 8  #: of one group, besides those that rules add: all sets of stops are tried
_MAX_ADDED = 2  #: a guardian and an interpreter
MAX_LABELS = 16


@dataclass(frozen=True, slots=True, kw_only=True)
class Group:
    """
    A number of people alike.

    Raises:
        InvalidInput: the count or the needs are out of range.
    """

    label: str
    count: int
    together: frozenset[str] = frozenset()
    apart: frozenset[str] = frozenset()
    asked: tuple[Asked, ...]  #: one a need, all of the same person
    urgencies: tuple[int, ...]  #: one a need; the higher, the sooner
    interpreter: Asked | None = None  #: who would be asked for besides if nobody speaks with them (R40)

    def __post_init__(self) -> None:
        codes = [each.need.code for each in self.asked]
        if not 1 <= self.count <= MAX_PEOPLE:
            raise InvalidInput(f"groups.count must be in [1, {MAX_PEOPLE}]")
        if not 1 <= len(codes) <= MAX_NEEDS + _MAX_ADDED or len(codes) != len(set(codes)):
            raise InvalidInput(f"groups.needs must be 1 to {MAX_NEEDS}, each code once")
        if len(self._roofs) > 1:
            raise InvalidInput("groups.needs must have at most one roof for the night")

    @property
    def _roofs(self) -> list[int]:
        return [number for number, each in enumerate(self.asked) if each.need.service.accommodation]

    @property
    def roof_no(self) -> int | None:
        """The number of the need for a roof, if there is one."""
        return next(iter(self._roofs), None)

    @property
    def remote_nos(self) -> frozenset[int]:
        """The numbers of the needs for which nobody has to go anywhere."""
        return frozenset(number for number, each in enumerate(self.asked) if each.need.is_remote)

    def with_interpreter(self) -> Self:
        """Add the need of an interpreter, the last."""
        if self.interpreter is None:
            return self
        return replace(
            self,
            asked=(*self.asked, self.interpreter),
            urgencies=(*self.urgencies, max(self.urgencies)),
            interpreter=None,
        )

    @property
    def person(self) -> Person:
        """What is known of each; nothing, if nothing was said."""
        return self.asked[0].person or Person()


@dataclass(frozen=True, slots=True)
class Band:
    """Groups that stay together; most are one group that need not."""

    group_nos: tuple[int, ...]
    is_whole: bool
    conflicts: tuple[str, ...] = ()  #: labels by which they are to be kept apart from each other too


def bands_of(groups: Sequence[Group]) -> tuple[Band, ...]:
    """Gather groups by the labels of keep-together that they have in common, in the order of the first of each."""
    band_of: dict[int, list[int]] = {}
    by_label: dict[str, list[int]] = {}
    for number, group in enumerate(groups):
        band = [number]
        for label in group.together:
            other = by_label.get(label)
            if other is not None and other is not band:
                band = sorted({*band, *other})
        for each in band:
            band_of[each] = band
            for label in groups[each].together:
                by_label[label] = band
    bands = {id(band): band for band in band_of.values()}
    return tuple(_band(groups, band) for band in sorted(bands.values()))


def _band(groups: Sequence[Group], numbers: Sequence[int]) -> Band:
    told = Counter(label for number in numbers for label in groups[number].apart)
    return Band(
        tuple(numbers),
        is_whole=any(groups[number].together for number in numbers),
        conflicts=tuple(sorted(label for label, count in told.items() if count > 1)),
    )


def has_adult(groups: Sequence[Group], band: Band) -> bool:
    """Say whether somebody of a band is grown up beyond doubt."""
    return any(not groups[number].person.may_be_child for number in band.group_nos)


def is_alone(group: Group, *, with_adult: bool) -> bool:
    """
    Say whether a child counts as alone: nobody says that it has a carer, or the carer is not in its band.

    Each part of a plan must be safe by itself, so a carer who may sleep elsewhere does not count (R36).
    """
    person = group.person
    return person.may_be_child and not (with_adult and person.is_child_alone is False)


def check(groups: Sequence[Group]) -> Mapping[str, int]:
    """
    Number the groups by label.

    Raises:
        InvalidInput: there are none or too many, or a label stands twice.
    """
    if not 1 <= len(groups) <= MAX_GROUPS or sum(each.count for each in groups) > MAX_PEOPLE:
        raise InvalidInput(f"groups must be 1 to {MAX_GROUPS}, of at most {MAX_PEOPLE} people")
    numbers = {each.label: number for number, each in enumerate(groups)}
    if len(numbers) != len(groups):
        raise InvalidInput("groups.label must stand once in a plan")
    return numbers
