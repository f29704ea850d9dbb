"""
Conditions of a request that the worker may relax, record or wait for.

What protects somebody is no condition to relax: nothing here touches the safety
envelope, vetting, the child path or who stays together.
"""

from collections.abc import Callable, Mapping
from dataclasses import replace
from datetime import timedelta
from types import MappingProxyType
from typing import Any, Final

from services.geo import cost_mm
from services.matching.bundle import INTERPRETER
from services.matching.constraints.places import places_at
from services.matching.constraints.ways import lines
from services.matching.explaining import person_answers
from services.matching.explaining.change import Change, ChangeKind, Changes, with_need
from services.matching.model.provider import Provider
from services.matching.model.request import Asked, Item
from services.matching.model.travel import Mode
from services.matching.model.verdicts import YES
from services.taxonomy import Urgency

_LOOK_EVERY: Final = timedelta(minutes=30)  #: for the end of what is in force on a line
_LOOK_FOR: Final = timedelta(hours=48)
_URGENCIES: Final = tuple(Urgency)  # the most urgent first


def conditions(constraint: str, asked: Asked, provider: Provider) -> Changes:
    """List what can be done about a constraint besides asking what is not known."""
    if constraint in _CONDITIONS:
        yield from _CONDITIONS[constraint](asked, provider)


def _need(kind: ChangeKind, code: str, answer: str = "", **facts: Any) -> Change:
    return Change(
        kind=kind,
        code=code,
        answer=answer,
        apply=lambda asked, provider: (with_need(asked, **facts), provider),
    )


def _asked(kind: ChangeKind, code: str, answer: str = "", **facts: Any) -> Change:
    return Change(
        kind=kind, code=code, answer=answer, apply=lambda asked, provider: (replace(asked, **facts), provider)
    )


def _validity(asked: Asked, provider: Provider) -> Changes:
    start = provider.start_time
    if start is not None and start > asked.when_time:
        waited = _asked(ChangeKind.WAIT, "start", when_time=start)
        yield replace(waited, wait_s=_seconds(start - asked.when_time))


def _distance(asked: Asked, provider: Provider) -> Changes:
    if provider.place is not None and asked.max_cost_mm is not None:
        cost = cost_mm(asked.origin, provider.place)
        farther = _asked(ChangeKind.RELAX, "max_distance", max_cost_mm=cost)
        yield replace(farther, cost_mm=max(cost - asked.max_cost_mm, 0))


def _reachable(asked: Asked, _: Provider) -> Changes:
    for mode in (Mode.PUBLIC, Mode.CAR):
        if asked.pace.usual_kmh[mode] > asked.pace.usual_kmh[asked.mode]:
            yield _asked(ChangeKind.RELAX, "travel_mode", mode.value, mode=mode)
    for urgency in _URGENCIES[_URGENCIES.index(asked.need.urgency) + 1 :]:
        yield _need(ChangeKind.RELAX, "urgency", urgency.value, urgency=urgency)


def _lines(asked: Asked, provider: Provider) -> Changes:
    """Look for the first half hour at which the way is free; then behind the last end that is known."""
    last = asked.when_time + _LOOK_FOR
    waits = [asked.when_time + _LOOK_EVERY * step for step in range(1, _LOOK_FOR // _LOOK_EVERY + 1)]
    waits += sorted(each.end_time + _LOOK_FOR for each in asked.lines if each.end_time and each.end_time > last)
    for when in waits:
        if lines(replace(asked, when_time=when), provider) is YES:
            waited = _asked(ChangeKind.WAIT, "line_ends", when_time=when)
            yield replace(waited, wait_s=_seconds(when - asked.when_time))
            return


def _interpreter(asked: Asked, _: Provider) -> Changes:
    """Let one join, but where an interpreter is what is needed."""
    if asked.need.code != INTERPRETER:
        yield _need(ChangeKind.RELAX, "interpreter", has_interpreter=True)


def _places(asked: Asked, provider: Provider) -> Changes:
    items = asked.need.items
    free = places_at(asked, provider).view.free
    if len(items) == 1 and 0 < free < items[0].count:
        yield _need(ChangeKind.RELAX, "places", str(free), items=(Item(items[0].population, free),))


def _spanning_age(asked: Asked, provider: Provider) -> Changes:
    """Ask for the age where a range or none makes somebody perhaps a child."""
    yield from person_answers.answers("age", asked, provider)


_CONDITIONS: Final[Mapping[str, Callable[[Asked, Provider], Changes]]] = MappingProxyType(
    {
        "validity": _validity,
        "risk_assessment": lambda *_: iter([_need(ChangeKind.RECORD, "risk_assessment", has_risk_assessment=True)]),
        "vetting": _spanning_age,
        "child_path": _spanning_age,
        "unaccompanied_child": _spanning_age,
        "best_interests": _spanning_age,
        "firewall": lambda asked, provider: person_answers.answers(person_answers.ACCEPTS_REPORTING, asked, provider),
        "language": _interpreter,
        "staff_gender": lambda *_: iter([_need(ChangeKind.RELAX, "staff_gender", staff_gender="")]),
        "places": _places,
        "distance": _distance,
        "reachable": _reachable,
        "lines": _lines,
    }
)


def _seconds(time: timedelta) -> int:
    return -(-time // timedelta(seconds=1))  # rounded up
