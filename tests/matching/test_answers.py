"""What is kept of answers holds for its time, its values and its service; everything else is found anew."""

from datetime import timedelta
from typing import Any

import pytest

from services.matching.index import answers, kept
from services.matching.index.snapshot import Snapshot
from services.matching.index.times import microseconds
from services.matching.model.areas import ServedArea
from services.matching.model.person import AgeRange
from services.matching.model.provider import Claim, LanguageOffer, RuleKind, Status
from services.matching.model.request import Asked
from services.matching.ranking import find
from tests.matching.samples import FOR_ALL, NOON, a_need, a_person, a_provider, a_rule, asked
from tests.matching.scan import full_scan, lists_of

LATER = NOON + timedelta(hours=2)
BETWEEN = NOON + timedelta(hours=1)
HOUSES = [
    a_provider("stays"),
    a_provider("ends", end_time=BETWEEN),
    a_provider("begins", start_time=BETWEEN),
    a_provider("was vetted", vetting_expire_time=BETWEEN),
    a_provider("grown up", rules=FOR_ALL - {a_rule(RuleKind.AGE)} | {a_rule(RuleKind.AGE, ages=(18, None))}),
    a_provider("in Tigrinya", languages=frozenset({LanguageOffer(tag="ti")})),
    a_provider("paused", status=Status.PAUSED),
    a_provider("perhaps", claim=Claim.UNKNOWN),
    a_provider("bed", code="ACC-EMG"),
]
PERSONS = [
    a_person(age=AgeRange(years, years), languages=frozenset({tag})) for years in (9, 17, 40) for tag in ("en", "ti")
]


def as_a_full_scan(snapshot: Snapshot, question: Asked) -> bool:
    return lists_of(find(snapshot, question, 10)) == full_scan(snapshot.providers(), question, 10)


def test_what_is_said_holds_for_its_time_whatever_was_asked_between() -> None:
    snapshot = Snapshot.of("epoch", 1, HOUSES)
    child = a_person(age=AgeRange(9, 9))
    earlier, later = (asked(when_time=each, now_time=each, person=child) for each in (NOON, LATER))

    assert all(as_a_full_scan(snapshot, each) for each in (earlier, later, earlier, later))
    assert lists_of(find(snapshot, earlier, 10)) != lists_of(find(snapshot, later, 10))


def test_no_more_is_kept_the_longer_two_times_are_asked_for_by_turns() -> None:
    snapshot = Snapshot.of("epoch", 1, HOUSES)
    block = snapshot.base.block

    def ask(rounds: int) -> kept.Kept:
        for _ in range(rounds):
            for when in (NOON, LATER):
                find(snapshot, asked(when_time=when, now_time=when, person=a_person()), 10)
        service = asked().need.service
        return block.shelf(service.code).sayings.placed(service, block.tables.answers, microseconds(NOON), None).kept

    before = ask(2)
    count = len(before.sets)
    after = ask(40)

    assert after is before
    assert len(after.sets) == count


def test_somebody_of_whom_a_constraint_says_something_for_the_first_time_is_heard() -> None:
    snapshot = Snapshot.of("epoch", 1, HOUSES)
    question = asked(person=a_person(), country_code="LY")
    assert as_a_full_scan(snapshot, question)

    abroad = a_provider("for others", service_areas=(ServedArea(region_code="TN"),))
    perhaps = a_provider("for some", service_areas=(ServedArea(region_code="LY-TB"),))
    changed = snapshot.with_changes(2, {each.provider_id: each for each in (abroad, perhaps)})

    assert as_a_full_scan(changed, question)
    assert as_a_full_scan(changed.rebuilt(), question)
    assert dict(find(changed, question, 10).excluded)["service_area"] == 1


def test_a_value_that_comes_later_is_judged_by_what_was_asked_before() -> None:
    snapshot = Snapshot.of("epoch", 1, HOUSES)
    questions = [asked(person=each) for each in PERSONS]
    assert all(as_a_full_scan(snapshot, each) for each in questions)

    old = a_provider("for the old", rules=frozenset({a_rule(RuleKind.AGE, ages=(60, None))}))
    changed = snapshot.with_changes(2, {old.provider_id: old})

    assert all(as_a_full_scan(changed, each) for each in questions)


@pytest.mark.parametrize(
    "limits",
    [
        [(answers, "_MOST_KEPT")],
        [(answers, "_MOST_MARKED")],
        [(kept, "_MOST_KEPT")],
        [(answers, "_MOST_KEPT"), (kept, "_MOST_KEPT")],
    ],
)
def test_what_is_forgotten_is_found_again(limits: list[tuple[Any, str]], monkeypatch: pytest.MonkeyPatch) -> None:
    for place, name in limits:
        monkeypatch.setattr(place, name, 1)
    snapshot = Snapshot.of("epoch", 1, HOUSES)

    for person in PERSONS:
        for code in ("LEG-ADV", "ACC-EMG"):
            assert as_a_full_scan(snapshot, asked(a_need(code), person=person))


@pytest.mark.parametrize(("name", "limit"), [("_MOST_KEPT", 40), ("_MOST_MARKED", 100)])
def test_there_is_an_end_to_what_is_kept(name: str, limit: int, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(answers, name, limit)
    snapshot = Snapshot.of("epoch", 1, HOUSES)
    tables = snapshot.base.block.tables
    first = tables.answers

    for years in range(60):
        find(snapshot, asked(person=a_person(age=AgeRange(years, years))), 10)

    assert tables.answers is not first
    assert len(tables.answers.listed) < 60
