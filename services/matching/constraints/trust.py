"""Constraints on trust: who is vetted, and who reports people to authorities."""

from services.matching.model.provider import Claim, Provider, Reporting, VettingState
from services.matching.model.request import Asked
from services.matching.model.verdicts import NO, YES, Finding, ask_person, ask_provider


def vetting(asked: Asked, provider: Provider) -> Finding:
    """
    Whether it is vetted where that is needed (R33).

    For accommodation, escort and interpretation always; for anything else where
    the person is or may be a child. There a public facility on an official list
    will do. Expired means unvetted. If nobody has asked the age, that settles it.
    """
    if provider.is_vetted(asked.when_time):
        return YES
    if asked.need.service.vetted_only:
        return NO
    person = asked.person
    is_listed = provider.vetting is VettingState.LISTED and not provider.vetting_expired(asked.when_time)
    if person is None or is_listed or person.counts_as_child is False:
        return YES
    return NO if person.counts_as_child else ask_person("age")


def firewall(asked: Asked, provider: Provider) -> Finding:
    """
    Whether a smuggled or undocumented person would not be reported (R29).

    A provider that reports, or that sits with police or immigration, is no
    answer unless the person was told and agrees. Where it is not known whether
    the person is concerned, the person decides; where it is not known whether
    the provider reports, the provider is asked.
    """
    is_harmed = asked.person is not None and asked.person.is_harmed_by_reports
    if is_harmed is False:
        return YES
    if provider.reporting in {Reporting.BY_LAW, Reporting.BY_POLICY} or provider.co_located is Claim.YES:
        return NO if is_harmed else ask_person("accepts_reporting")
    return ask_provider("reporting") if provider.reporting is Reporting.UNKNOWN else YES
