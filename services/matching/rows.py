"""
Say of providers all that is to be said for one question.

What many rows have in common is made once and found again: a row is a few
look-ups, and whoever writes it looks up what was written of the same before.
"""

from collections.abc import Iterable, Sequence
from datetime import datetime, timedelta
from functools import lru_cache
from typing import Final

from services.matching.arriving import Ways, clocks_left
from services.matching.constraints.places import NOBODY_COUNTS, Wanted
from services.matching.index.marks import Reason
from services.matching.model.answer import Caution, PlacesKind, PlacesView, Remarks, Row, Unknown
from services.matching.model.hours import OpenState
from services.matching.model.needed import known_of, needed
from services.matching.model.profile import Profile, profile_of
from services.matching.model.provider import RING_FIRST_AFTER, Provider, ReachOut
from services.matching.model.request import Asked
from services.matching.model.verdicts import Finding, Verdict
from services.values import made

OLD_REPORT_AFTER: Final = timedelta(hours=24)  #: a report of places older than this is marked

_REPORTED: Final = Caution("service", "result_may_be_reported")
TO_TAKE_NONE: Final = Caution("takes_referrals", "takes_no_referrals")
TO_RING_FIRST: Final = Caution("takes_referrals", "ring_first")
_CLOSED: Final = Caution("open", "closed_on_arrival")
_HOURS_UNKNOWN: Final = Caution("open", "hours_unknown")
_OLD_REPORT: Final = Caution("places", "old_report")
# looked up once: of an enum that takes a while, and these are compared for every row
_COUNTED: Final = PlacesKind.COUNTED
_UNKNOWN_HOURS: Final = OpenState.UNKNOWN
_NOT_REACHED: Final = ReachOut.NONE
_ENROLLED: Final = ReachOut.ENROLLED


class Rows:
    """
    Says it for one question.

    Args:
        asked: The question.
    """

    def __init__(self, asked: Asked) -> None:
        service = asked.need.service
        self._asked = asked
        self._now = asked.now_time
        self._when = asked.when_time
        self._calendar = asked.calendar
        self._said_of_all = service.life_first, service.result_may_be_reported
        self._wanted = Wanted(asked) if service.accommodation else None
        self._has_clocks = asked.need.hours_since_event is not None
        self._ways = Ways(asked)
        self._known = known_of(asked.person)

    def rows(self, found: Iterable[tuple[int, Provider, Sequence[Reason]]]) -> tuple[Row, ...]:
        """Say it of some: each with its cost in whole millimetres, and what is not a plain yes."""
        asked, when, calendar, known, wanted = self._asked, self._when, self._calendar, self._known, self._wanted
        way_to, reached, said_of_all = self._ways.to, self._reached, self._said_of_all
        listed = []
        for cost_mm, provider, reasons in found:
            profile = profile_of(provider)
            places = NOBODY_COUNTS if wanted is None else wanted.at(provider)
            arrives, travel = way_to(cost_mm, profile.is_confidential)
            hours, vetted_until = profile.hours(calendar), profile.vetted_until
            remarks = remarks_of(
                tuple(reasons),
                said_of_all,
                reached(profile),
                _UNKNOWN_HOURS if hours is None else hours.at(arrives),
                has_old_report(places.view, self._now),
                vetted_until is not None and when < vetted_until,
            )
            clocks = clocks_left(asked, provider, arrives) if self._has_clocks else ()
            silence_mm = asked.silence_of(provider) if asked.silence_mm else 0
            shown = needed(known, profile.decisive)
            listed.append(
                made(Row, (profile, cost_mm, remarks, places.view, places.items, shown, travel, clocks, silence_mm))
            )
        return tuple(listed)

    def _reached(self, profile: Profile) -> Caution | None:
        """Say what to know of how a referral reaches it."""
        reach_out = profile.reach_out
        if reach_out is _ENROLLED:
            if profile.is_confidential:
                return None
            heard = profile.provider.receiver_heard_time
            return TO_RING_FIRST if heard is None or self._now - heard > RING_FIRST_AFTER else None
        return TO_TAKE_NONE if reach_out is _NOT_REACHED else None


def has_old_report(places: PlacesView, now: datetime) -> bool:
    """Say whether places are counted by a report that is marked as old."""
    time = places.report_time
    return places.kind is _COUNTED and time is not None and now - time > OLD_REPORT_AFTER


@lru_cache(maxsize=16_384)
def remarks_of(
    reasons: tuple[Reason, ...],
    said_of_all: tuple[bool, bool],
    reached: Caution | None,
    opens: OpenState,
    has_old_report: bool,  # noqa: FBT001 -- a part of the key
    is_vetted: bool,  # noqa: FBT001 -- another
) -> Remarks:
    """Say what is remarked of all rows of which the same is said."""
    is_life_first, is_reported = said_of_all
    unknowns = [Unknown(each.name, found.question, found.ask) for each, found in reasons if _is_unknown(found)]
    cautions = [*_yielded(reasons)] if is_life_first else []
    if is_reported:
        cautions.append(_REPORTED)
    if reached is not None:
        cautions.append(reached)
    if opens is not OpenState.OPEN:
        cautions.append(_CLOSED if opens is OpenState.CLOSED else _HOURS_UNKNOWN)
    if has_old_report:
        cautions.append(_OLD_REPORT)
    return Remarks(tuple(unknowns), tuple(cautions), opens, is_vetted=is_vetted)


def remarks_of_one(reason: Reason, *, is_life_first: bool) -> Remarks:
    """Say what one reason adds to what is remarked."""
    return remarks_of((reason,), (is_life_first, False), None, OpenState.OPEN, has_old_report=False, is_vetted=False)


def _yielded(reasons: Iterable[Reason]) -> Iterable[Caution]:
    """List what would have kept a provider out or back if life did not come first (R59)."""
    for constraint, finding in reasons:
        if _is_unknown(finding):
            yield Caution(constraint.name, "unknown")
        elif finding.verdict is Verdict.NO and constraint.yields_to_life:
            yield Caution(constraint.name, "not_met")


def _is_unknown(finding: Finding) -> bool:
    return finding.verdict is Verdict.UNKNOWN
