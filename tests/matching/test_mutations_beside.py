"""
Deliberately broken copies of what decides beside the table: clocks, penalties, lines, areas, deadlines and places.

One question a thing, with the answer written out by hand. The sound code gives these
answers, and no broken copy does: whoever breaks it like that is told so here (R46, R47, R60).
"""

from collections.abc import Callable, Mapping, Sequence
from dataclasses import replace
from datetime import UTC, datetime, timedelta
from types import MappingProxyType
from typing import Any, Final

import pytest

from services.geo import Point, cell_at
from services.geo.outlines import laid_out_disc
from services.hours import Schedule
from services.matching import arriving
from services.matching.constraints import places, ways
from services.matching.index import paths
from services.matching.index.snapshot import Snapshot
from services.matching.model.areas import ServedArea
from services.matching.model.lines import ALWAYS, Line
from services.matching.model.person import AgeRange
from services.matching.model.provider import Provider
from services.matching.model.request import Asked
from services.matching.ranking import find
from services.taxonomy import Urgency
from tests.matching.samples import TRIPOLI, a_need, a_person, a_provider, a_report, asked

EVENING: Final = datetime(2026, 11, 21, 19, 0, tzinfo=UTC)  #: 21:00 in Tripoli
SOUTH: Final = Point(32.5, 13.1873)  #: 42.96 km away, 1 hour 15 minutes by car
UNTIL_22: Final = Schedule(is_intake=True, opens_at="08:00", closes_at="22:00")
CURFEW: Final = Line(
    line_id="curfew",
    points=(Point(32.7, 12.0), Point(32.7, 14.0)),
    starts_at="20:00",
    ends_at="05:00",
    time_zone="Africa/Tripoli",
)
WOMAN: Final = a_person(
    age=AgeRange(30, 30), gender="woman", sex="female", family=frozenset({"alone"}), has_documents=True,
    accessibility=frozenset(), status_class="national",
)  # fmt: skip


def answer(providers: list[Provider], question: Asked) -> tuple[list[str], dict[str, int]]:
    found = find(Snapshot.of("epoch", 1, providers), question, 10)
    return [row.provider.provider_id for row in found.matches], dict(found.excluded)


def clocks() -> Any:
    """60 hours after, at nine in the evening: she is there at 22:15, and one of two takes nobody in until 8."""
    need = replace(a_need("HEA-SGV"), hours_since_event=60.0)
    question = asked(need, person=WOMAN, when_time=EVENING, now_time=EVENING)
    houses = [
        a_provider("night", code="HEA-SGV", place=SOUTH),
        a_provider("office", code="HEA-SGV", place=SOUTH, schedules=(UNTIL_22,)),
    ]
    rows = find(Snapshot.of("epoch", 1, houses), question, 10).matches
    man = find(Snapshot.of("epoch", 1, houses), replace(question, person=replace(WOMAN, sex="male")), 10).matches
    return [[each.left for each in row.clocks] for row in rows], [len(row.clocks) for row in man]


def deadline() -> Any:
    """Within 3 hours one gets 107 km by car for sure, and nobody gets to Kufra."""
    houses = [
        a_provider("near", place=SOUTH),
        a_provider("far", place=Point(31.0, 13.1873)),
        a_provider("kufra", place=Point(24.2, 23.3)),
    ]
    question = asked(replace(a_need(), urgency=Urgency.IMMEDIATE), person=WOMAN)
    return answer(houses, question)


def lines() -> Any:
    """A curfew that stops ways to the south from eight in the evening until five."""
    question = asked(person=WOMAN, lines=(CURFEW,))
    at_night = replace(question, when_time=EVENING, now_time=EVENING)
    houses = [a_provider("here"), a_provider("south", place=SOUTH)]
    return answer(houses, question), answer(houses, at_night)


def area() -> Any:
    """One who serves a town elsewhere, and one who serves this."""
    houses = [
        a_provider("here", service_areas=(ServedArea(outline=laid_out_disc(TRIPOLI, 5_000.0).wkb),)),
        a_provider("there", service_areas=(ServedArea(outline=laid_out_disc(SOUTH, 5_000.0).wkb),)),
    ]
    return answer(houses, asked(person=WOMAN))


def free_places() -> Any:
    """Ten of ten, one of them held; eight are wanted, and then ten."""
    houses = [a_provider("house", code="ACC-EMG", place_reports=(a_report("women", 10, 1),))]
    taken = {("house", "women"): 1}
    question = asked(a_need("ACC-EMG"), person=WOMAN, taken=taken)
    found = find(Snapshot.of("epoch", 1, houses), question, 10)
    return [(row.places.free, [(each.population, each.count) for each in row.items]) for row in found.matches]


def silence() -> Any:
    """The nearer let an offer run out: it comes later; not so a confidential site, nor where life comes first."""
    near, far = a_provider("near", place=SOUTH), a_provider("far", place=Point(32.48, 13.1873))
    site = a_provider("near", place=cell_at(SOUTH, 6), is_confidential=True)
    question = asked(person=WOMAN, silence_mm={"near": 50_000_000})
    lists = [answer(houses, question)[0] for houses in ([near, far], [site, far])]
    return lists, [row.silence_mm for row in find(Snapshot.of("epoch", 1, [near]), question, 1).matches]


def hours(number: float) -> timedelta:
    return timedelta(hours=number)


SOUND: Final[Mapping[str, tuple[Callable[[], Any], Any]]] = {
    "clocks": (clocks, ([[hours(10.75), hours(58.75)], [hours(1), hours(49)]], [1, 1])),
    "deadline": (deadline, (["near"], {"reachable": 1})),
    "lines": (lines, ((["here", "south"], {}), (["here"], {"lines": 1}))),
    "area": (area, (["here"], {"service_area": 1})),
    "free places": (free_places, [(8, [("women", 1)])]),
    "silence": (silence, ([["far", "near"], ["near", "far"]], [50_000_000])),
}

_view_of: Final = places.view_of
_SHORT: Final = MappingProxyType({"HEA-SGV": (("hiv_prophylaxis", hours(73)), ("emergency_contraception", hours(120)))})
_FORGETFUL: Final = MappingProxyType({"HEA-SGV": (("hiv_prophylaxis", hours(72)),)})


def at_once(_provider: Provider, arrives: datetime, _calendar: object) -> datetime:
    return arrives


def on_the_spot(self: Any, *_: object) -> tuple[datetime, None]:
    return self._when, None


def nothing_held(report: Any, provider: Provider, _: object) -> Any:
    return _view_of(report, provider, {})


def nothing_known(report: Any, provider: Provider, _: object) -> Any:
    return _view_of(report, provider, None)


def told_of_all(asked: Any, provider: Provider) -> int:
    return int(asked.silence_mm.get(provider.provider_id, 0))


#: of what, what is broken, and where: in the pure rule and in the index alike
BROKEN: Final[Mapping[str, tuple[str, Any, Sequence[tuple[Any, str]]]]] = {
    "the clock of 72 hours has 73": ("clocks", _SHORT, [(arriving, "CLOCKS")]),
    "the clock of 120 hours is forgotten": ("clocks", _FORGETFUL, [(arriving, "CLOCKS")]),
    "clocks do not wait for the intake": ("clocks", at_once, [(arriving, "care_from")]),
    "clocks leave out the way": ("clocks", on_the_spot, [(arriving.Ways, "to")]),
    "everybody is told of contraception": ("clocks", lambda *_: True, [(arriving, "_concerns")]),
    "everybody can be there in time": (
        "deadline",
        lambda _: (10**12, 10**12),
        [(ways, "reach_mm"), (paths, "reach_mm")],
    ),
    "nobody is there in time": ("deadline", lambda _: (0, 0), [(ways, "reach_mm"), (paths, "reach_mm")]),
    "a line is in force at all hours": ("lines", lambda *_, **__: ALWAYS, [(Line, "spans")]),
    "a line is never in force": ("lines", lambda *_, **__: (), [(Line, "spans")]),
    "every area has everybody": ("area", lambda *_: True, [(ServedArea, "has")]),
    "no area has anybody": ("area", lambda *_: False, [(ServedArea, "has")]),
    "what is held is free": ("free places", nothing_held, [(places, "view_of")]),
    "nothing is known to be free": ("free places", nothing_known, [(places, "view_of")]),
    "silence costs nothing": ("silence", lambda *_: 0, [(Asked, "silence_of")]),
    "the silence of a confidential site is told": ("silence", told_of_all, [(Asked, "silence_of")]),
}


@pytest.mark.parametrize("name", SOUND)
def test_the_sound_code_answers_as_is_written_here(name: str) -> None:
    ask, expected = SOUND[name]

    assert ask() == expected


@pytest.mark.parametrize("how", BROKEN)
def test_a_broken_copy_answers_otherwise(how: str, monkeypatch: pytest.MonkeyPatch) -> None:
    name, broken, wheres = BROKEN[how]
    ask, expected = SOUND[name]
    for where, attribute in wheres:
        monkeypatch.setattr(where, attribute, broken)

    assert ask() != expected


def test_everything_that_is_asked_has_a_broken_copy() -> None:
    assert {name for name, *_ in BROKEN.values()} == set(SOUND)
