"""What an offer would show of a person, as codes of fields for a consent (R10)."""

from collections.abc import Iterable
from functools import cache, lru_cache
from typing import Final

from services.matching.model.person import Person
from services.matching.model.provider import Claim, Rule, RuleKind

#: what every offer shows besides what its rules ask for
ALWAYS_NEEDED: Final = ("need", "urgency", "arrival", "risk", "precaution", "brought_by")
#: Legal status is not among them: it never leaves matching (R31).
_FIELDS: Final = (
    RuleKind.AGE,
    RuleKind.GENDER,
    RuleKind.FAMILY,
    RuleKind.EXPLOITATION,
    RuleKind.PROCESS,
    RuleKind.UNACCOMPANIED_CHILD,
    RuleKind.DOCUMENTS,
)
_ALSO: Final = ("language", "accessibility")  #: no rule asks for these, so they are shown where they are known


class Needed:
    """
    Fields for a consent, the same object for all rows that need the same.

    Args:
        fields: Their codes.
    """

    __slots__ = ("fields", "written")

    def __init__(self, fields: tuple[str, ...]) -> None:
        self.fields = fields
        self.written = b""  #: how a row says so; empty: not written yet


def known_of(person: Person | None) -> int:
    """Say which facts that an offer may show are known of a person: a bit each."""
    if person is None:
        return 0
    return (
        (0 if person.age is None else 1)
        + (0 if person.known_gender is None else 2)
        + (0 if person.family is None else 4)
        + (0 if person.exploitation is None else 8)
        + (0 if person.process is None else 16)
        + (0 if person.is_unaccompanied is None else 32)
        + (0 if person.has_documents is None else 64)
        + (128 if person.languages else 0)
        + (256 if person.accessibility else 0)
    )


@lru_cache(maxsize=8192)
def decisive_of(rules: frozenset[Rule]) -> int:
    """Say by which facts rules decide: a bit each. A rule that takes all needs no fact."""
    kinds = {rule.kind for rule in rules if _is_decisive(rule)}
    return _bits(kind in kinds for kind in _FIELDS)


@cache
def needed(known: int, decisive: int) -> Needed:
    """List the facts that are known and decide, see `known_of` and `decisive_of`."""
    shown = known & (decisive | SHOWN_IF_KNOWN)
    codes = [str(each) for each in (*_FIELDS, *_ALSO)]
    return Needed((*ALWAYS_NEEDED, *[code for number, code in enumerate(codes) if shown >> number & 1]))


def _bits(flags: Iterable[bool]) -> int:
    return sum(1 << number for number, flag in enumerate(flags) if flag)


#: of `known_of`: shown whether they decide or not
SHOWN_IF_KNOWN: Final = _bits([False] * len(_FIELDS) + [True] * len(_ALSO))
#: all that `known_of` may be is below
KNOWN_END: Final = 1 << len(_FIELDS) + len(_ALSO)


def _is_decisive(rule: Rule) -> bool:
    if rule.kind is RuleKind.DOCUMENTS:
        return rule.claim is Claim.YES
    if rule.kind is RuleKind.UNACCOMPANIED_CHILD:
        return rule.claim is not Claim.UNKNOWN  # who takes such a child must see to a guardian (R35)
    takes_all = not rule.codes and rule.min_years is None and rule.max_years is None
    return rule.claim is Claim.NO or (rule.claim is Claim.YES and not takes_all)
