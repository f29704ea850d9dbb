"""
Whether a provider is open for intake when the person would arrive (R48).

Closed and unknown are cautions, and never exclude.
"""

from datetime import datetime

from services.hours import Entry
from services.matching.model.hours import OpenState, hours_of
from services.matching.model.provider import Provider


def open_at(provider: Provider, when: datetime, calendar: tuple[Entry, ...] = ()) -> OpenState:
    """
    Say whether it takes people at a moment: by its intake hours, else by its opening hours.

    Args:
        provider: The provider.

        when: The moment of arrival.

        calendar: What is announced anywhere.
    """
    hours = hours_of(provider, calendar)
    return OpenState.UNKNOWN if hours is None else hours.at(when)


def care_from(provider: Provider, when: datetime, calendar: tuple[Entry, ...] = ()) -> datetime:
    """Say from when on somebody is surely taken in who arrives at a moment: then, where no hours are known."""
    hours = hours_of(provider, calendar)
    if hours is None or hours.at(when) is not OpenState.CLOSED:
        return when
    opens = hours.next_open(when)
    return when if opens is None else opens
