"""
A person as far as a rule may need to know: every fact can be missing.

None is "nobody knows", an empty set is "asked, and none". There is no name,
number, date of birth or free text to hold here (R9).
"""

from collections.abc import Mapping
from dataclasses import field
from typing import Final

from services.errors import InvalidInput
from services.values import value

ADULT_AGE: Final = 18  #: years
OLDEST_AGE: Final = 130  #: years
_OLDEST_CHILD: Final = ADULT_AGE - 1
#: family codes that say that a child is with somebody who cares for it
WITH_CARER: Final = frozenset(
    {"mother_with_children", "father_with_children", "parents_with_children", "with_adolescent_son", "relatives"}
)
TRANSGENDER: Final = frozenset({"transgender_woman", "transgender_man"})
ALONE: Final = frozenset({"alone"})  #: the family of one with whom nobody comes
_WITHOUT_CARER: Final = frozenset({"alone", "siblings"})
_GENDER_OF_SEX: Final[Mapping[str | None, str]] = {"female": "woman", "male": "man"}
#: who keeps a place for somebody of a gender: of any age, of adults and of children
_POPULATIONS: Final[Mapping[str | None, str]] = dict.fromkeys(TRANSGENDER, "transgender")
_POPULATIONS_OF_ADULTS: Final = {**_POPULATIONS, "woman": "women", "man": "men"}
_POPULATIONS_OF_CHILDREN: Final = {**_POPULATIONS, "woman": "girls", "man": "boys"}
_SMUGGLED: Final = frozenset({"som", "both"})
_IRREGULAR: Final = "irregular"


class _Years:
    """What follows from an age, worked out once: the same few come again and again."""

    __slots__ = ("child_years", "is_child_or_may_be", "years")
    is_child_or_may_be: bool  #: whether the range includes a child's age, or somebody disputes it (R34)
    years: tuple[int, int]  #: the youngest and the oldest that it may be
    child_years: tuple[int, int]  #: the same of a child; the oldest child stands for whoever is older


@value
class AgeRange(_Years):
    """
    An age as a range in whole years, both ends inside.

    Raises:
        InvalidInput: an end is out of [0, 130], or they are crossed.
    """

    min_years: int = 0
    max_years: int = OLDEST_AGE
    is_disputed: bool = False

    def __post_init__(self) -> None:
        if not 0 <= self.min_years <= OLDEST_AGE:
            raise InvalidInput(f"person.age.min_years must be in [0, {OLDEST_AGE}]")
        if not self.min_years <= self.max_years <= OLDEST_AGE:
            raise InvalidInput(f"person.age.max_years must be in [min_years, {OLDEST_AGE}]")
        self.is_child_or_may_be = self.min_years < ADULT_AGE or self.is_disputed
        self.years = self.min_years, self.max_years
        self.child_years = min(self.min_years, _OLDEST_CHILD), min(self.max_years, _OLDEST_CHILD)


_ANY_AGE: Final = AgeRange()
_GROWN_UP: Final = AgeRange(min_years=ADULT_AGE)


class _Following:
    """
    What follows from what is known of a person, worked out once.

    A constraint asks for one of these where that decides: it is less than all from which it follows.
    """

    __slots__ = (
        "child_years",
        "company",
        "counts_as_child",
        "is_child_alone",
        "is_harmed_by_reports",
        "known_gender",
        "may_be_child",
        "years",
    )
    may_be_child: bool  #: whether the child path applies: under 18, perhaps, disputed or not known (R34)
    counts_as_child: bool | None  #: the same; None: nobody knows the age
    years: tuple[int, int]  #: the youngest and the oldest that the person may be
    child_years: tuple[int, int]  #: the same of a child; the oldest child stands for whoever is older
    known_gender: str | None  #: the gender, or what the sex says where nobody gave a gender
    is_child_alone: bool | None  #: whether it is or may be a child without a carer; None: nobody knows of a carer
    company: frozenset[str] | None  #: codes of the family that comes together, never empty; None: nobody knows
    is_harmed_by_reports: bool | None  #: smuggled or irregular, and does not accept it (R29); None: nobody knows


@value
class Person(_Following):
    """Who is to be helped; the codes are those of the vocabularies of the same names."""

    age: AgeRange | None = None
    sex: str | None = None
    gender: str | None = None
    languages: frozenset[str] | None = None  #: canonical tags that the person understands
    family: frozenset[str] | None = None
    process: str | None = None
    exploitation: frozenset[str] | None = None
    is_unaccompanied: bool | None = None  #: a child without a carer
    no_reason_to_believe_child: bool = False  #: the worker's recorded word
    accessibility: frozenset[str] | None = None  #: what the person needs
    has_documents: bool | None = None
    status_class: str | None = field(default=None, repr=False)  #: never leaves matching (R31)
    accepts_reporting: bool = False  #: told that a provider reports, and agrees
    indicators: frozenset[str] = frozenset()  #: for screening help; they filter nothing (R44)

    def __post_init__(self) -> None:
        age = self.age
        if age is None:
            age = _GROWN_UP if self.no_reason_to_believe_child else _ANY_AGE
        self.years, self.child_years = age.years, age.child_years
        self.may_be_child = may_be_child = age.is_child_or_may_be
        self.counts_as_child = None if may_be_child and self.age is None else may_be_child
        self.known_gender = self.gender or _GENDER_OF_SEX.get(self.sex)
        self.is_child_alone = self._is_without_carer() if may_be_child else False
        if self.family is None:
            self.company = ALONE if self.is_unaccompanied else None
        else:
            self.company = self.family or ALONE
        if self.accepts_reporting:
            self.is_harmed_by_reports = False
        elif self.process in _SMUGGLED or self.status_class == _IRREGULAR:
            self.is_harmed_by_reports = True
        else:
            self.is_harmed_by_reports = None if self.status_class is None else False

    def _is_without_carer(self) -> bool | None:
        if self.is_unaccompanied is not None or self.family is None:
            return self.is_unaccompanied
        if not self.family.isdisjoint(WITH_CARER):
            return False
        return True if self.family <= _WITHOUT_CARER else None

    @property
    def possible_years(self) -> range:
        """Every age that the person may have."""
        youngest, oldest = self.years
        return range(youngest, oldest + 1)

    @property
    def population(self) -> str | None:
        """The population that keeps a place for the person; None if age or gender leave it open (R38)."""
        if not self.may_be_child:
            return _POPULATIONS_OF_ADULTS.get(self.known_gender)
        age = self.age
        is_child = age is not None and age.max_years < ADULT_AGE and not age.is_disputed
        return (_POPULATIONS_OF_CHILDREN if is_child else _POPULATIONS).get(self.known_gender)
