"""What of a provider is the same whoever asks: its hours, and how its rows begin. Kept as long as it stands."""

from datetime import UTC, datetime
from typing import Final

from services.hours import Entry
from services.matching.model.hours import Hours, hours_of
from services.matching.model.needed import decisive_of
from services.matching.model.provider import Provider

_ALWAYS: Final = datetime.min.replace(tzinfo=UTC)
_NEVER: Final = datetime.max.replace(tzinfo=UTC)
_MOST_KEPT: Final = 65_536  #: beyond that all are forgotten


class Profile:
    """
    A provider, and what was worked out of it alone: a row looks here, and at nothing else of a record that is far away.

    Args:
        provider: The provider.
    """

    __slots__ = (
        "_calendar",
        "_hours",
        "decisive",
        "is_confidential",
        "provider",
        "reach_out",
        "span",
        "vetted_until",
        "written",
        "written_in",
    )

    def __init__(self, provider: Provider) -> None:
        self.provider = provider
        self.is_confidential = provider.is_confidential
        self.reach_out = provider.reach_out
        self.decisive = decisive_of(provider.rules)  #: by which facts its rules decide
        #: first moment at which it is not vetted any more; None: it is not
        self.vetted_until = provider.vetting_expire_time or _NEVER if provider.is_vetted(_ALWAYS) else None
        self.written = b""  #: how its rows begin; empty: not written yet
        self.written_in: object = None  #: the arena that holds it
        self.span = (0, 0)  #: where, and how long it is
        self._calendar: tuple[Entry, ...] | None = None
        self._hours: Hours | None = None

    def hours(self, calendar: tuple[Entry, ...]) -> Hours | None:
        """Find its hours under what is announced anywhere; None if nothing is known of them."""
        if calendar is not self._calendar:
            self._hours = hours_of(self.provider, calendar)
            self._calendar = calendar
        return self._hours


_KEPT: Final[dict[str, Profile]] = {}


def profile_of(provider: Provider) -> Profile:
    """Find what is kept of a provider; nothing of an earlier state of it."""
    known = _KEPT.get(provider.provider_id)
    if known is not None and known.provider is provider:
        return known
    if len(_KEPT) >= _MOST_KEPT:
        _KEPT.clear()
    known = _KEPT[provider.provider_id] = Profile(provider)
    return known
