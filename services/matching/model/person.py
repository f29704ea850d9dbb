"""
A person as far as a rule may need to know: every fact can be missing.

None is "nobody knows", an empty set is "asked, and none". There is no name,
number, date of birth or free text to hold here (R9).
"""

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
_GENDER_OF_SEX: Final = {"female": "woman", "male": "man"}
#: by gender, and whether it is a child
_POPULATIONS: Final = {
    ("woman", True): "girls",
    ("man", True): "boys",
    ("woman", False): "women",
    ("man", False): "men",
}


@value
class AgeRange:
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

    @property
    def is_child_or_may_be(self) -> bool:
        """Whether the range includes a child's age, or somebody disputes it (R34)."""
        return self.min_years < ADULT_AGE or self.is_disputed

    @property
    def years(self) -> range:
        """Every age that it may be."""
        return range(self.min_years, self.max_years + 1)


@value
class Person:
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

    @property
    def may_be_child(self) -> bool:
        """Whether the child path applies: under 18, perhaps, disputed or not known (R34)."""
        if self.age is None:
            return not self.no_reason_to_believe_child
        return self.age.is_child_or_may_be

    @property
    def possible_years(self) -> range:
        """Every age that the person may have."""
        if self.age is not None:
            return self.age.years
        return range(ADULT_AGE if self.no_reason_to_believe_child else 0, OLDEST_AGE + 1)

    @property
    def is_age_known(self) -> bool:
        """Whether anything is known of the age."""
        return self.age is not None

    @property
    def child_years(self) -> tuple[int, int]:
        """The youngest and the oldest that a child may be; the oldest child stands for whoever is older."""
        years = self.possible_years
        return min(years[0], _OLDEST_CHILD), min(years[-1], _OLDEST_CHILD)

    @property
    def known_gender(self) -> str | None:
        """The gender, or what the sex says where nobody gave a gender."""
        return self.gender or _GENDER_OF_SEX.get(self.sex or "")

    @property
    def population(self) -> str | None:
        """The population that keeps a place for the person; None if age or gender leave it open (R38)."""
        gender, age = self.known_gender, self.age
        if gender in TRANSGENDER:
            return "transgender"
        if age is None:
            is_child = False if self.no_reason_to_believe_child else None
        elif age.is_disputed or age.min_years < ADULT_AGE <= age.max_years:
            is_child = None
        else:
            is_child = age.min_years < ADULT_AGE
        return None if gender is None or is_child is None else _POPULATIONS.get((gender, is_child))

    @property
    def is_with_carer(self) -> bool | None:
        """Whether a child is with somebody who cares for it; None if nobody knows."""
        if self.is_unaccompanied is not None:
            return not self.is_unaccompanied
        if self.family is None:
            return None
        if self.family & WITH_CARER:
            return True
        return False if self.family <= {"alone", "siblings"} else None
