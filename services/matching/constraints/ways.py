"""Constraints on the way there: on this side of every line, in time, and where the provider serves people."""

from typing import Final

from services.geo import AreaCell, Point, cost_mm, position_of
from services.geo.lines import meets
from services.geo.outlines import outline_of_cell
from services.matching.model.lines import Line, touches
from services.matching.model.provider import Provider
from services.matching.model.request import Asked
from services.matching.model.verdicts import NO, YES, Finding, Verdict, ask_person, ask_provider
from services.taxonomy import Urgency, urgency_class

FRONT_GATE: Final = "front_gate"
_HALF_ROUND_MM: Final = 20_003_932_000
_NORMAL: Final = Urgency.NORMAL  # found among its kind by a call, which takes longer than all else here


def lines(asked: Asked, provider: Provider) -> Finding:
    """
    Whether the way there crosses no line while that is in force (R60).

    Of a confidential site only the cell is known: where a line goes through it,
    nobody can say on which side the house is.
    """
    place = provider.place
    if place is None or asked.need.is_remote:
        return YES
    found = YES
    for line in asked.lines:
        stopped = _stopped(asked, line, provider)
        if stopped is not YES and _is_met(asked, line, provider):
            if stopped is NO:
                return NO
            found = stopped
    return found


def has_lines(asked: Asked) -> bool:
    """Whether `lines` can answer otherwise than by yes."""
    return bool(asked.lines) and not asked.need.is_remote


def _stopped(asked: Asked, line: Line, provider: Provider) -> Finding:
    place = provider.place
    if isinstance(place, AreaCell):
        if is_parted(line, place.h3_cell):
            return ask_provider(FRONT_GATE)
        return _crossed(asked, line, place.centre)
    return YES if place is None else _crossed(asked, line, place)


def _crossed(asked: Asked, line: Line, goal: Point) -> Finding:
    start = position_of(asked.origin)
    return NO if meets(start, goal, line.seen_from(start)) else YES


def _is_met(asked: Asked, line: Line, provider: Provider) -> bool:
    place = provider.place
    cost = 0 if place is None else cost_mm(asked.origin, place)
    travel_s = asked.pace.travel_s(asked.mode, cost)
    return line.is_met(travel_s, now=asked.now_time, when=asked.when_time)


def is_parted(line: Line, h3_cell: str) -> bool:
    """Say whether a line goes through a cell."""
    return touches(line, outline_of_cell(h3_cell))


def reachable(asked: Asked, provider: Provider) -> Finding:
    """
    Whether the person can be there before the deadline of the urgency (R46).

    Yes by the usual estimate, no if nobody could even straight ahead; between
    the two somebody who knows the roads is asked. The clocks of normal urgency
    run in working time and stop nobody.
    """
    if provider.place is None or not has_deadline(asked):
        return YES
    cost = cost_mm(asked.origin, provider.place)
    return {Verdict.YES: YES, Verdict.NO: NO}.get(reach(asked, cost)) or ask_person("travel_time")


def reach(asked: Asked, cost: int) -> Verdict:
    """Judge a distance in whole millimetres."""
    usual_mm, utmost_mm = reach_mm(asked)
    if cost <= usual_mm:
        return Verdict.YES
    return Verdict.UNKNOWN if cost <= utmost_mm else Verdict.NO


def reach_mm(asked: Asked) -> tuple[int, int]:
    """Say how far one surely gets before the deadline, and how far at the utmost."""
    seconds = urgency_class(asked.need.urgency).arrive_s
    pace, mode = asked.pace, asked.mode
    usual_mm = pace.usual_reach_mm(mode, seconds)
    return usual_mm, max(usual_mm, pace.utmost_reach_mm(mode, seconds))


def has_deadline(asked: Asked) -> bool:
    """Whether `reachable` can answer otherwise than by yes."""
    need = asked.need
    return need.urgency is not _NORMAL and not need.is_remote and reach_mm(asked)[0] < _HALF_ROUND_MM


def service_area(asked: Asked, provider: Provider) -> Finding:
    """
    Whether it serves people where this one is.

    A provider that names no area serves whoever comes. Of an area that is a part
    of a country nobody here knows the outline.
    """
    areas = provider.service_areas
    if not areas or asked.need.is_remote:
        return YES
    start = position_of(asked.origin)
    found = {area.has(start, asked.country_code) for area in areas}
    if True in found:
        return YES
    return ask_provider("service_area") if None in found else NO


def names_areas(provider: Provider) -> bool:
    """Whether `service_area` can answer otherwise than by yes."""
    return bool(provider.service_areas)
