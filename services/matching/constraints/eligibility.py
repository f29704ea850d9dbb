"""
Constraints that read a provider's rules of eligibility, by one evaluator for every kind.

A person of whom little is known is many possible persons: each is judged, and
only if the rules say the same of all of them is the answer yes or no.
"""

from collections.abc import Callable, Collection, Iterable
from functools import lru_cache
from typing import TypeVar

from services.matching.model.person import ALONE, TRANSGENDER
from services.matching.model.provider import Claim, Provider, Rule, RuleKind
from services.matching.model.request import Asked
from services.matching.model.verdicts import NO, YES, Finding, ask_person, ask_provider
from services.taxonomy import Kind, terms

Possible = TypeVar("Possible")
# looked up once: of an enum that takes a while
_YES, _NO, _UNKNOWN = Claim.YES, Claim.NO, Claim.UNKNOWN


def judge_rules(
    rules: Collection[Rule],
    possible: Iterable[Possible],
    describes: Callable[[Rule, Possible], bool],
    question: str,
) -> Finding:
    """
    Judge all rules of one kind.

    A rule with YES takes those it describes, several add up, and whoever none
    of them describes is not taken; one with NO refuses; one with UNKNOWN may say
    anything. Without any rule nobody knows.
    """
    if not rules:
        return ask_provider(question)
    found = [_judge_one(rules, each, describes) for each in possible]
    known = [each for each in found if each is not None]
    if len(known) < len(found):
        return ask_provider(question)
    return known[0] if known and known.count(known[0]) == len(known) else ask_person(question)


def _judge_one(
    rules: Collection[Rule], possible: Possible, describes: Callable[[Rule, Possible], bool]
) -> Finding | None:
    """Say whether rules take somebody who is fully known; None if nobody knows."""
    is_taken, takes_only, is_known = False, False, True
    for rule in rules:
        if rule.claim is _UNKNOWN:
            is_known = False
        elif describes(rule, possible):
            if rule.claim is _NO:
                return NO
            is_taken = True
        elif rule.claim is _YES:
            takes_only = True
    if not is_known:
        return None
    return YES if is_taken or not takes_only else NO


def has_age(rule: Rule, years: int) -> bool:
    """Say whether a rule's age band holds an age; an open end holds all."""
    return (rule.min_years is None or rule.min_years <= years) and (rule.max_years is None or years <= rule.max_years)


def has_code(rule: Rule, codes: frozenset[str]) -> bool:
    """Say whether a rule names one of the codes that hold; without codes it names all."""
    return not rule.codes or not rule.codes.isdisjoint(codes)


@lru_cache(maxsize=8192)
def judge_ages(rules: tuple[Rule, ...], youngest: int, oldest: int) -> Finding:
    """
    Judge a range of ages in whole years; only ages where some band begins or ends can differ.

    Many providers have one band, and the same ages are judged for all of them.
    """
    edges = {youngest, oldest}
    for rule in rules:
        if rule.min_years is not None:
            edges |= {rule.min_years - 1, rule.min_years}
        if rule.max_years is not None:
            edges |= {rule.max_years, rule.max_years + 1}
    return judge_rules(rules, [each for each in edges if youngest <= each <= oldest], has_age, "age")


def age(asked: Asked, provider: Provider) -> Finding:
    """Whether it takes people of this age."""
    if asked.person is None:
        return YES
    return judge_ages(provider.rules_of(RuleKind.AGE), *asked.person.years)


def gender(asked: Asked, provider: Provider) -> Finding:
    """
    Whether it takes people of this gender (R38).

    Where nobody gave a gender the sex speaks. A house for women (or men) that
    does not say whether it takes transgender people is asked, not assumed.
    """
    if asked.person is None:
        return YES
    rules = provider.rules_of(RuleKind.GENDER)
    known = asked.person.known_gender
    found = judge_rules(rules, _worlds(known, Kind.GENDER), has_code, "gender")
    if found is NO and known in TRANSGENDER:
        own = frozenset({known.removeprefix("transgender_")})
        names_them = any(known in rule.codes for rule in rules)
        if not names_them and judge_rules(rules, [own], has_code, "gender") is YES:
            return ask_provider("transgender")
    return found


def family(asked: Asked, provider: Provider) -> Finding:
    """Whether it takes those who come together; one who comes alone needs no rule for that."""
    if asked.person is None:
        return YES
    together = asked.person.company
    rules = provider.rules_of(RuleKind.FAMILY)
    if together is None:
        return judge_rules(rules, _worlds(None, Kind.FAMILY), has_code, "family")
    if together == ALONE and not rules:
        return YES
    return judge_rules(rules, [together], has_code, "family")


def exploitation(asked: Asked, provider: Provider) -> Finding:
    """Whether a programme for certain kinds of exploitation is for this person; no rule, no condition."""
    rules = provider.rules_of(RuleKind.EXPLOITATION)
    if asked.person is None or not rules:
        return YES
    suffered = asked.person.exploitation
    worlds = _worlds(None, Kind.EXPLOITATION) if suffered is None else [suffered]
    return judge_rules(rules, worlds, has_code, "exploitation")


def process(asked: Asked, provider: Provider) -> Finding:
    """Whether a programme for trafficked or for smuggled people is for this one (R44); no rule, no condition."""
    rules = provider.rules_of(RuleKind.PROCESS)
    if asked.person is None or not rules:
        return YES
    return judge_rules(rules, _worlds(asked.person.process, Kind.PROCESS), has_code, "process")


def legal_status(asked: Asked, provider: Provider) -> Finding:
    """Whether a programme's condition of legal status is met (R31); no rule, no condition."""
    rules = provider.rules_of(RuleKind.LEGAL_STATUS)
    if asked.person is None or not rules:
        return YES
    worlds = _worlds(asked.person.status_class, Kind.STATUS_CLASS)
    return judge_rules(rules, worlds, has_code, "legal_status")


def documents(asked: Asked, provider: Provider) -> Finding:
    """Whether the identity papers that it needs are at hand."""
    if asked.person is None or asked.person.has_documents:
        return YES
    claims = {rule.claim for rule in provider.rules_of(RuleKind.DOCUMENTS)}
    if claims == {Claim.NO}:
        return YES
    if Claim.YES in claims:
        return NO if asked.person.has_documents is False else ask_person("documents")
    return ask_provider("documents")


def _worlds(known: str | None, kind: Kind) -> list[frozenset[str]]:
    """List what may be so: the one code that is known, or each of the vocabulary."""
    if known is not None:
        return [frozenset({known})]
    return [frozenset({code}) for code in terms(kind)]
