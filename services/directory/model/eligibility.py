"""What a provider offers and whom it takes, as data, each statement yes, no or unknown."""

from dataclasses import dataclass
from typing import Final

from services.directory.model.checks import check_basis, check_codes, refuse
from services.directory.model.words import Claim, RuleKind
from services.taxonomy import Kind, service

OLDEST_YEARS: Final = 130
#: which vocabulary the codes of a rule are of; the kinds that are not here take none
CODES_OF: Final = {
    RuleKind.GENDER: Kind.GENDER,
    RuleKind.FAMILY: Kind.FAMILY,
    RuleKind.EXPLOITATION: Kind.EXPLOITATION,
    RuleKind.PROCESS: Kind.PROCESS,
    RuleKind.LEGAL_STATUS: Kind.STATUS_CLASS,
}


@dataclass(frozen=True, slots=True)
class ServiceClaim:
    """Whether a provider offers a service. A code without a claim is not offered."""

    code: str
    claim: Claim
    basis: str = ""  #: what it rests on, a code such as "stated"

    def __post_init__(self) -> None:
        service(self.code)
        check_basis("basis", self.basis)


@dataclass(frozen=True, slots=True)
class AgeBand:
    """A range of ages in whole years, both ends inside; None is open."""

    min_years: int | None = None  #: in [0, 130]
    max_years: int | None = None  #: in [min_years, 130]

    def __post_init__(self) -> None:
        for field, years in (("min_years", self.min_years), ("max_years", self.max_years)):
            if years is not None and not 0 <= years <= OLDEST_YEARS:
                raise refuse(field, f"must be in [0, {OLDEST_YEARS}]")
        if self.min_years is not None and self.max_years is not None and self.min_years > self.max_years:
            raise refuse("max_years", "must not be below min_years")


@dataclass(frozen=True, slots=True, kw_only=True)
class Rule:
    """One rule of eligibility; how rules of one kind add up stands in the proto."""

    kind: RuleKind
    claim: Claim
    age: AgeBand | None = None
    codes: tuple[str, ...] = ()
    basis: str = ""  #: where it comes from, a code such as "law"

    def __post_init__(self) -> None:
        if self.age is not None and self.kind is not RuleKind.AGE:
            raise refuse("age", "must be given for a rule of kind AGE only")
        vocabulary = CODES_OF.get(self.kind)
        if vocabulary is not None:
            check_codes("codes", vocabulary, self.codes)
        elif self.codes:
            raise refuse("codes", "must be empty for a rule of this kind")
        check_basis("basis", self.basis)
