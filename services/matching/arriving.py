"""What a way there means: how long it takes, when one arrives, and what is left of clinical clocks (R46-R48)."""

from collections.abc import Mapping
from datetime import datetime, timedelta
from types import MappingProxyType
from typing import Final

from services.geo import BAND_ENDS_MM, DistanceBand, band_of
from services.matching.constraints.hours import care_from
from services.matching.model.answer import ClockLeft
from services.matching.model.provider import Provider
from services.matching.model.request import Asked
from services.matching.model.travel import Departure, Travel
from services.values import made

HIV_PROPHYLAXIS: Final = "hiv_prophylaxis"
EMERGENCY_CONTRACEPTION: Final = "emergency_contraception"
#: service code -> what helps, and for how long after the event
CLOCKS: Final[Mapping[str, tuple[tuple[str, timedelta], ...]]] = MappingProxyType(
    {"HEA-SGV": ((HIV_PROPHYLAXIS, timedelta(hours=72)), (EMERGENCY_CONTRACEPTION, timedelta(hours=120)))}
)
HOURS_SINCE_EVENT: Final = "hours_since_event"

#: the far end of what is told of a confidential site's distance, in whole millimetres; the last band has none
_FAR_END_MM: Final = MappingProxyType(
    dict(zip((DistanceBand.UNDER_25_KM, DistanceBand.FROM_25_TO_75_KM), BAND_ENDS_MM, strict=True))
)


class Ways:
    """
    Says for one question when the person would be where, and describes the ways.

    Args:
        asked: The question.
    """

    __slots__ = ("_departure", "_is_remote", "_mode", "_pace", "_when")

    def __init__(self, asked: Asked) -> None:
        self._is_remote = asked.need.is_remote
        self._when = asked.when_time
        self._departure = Departure(asked.now_time, asked.when_time)
        self._pace = asked.pace
        self._mode = asked.mode

    def to(self, cost_mm: int, is_confidential: bool) -> tuple[datetime, Travel | None]:  # noqa: FBT001 -- of the site
        """
        Say when the person would be at a place of a cost in whole millimetres, and describe the way.

        A remote service waits for nobody, and has no way. The way to a confidential site is described from its
        band alone (R17), and not where that has no far end.
        """
        if self._is_remote:
            return self._when, None
        travel_s = self._pace.travel_s(self._mode, cost_mm)
        arrives = self._departure.arrival(travel_s)
        if is_confidential:
            told_mm = _FAR_END_MM.get(band_of(cost_mm))
            if told_mm is None:
                return arrives, None
            travel_s = self._pace.travel_s(self._mode, told_mm)
            return arrives, Travel(travel_s, self._departure.arrival(travel_s), self._mode)
        return arrives, made(Travel, (travel_s, arrives, self._mode))


def clocks_left(asked: Asked, provider: Provider, arrives: datetime) -> tuple[ClockLeft, ...]:
    """Say what is left of the clocks of a need when care can begin: on arrival, or when intake opens next."""
    listed = CLOCKS.get(asked.need.code)
    hours = asked.need.hours_since_event
    if listed is None or hours is None:
        return ()
    care_time = care_from(provider, arrives, asked.calendar)
    passed = timedelta(hours=hours) + (care_time - asked.now_time)
    return tuple(ClockLeft(code, lasts - passed, care_time) for code, lasts in listed if _concerns(asked, code))


def questions(asked: Asked) -> tuple[str, ...]:
    """List what to ask the person about a need, so that more can be said."""
    is_open = asked.need.code in CLOCKS and asked.need.hours_since_event is None and asked.person is not None
    return (HOURS_SINCE_EVENT,) if is_open else ()


def _concerns(asked: Asked, code: str) -> bool:
    """Say whether something can help this person; who is not known to be male is told of everything."""
    return code != EMERGENCY_CONTRACEPTION or asked.person is None or asked.person.sex != "male"
