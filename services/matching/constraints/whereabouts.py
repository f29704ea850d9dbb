"""Constraints on where a provider is: a known place, in the person's country, near enough."""

from services.geo import cost_mm
from services.matching.model.provider import Claim, Provider
from services.matching.model.request import Asked
from services.matching.model.verdicts import NO, YES, Finding, ask_person


def country(asked: Asked, provider: Provider) -> Finding:
    """Whether it is in the person's country, or works across borders; over the telephone there are none (R60)."""
    is_here = bool(asked.country_code) and provider.country_code == asked.country_code
    if is_here or provider.works_across_borders is Claim.YES or asked.need.is_remote:
        return YES
    return NO if asked.country_code else ask_person("country")


def position(_: Asked, provider: Provider) -> Finding:
    """Whether it is known where it is: a record without a place is kept, and never nearest."""
    return NO if provider.place is None else YES


def distance(asked: Asked, provider: Provider) -> Finding:
    """Whether it is within the distance asked for, by the one definition of cost."""
    if asked.max_cost_mm is None or provider.place is None or not has_limit(asked):
        return YES
    return YES if cost_mm(asked.origin, provider.place) <= asked.max_cost_mm else NO


def has_limit(asked: Asked) -> bool:
    """Whether `distance` can answer otherwise than by yes; nobody has to go to a remote service."""
    return asked.max_cost_mm is not None and not asked.need.is_remote
