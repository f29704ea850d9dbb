"""Constraints on the meeting itself: a language, the gender of staff, a way in."""

from services.matching.model.provider import Claim, LanguageOffer, Modality, Provider
from services.matching.model.request import Asked
from services.matching.model.verdicts import NO, YES, Finding, ask_person, ask_provider
from services.taxonomy import understands


def language(asked: Asked, provider: Provider) -> Finding:
    """
    Whether they understand each other, or an interpreter does (R40).

    Two varieties of one language are asked about, not assumed; an interpreter
    who is not vetted does not count, and what is only written does not either.
    An interpreter whom the request brings along settles it.
    """
    if asked.person is None or asked.need.has_interpreter:
        return YES
    if asked.person.languages is None:
        return ask_person("languages")
    if not provider.languages:
        return ask_provider("languages")
    if not asked.person.languages:
        return ask_provider("interpreter")  # asked, and none that has a name here
    found = {_meets(each, offer) for each in asked.person.languages for offer in provider.languages}
    if True in found:
        return YES
    return ask_provider("language_variety") if None in found else NO


def _meets(tag: str, offer: LanguageOffer) -> bool | None:
    if offer.modality is Modality.WRITTEN or (offer.by_interpreter and offer.vetted is Claim.NO):
        return False
    found = understands(tag, offer.tag)
    return None if found and offer.by_interpreter and offer.vetted is Claim.UNKNOWN else found


def staff_gender(asked: Asked, provider: Provider) -> Finding:
    """Whether staff of the preferred gender are there for this encounter (R39)."""
    preferred = asked.need.staff_gender
    if not preferred or preferred in provider.staff_genders:
        return YES
    return NO if provider.staff_genders else ask_provider("staff_gender")


def accessibility(asked: Asked, provider: Provider) -> Finding:
    """
    Whether the person's accessibility needs are met (R42).

    Only the way in without steps is known of providers; any other need is
    asked. If nobody asked the person, only a place with steps raises the question.
    """
    if asked.person is None:
        return YES
    needs = asked.person.accessibility
    if needs is None:
        return ask_person("accessibility") if provider.wheelchair is Claim.NO else YES
    if "step_free" in needs and provider.wheelchair is Claim.NO:
        return NO
    is_known = needs <= {"step_free"} and (not needs or provider.wheelchair is Claim.YES)
    return YES if is_known else ask_provider("accessibility")
