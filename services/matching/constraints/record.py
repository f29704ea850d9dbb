"""Constraints on the record itself: what it offers, where it stands in its life, what it never may be."""

from services.matching.model.provider import Claim, Provider, ReachOut, Status, VettingState
from services.matching.model.request import Asked
from services.matching.model.verdicts import NO, YES, Finding, ask_provider


def service(asked: Asked, provider: Provider) -> Finding:
    """
    Whether it offers the service.

    ACC-TIP and its like are shown only to a provider that lists them: being
    asked whether it does would tell it what is known of the person (R21).
    """
    claim = provider.claim_of(asked.need.code)
    if claim is Claim.UNKNOWN and not asked.need.service.shown_to_listing_only:
        return ask_provider("service")
    return YES if claim is Claim.YES else NO


def status(_: Asked, provider: Provider) -> Finding:
    """Whether the record is in use."""
    return YES if provider.status is Status.ACTIVE else NO


def validity(asked: Asked, provider: Provider) -> Finding:
    """Whether the provider exists at the time asked for: expiry is derived, never stored."""
    begun = provider.start_time is None or provider.start_time <= asked.when_time
    ended = provider.end_time is not None and provider.end_time <= asked.when_time
    return YES if begun and not ended else NO


def safeguarding(_: Asked, provider: Provider) -> Finding:
    """Whether no safeguarding flag stands: one stops matching at once, for everybody (R33)."""
    return NO if provider.vetting is VettingState.SUSPENDED else YES


def detention(asked: Asked, provider: Provider) -> Finding:
    """Whether the provider is no place of detention where a roof is needed (R28)."""
    return NO if provider.is_detention and asked.need.service.accommodation else YES


def risk_assessment(asked: Asked, _: Provider) -> Finding:
    """Whether a service that is never automatic has its recorded risk assessment (R27)."""
    need = asked.need
    return NO if need.service.never_automatic and not need.has_risk_assessment else YES


def takes_referrals(_: Asked, provider: Provider) -> Finding:
    """Whether a person may be referred to it at all."""
    return NO if provider.reach_out is ReachOut.NONE else YES
