"""
Constraints for one who is or may be a child (R34-R36).

Accommodation, escort, custody and guardianship go by the child path; emergency
care never does.
"""

from typing import Final

from services.matching.constraints.eligibility import judge_ages
from services.matching.constraints.places import CHILD_POPULATIONS
from services.matching.model.person import ADULT_AGE, OLDEST_AGE, Person
from services.matching.model.provider import Claim, Provider, Rule, RuleKind
from services.matching.model.request import Asked
from services.matching.model.verdicts import NO, YES, Finding, Verdict, ask_person, ask_provider
from services.taxonomy import Urgency

_TONIGHT: Final = "ACC-EMG"
_FOR_NOW: Final = frozenset({Urgency.IMMEDIATE, Urgency.EMERGENCY})


def unaccompanied_child(asked: Asked, provider: Provider) -> Finding:
    """
    Whether it takes children without a carer.

    On the child path it must say so; elsewhere only a stated no counts.
    """
    person = asked.person
    if person is None or person.is_child_alone is False:
        return YES
    claims = {rule.claim for rule in provider.rules_of(RuleKind.UNACCOMPANIED_CHILD)}
    if Claim.NO in claims:
        return NO if person.is_child_alone else ask_person("unaccompanied")
    if claims == {Claim.YES} or not asked.need.service.child_path:
        return YES
    return ask_provider("unaccompanied_child")


def child_path(asked: Asked, provider: Provider) -> Finding:
    """
    Whether a child is safe there: vetted, for children of that age, apart from unrelated adults, never detained.

    A paid night at a hotel is never for a child alone.
    """
    person, need = asked.person, asked.need
    if person is None or not person.may_be_child or not need.service.child_path:
        return YES
    if provider.is_detention or not provider.is_vetted(asked.when_time):
        return NO
    rules = provider.rules_of(RuleKind.AGE)
    # a disputed age may have no year below 18 in its range: the oldest child stands for it
    findings = [judge_ages(rules, *person.child_years)]
    if need.service.not_for_child_alone:
        findings.append(_is_not_alone(person))
    if need.service.accommodation:
        findings.append(_is_apart_from_adults(person, rules, provider))
    return max(findings, key=lambda finding: _SEVERITY[finding.verdict])


def best_interests(asked: Asked, _: Provider) -> Finding:
    """
    Whether a child without a carer is placed for longer with its best interests determined (R35).

    A roof for tonight, and any roof that is urgently needed, goes ahead without.
    """
    person, need = asked.person, asked.need
    if person is None or person.is_child_alone is False or need.has_best_interests:
        return YES
    is_for_now = need.code == _TONIGHT or need.urgency in _FOR_NOW
    return YES if is_for_now or not need.service.accommodation else ask_person("best_interests")


_SEVERITY: Final = {Verdict.YES: 0, Verdict.UNKNOWN: 1, Verdict.NO: 2}


def _is_not_alone(person: Person) -> Finding:
    if person.is_child_alone is None:
        return ask_person("unaccompanied")
    return NO if person.is_child_alone else YES


def _is_apart_from_adults(person: Person, rules: tuple[Rule, ...], provider: Provider) -> Finding:
    if person.is_child_alone is False or CHILD_POPULATIONS & provider.populations:
        return YES
    if judge_ages(rules, ADULT_AGE, OLDEST_AGE) is NO:
        return YES
    return ask_provider("children_apart")
