"""
What a consent covers (R1), as pure functions.

Rule of this file: nothing here can widen a consent. What is not said is not covered.
"""

from collections.abc import Collection
from datetime import datetime
from typing import Final

from services.errors import FailedPrecondition, Reason
from services.referrals.model import Consent, Provider

#: what any offer discloses by being one
ALWAYS_DISCLOSED: Final = "need"
REFERRAL_PURPOSE: Final = "referral"
#: services for danger to life, and a safe place tonight: what one worker may do alone at night (R5)
EMERGENCY_CODES: Final = frozenset({"ACC-EMG", "HEA-EMG", "HEA-INJ", "HEA-SGV", "PSY-CRI", "RES-AFT", "TRN-AMB"})


def is_withdrawn(consent: Consent, provider_id: str) -> bool:
    """Say whether it was withdrawn, as a whole or for this provider (R3)."""
    return consent.withdrawn_time is not None or provider_id in consent.withdrawn_provider_ids


def names(consent: Consent, provider: Provider, code: str, now: datetime) -> bool:
    """Say whether it names a provider for a service: by its id, or by a class that it belongs to."""
    if provider.provider_id in consent.provider_ids:
        return True
    named = consent.receiver_class
    return (
        named is not None
        and code in named.codes
        and code in provider.codes
        and (not named.area_cells or provider.area_cell in named.area_cells)
        and (not named.vetted or provider.is_vetted(now))
    )


def covers(
    consent: Consent, provider: Provider, code: str, *, fields: Collection[str], purpose: str, now: datetime
) -> bool:
    """Say whether that receiver may be told those fields for that purpose at that time."""
    return (
        not is_withdrawn(consent, provider.provider_id)
        and consent.start_time <= now < consent.end_time
        and purpose in consent.purposes
        and set(fields) <= set(consent.fields)
        and names(consent, provider, code, now)
        and (not is_unsigned(consent) or code in EMERGENCY_CODES)
    )


def is_unsigned(consent: Consent) -> bool:
    """Say whether one worker alone has gone ahead without consent, and nobody has signed yet (R5)."""
    return consent.override_ground is not None and not consent.second_person


def require_covering(
    consent: Consent, provider: Provider, code: str, *, fields: Collection[str], now: datetime
) -> None:
    """
    Refuse an offer that the consent does not cover.

    Args:
        consent: The record.

        provider: Who would be asked.

        code: What for.

        fields: What the sender wants told, besides the need itself.

        now: When.

    Raises:
        FailedPrecondition: CONSENT_WITHDRAWN, or CONSENT_NOT_COVERING.
    """
    if is_withdrawn(consent, provider.provider_id):
        raise withdrawn()
    if now < consent.start_time:
        raise FailedPrecondition(
            "the consent has not begun: leave its start_time out for one that holds from now",
            reason=Reason.CONSENT_NOT_COVERING,
        )
    if not covers(consent, provider, code, fields={ALWAYS_DISCLOSED, *fields}, purpose=REFERRAL_PURPOSE, now=now):
        raise FailedPrecondition(
            "the consent does not cover this receiver, these fields, this purpose or this time",
            reason=Reason.CONSENT_NOT_COVERING,
        )


def require_standing(consent: Consent, provider_id: str, now: datetime) -> None:
    """
    Refuse a yes on a consent that stands no more.

    Raises:
        FailedPrecondition: CONSENT_WITHDRAWN, or CONSENT_NOT_COVERING once it has ended.
    """
    if is_withdrawn(consent, provider_id):
        raise withdrawn()
    if now >= consent.end_time:
        raise FailedPrecondition("the consent has ended", reason=Reason.CONSENT_NOT_COVERING)


def withdrawn() -> FailedPrecondition:
    """Say that the person has withdrawn."""
    return FailedPrecondition("the consent was withdrawn", reason=Reason.CONSENT_WITHDRAWN)
