"""Places: counted, not counted or unknown; free is what nobody occupies, holds or booked."""

from typing import Any

import pytest

from services.matching.constraints.places import places_at
from services.matching.model.answer import PlacesKind
from services.matching.model.person import AgeRange, Person
from services.matching.model.provider import Claim, PlaceReport, RuleKind
from services.matching.model.request import Item
from services.matching.model.verdicts import NO, YES, Finding, ask_person, ask_provider
from tests.matching.samples import FOR_ALL, a_need, a_person, a_provider, a_report, a_rule, asked

GIRL = a_person(age=AgeRange(16, 16), sex="female")
WITH_MOTHER = a_person(age=AgeRange(16, 16), sex="female", is_unaccompanied=False)


@pytest.mark.parametrize(
    ("facts", "expected"),
    [
        ({"age": AgeRange(16, 16), "sex": "female"}, "girls"),
        ({"age": AgeRange(16, 16), "gender": "man"}, "boys"),
        ({"age": AgeRange(18, 30), "gender": "woman"}, "women"),
        ({"age": AgeRange(18, 18), "sex": "male"}, "men"),
        ({"age": AgeRange(16, 20), "sex": "female"}, None),
        ({"age": AgeRange(20, 25, is_disputed=True), "sex": "female"}, None),
        ({"sex": "female"}, None),
        ({"age": AgeRange(30, 30)}, None),
        ({"sex": "male", "no_reason_to_believe_child": True}, "men"),
        ({"gender": "transgender_man"}, "transgender"),
        ({"gender": "other", "age": AgeRange(30, 30)}, None),
    ],
)
def test_r38_the_population_follows_age_and_gender(facts: dict[str, Any], expected: str | None) -> None:
    assert Person(**facts).population == expected


@pytest.mark.parametrize(
    ("reports", "person", "expected"),
    [
        ([a_report("girls", 2, 1)], GIRL, YES),
        ([a_report("girls", 2, 2)], GIRL, NO),
        ([a_report("girls", 2, 3)], GIRL, NO),  # an honest report may be over
        ([a_report("girls", None, None)], GIRL, YES),  # not counted
        ([a_report("girls", 2, None)], GIRL, ask_provider("places")),
        ([a_report("men", 5, 0)], GIRL, ask_provider("places")),
        ([], GIRL, ask_provider("places")),
        ([a_report("girls", 2, 2), a_report("anyone", 1, 0)], GIRL, NO),  # R36: anyone is adults' too
        ([a_report("girls", 2, 2), a_report("anyone", 1, 0)], WITH_MOTHER, YES),
        ([a_report("boys", 2, 0), a_report("anyone", 1, 0)], GIRL, ask_provider("places")),
        ([a_report("women", 5, 0)], a_person(sex="female"), ask_person("population")),
        ([a_report("anyone", 5, 0)], a_person(), YES),
        ([a_report("anyone", 5, 5)], a_person(), NO),
        ([a_report("women", 0, 0)], None, YES),  # a plain search names no population
    ],
)
def test_a_night_needs_a_place_for_the_population(
    reports: list[PlaceReport], person: Person | None, expected: Finding
) -> None:
    provider = a_provider(place_reports=tuple(reports))

    assert places_at(asked(a_need("ACC-EMG"), person=person), provider).finding == expected


def test_what_is_held_and_booked_is_not_free() -> None:
    provider = a_provider(pool_id="beds", place_reports=(a_report("girls", 3, 1),))

    one_left = places_at(asked(a_need("ACC-EMG"), person=GIRL, taken={("beds", "girls"): 1}), provider)
    none_left = places_at(asked(a_need("ACC-EMG"), person=GIRL, taken={("beds", "girls"): 5}), provider)

    assert (one_left.finding, one_left.view.free, one_left.items) == (YES, 1, (Item("girls", 1),))
    assert (none_left.finding, none_left.view.free) == (NO, 0)


def test_what_would_be_held_is_said_of_a_full_house_and_while_nobody_tells_what_is_held() -> None:
    """The transaction that makes the hold decides: a referral must never go out without one."""
    provider = a_provider(pool_id="beds", place_reports=(a_report("girls", 3, 1),))

    full = places_at(asked(a_need("ACC-EMG"), person=GIRL, taken={("beds", "girls"): 5}), provider)
    unknown = places_at(asked(a_need("ACC-EMG"), person=GIRL, taken=None), provider)

    assert full.items == unknown.items == (Item("girls", 1),)


def test_counted_places_are_unknown_while_nobody_tells_what_is_held() -> None:
    question = asked(a_need("ACC-EMG"), person=GIRL, taken=None)

    counted = places_at(question, a_provider(place_reports=(a_report("girls", 3, 1),)))
    not_counted = places_at(question, a_provider(place_reports=(a_report("girls", None, None),)))

    assert (counted.finding, counted.view.kind) == (ask_provider("places"), PlacesKind.UNKNOWN)
    assert (not_counted.finding, not_counted.view.kind) == (YES, PlacesKind.NOT_COUNTED)


def test_r36_in_a_house_that_takes_no_adults_any_place_is_for_a_child_alone() -> None:
    for_children = FOR_ALL | {a_rule(RuleKind.AGE, Claim.NO, ages=(18, None))}
    provider = a_provider(rules=for_children, place_reports=(a_report("girls", 2, 2), a_report("anyone", 1, 0)))

    found = places_at(asked(a_need("ACC-EMG"), person=GIRL), provider)

    assert (found.finding, found.items) == (YES, (Item("anyone", 1),))


def test_a_group_needs_a_place_for_each() -> None:
    provider = a_provider(place_reports=(a_report("women", 2, 0), a_report("anyone", 2, 0)))

    fits = places_at(asked(a_need("ACC-EMG", Item("women", 2), Item("boys", 2))), provider)
    too_many = places_at(asked(a_need("ACC-EMG", Item("women", 2), Item("boys", 2), Item("girls", 1))), provider)

    assert (fits.finding, fits.items) == (YES, (Item("women", 2), Item("anyone", 2)))
    assert too_many.finding == NO


def test_a_clinic_has_nothing_to_hold() -> None:
    found = places_at(asked(a_need("HEA-PRI"), person=GIRL), a_provider(place_reports=()))

    assert (found.finding, found.view.kind, found.items) == (YES, PlacesKind.NOT_COUNTED, ())
