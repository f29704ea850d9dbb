"""Zones, lines and deadlines over many places at once: what the index says is what each constraint says."""

from dataclasses import replace
from datetime import timedelta

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from services.geo import Place, cell_at
from services.geo.outlines import laid_out_disc
from services.geo.shadows import Enclosure
from services.matching.index import kin
from services.matching.index.snapshot import Snapshot
from services.matching.model.lines import Line
from services.matching.model.safety import Envelope, Kin, Zone
from services.matching.model.travel import USUAL_PACE, Departure, Mode
from services.matching.ranking import find
from services.taxonomy import Urgency
from tests.matching.envelopes import LINES, envelopes, moved
from tests.matching.samples import NOON, TRIPOLI, a_need, a_person, a_provider, asked
from tests.matching.scan import full_scan, lists_of

NEAR = st.builds(
    lambda east, north: moved(TRIPOLI, east / 50, north / 50), st.integers(-300, 300), st.integers(-300, 300)
)
AROUND: st.SearchStrategy[Place] = NEAR | st.builds(cell_at, NEAR, st.integers(3, 6))
GROWN_UP = a_person(no_reason_to_believe_child=True, has_documents=True, accepts_reporting=True)


@settings(max_examples=80, deadline=None)
@given(
    st.lists(AROUND, min_size=30, max_size=80), envelopes(TRIPOLI), st.sampled_from(["ACC-EMG", "LEG-ADV", "HEA-EMG"])
)
def test_r22_r23_r25_an_envelope_holds_for_many_as_for_each(places: list[Place], envelope: Envelope, code: str) -> None:
    providers = [
        a_provider(f"p-{n:03}", code=code, place=place, pool_id=f"pool-{n % 9}", location_id=f"l-{n % 11}")
        for n, place in enumerate(places)
    ]
    question = asked(a_need(code), envelope=envelope)

    assert lists_of(find(Snapshot.of("epoch", 1, providers), question, 100)) == full_scan(providers, question, 100)


@settings(max_examples=80, deadline=None)
@given(
    st.lists(AROUND, min_size=30, max_size=80),
    st.lists(LINES, min_size=1, max_size=2).map(tuple),
    st.sampled_from(Urgency),
    st.sampled_from(Mode),
    st.sampled_from([0, 90, 600]),
)
def test_r46_r60_lines_and_deadlines_hold_for_many_as_for_each(
    places: list[Place], lines: tuple[Line, ...], urgency: Urgency, mode: Mode, minutes: int
) -> None:
    providers = [a_provider(f"p-{n:03}", place=place) for n, place in enumerate(places)]
    question = asked(
        replace(a_need(), urgency=urgency),
        person=GROWN_UP,
        lines=lines,
        mode=mode,
        when_time=NOON + timedelta(minutes=minutes),
    )

    assert lists_of(find(Snapshot.of("epoch", 1, providers), question, 100)) == full_scan(providers, question, 100)


@given(st.floats(0, 10**9) | st.integers(0, 10**7), st.sampled_from(Mode))
def test_a_time_is_a_distance(seconds: float, mode: Mode) -> None:
    most_mm = USUAL_PACE.longest_mm(mode, seconds)

    assert USUAL_PACE.travel_s(mode, most_mm) <= seconds < USUAL_PACE.travel_s(mode, most_mm + 1)


@given(st.integers(0, 10**8), st.integers(0, 10**6))
def test_nobody_arrives_before_the_way_is_done_nor_before_the_time_asked_for(travel_s: int, late_s: int) -> None:
    when = NOON + timedelta(seconds=late_s)
    there = Departure(NOON, when).arrival(travel_s)

    assert there >= max(when, NOON + timedelta(seconds=travel_s))
    assert there - max(when, NOON + timedelta(seconds=travel_s)) < timedelta(minutes=5)


@given(st.sampled_from(Mode), st.integers(60, 10**6))
def test_what_is_usual_is_never_farther_than_what_is_possible(mode: Mode, seconds: int) -> None:
    usual_mm = USUAL_PACE.usual_reach_mm(mode, seconds)

    assert usual_mm < USUAL_PACE.utmost_reach_mm(mode, seconds)
    assert USUAL_PACE.travel_s(mode, usual_mm) <= seconds


def test_kin_share_places_or_a_location() -> None:
    home = a_provider("home", pool_id="beds", location_id="street 1")
    kin = Kin.of(["home"], [home])

    assert kin.has(home)
    assert kin.has(a_provider("annex", pool_id="beds"))
    assert kin.has(a_provider("clinic", location_id="street 1"))
    assert not kin.has(a_provider("other"))
    assert not Kin.of(["gone"], []).has(a_provider("other", location_id=""))


def test_r25_two_names_of_one_hash_are_two(monkeypatch: pytest.MonkeyPatch) -> None:
    """Whoever is found by a hash is asked by name, so that nobody is kept out for the company of another."""
    monkeypatch.setattr(kin, "hash", lambda _: 7, raising=False)
    home, other = a_provider("home", code="ACC-EMG", pool_id="beds"), a_provider("other", code="ACC-EMG")
    annex = a_provider("annex", code="ACC-EMG", pool_id="beds")
    question = asked(a_need("ACC-EMG"), envelope=Envelope(apart=Kin.of(["home"], [home])))

    answer = find(Snapshot.of("epoch", 1, [home, other, annex]), question, 10)

    assert [row.provider.provider_id for row in answer.matches] == ["other"]


def test_r25_kin_are_found_after_changes_and_in_what_was_laid_out_anew() -> None:
    homes = [a_provider(f"p-{n}", code="ACC-EMG", pool_id=f"beds-{n % 3}") for n in range(9)]
    question = asked(a_need("ACC-EMG"), envelope=Envelope(apart=Kin.of(["p-0"], homes[:1])))
    changed = Snapshot.of("epoch", 1, homes).with_changes(
        2, {"p-1": replace(homes[1], pool_id="beds-0"), "p-3": replace(homes[3], pool_id="beds-1")}
    )

    for snapshot in (changed, changed.rebuilt()):
        answer = find(snapshot, question, 10)
        assert [row.provider.provider_id for row in answer.matches] == ["p-2", "p-3", "p-4", "p-5", "p-7", "p-8"]


def test_r22_an_envelope_with_other_zones_sees_those_and_not_the_first() -> None:
    """What is seen is kept with the envelope; a copy with other zones must not take it over."""
    here, there = moved(TRIPOLI, 0.1, 0.0), moved(TRIPOLI, -0.1, 0.0)
    houses = [a_provider("here", place=here), a_provider("there", place=there)]
    one, other = (Zone(Enclosure.of(laid_out_disc(each, 2_000.0))) for each in (here, there))
    envelope = Envelope(zones=(one,), start=TRIPOLI)

    for each, left in ((envelope, "there"), (replace(envelope, zones=(other,)), "here")):
        answer = find(Snapshot.of("epoch", 1, houses), asked(envelope=each), 10)
        assert [row.provider.provider_id for row in answer.matches] == [left]
