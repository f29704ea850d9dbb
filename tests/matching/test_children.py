"""The child path (R34-R36): what governs accommodation, escort, custody and guardianship."""

from dataclasses import replace

import pytest

from services.matching.constraints.children import best_interests, child_path, unaccompanied_child
from services.matching.model.person import AgeRange, Person
from services.matching.model.provider import Claim, RuleKind, VettingState
from services.matching.model.request import Need
from services.matching.model.verdicts import NO, YES, Finding, ask_person, ask_provider
from services.taxonomy import Urgency
from tests.matching.samples import a_need, a_person, a_provider, a_report, a_rule, asked

ADULTS = a_rule(RuleKind.AGE, ages=(18, None))
CHILDREN = a_rule(RuleKind.AGE, ages=(12, 17))
GIRL = a_person(age=AgeRange(16, 16), sex="female")
ALONE = a_person(age=AgeRange(16, 16), is_unaccompanied=True)
WITH_MOTHER = a_person(age=AgeRange(16, 16), family=frozenset({"mother_with_children"}))


@pytest.mark.parametrize(
    ("person", "expected"),
    [
        (Person(age=AgeRange(17, 17)), True),
        (Person(age=AgeRange(16, 20)), True),
        (Person(age=AgeRange(25, 30, is_disputed=True)), True),
        (Person(), True),
        (Person(no_reason_to_believe_child=True), False),
        (Person(age=AgeRange(16, 20), no_reason_to_believe_child=True), True),
        (Person(age=AgeRange(18, 18)), False),
    ],
)
def test_r34_whoever_may_be_a_child_goes_by_the_child_path(
    person: Person,
    expected: bool,  # noqa: FBT001 -- a verdict
) -> None:
    assert person.may_be_child is expected


@pytest.mark.parametrize("code", ["ACC-EMG", "TRN-ESC", "PRO-SAF", "LEG-GRD"])
@pytest.mark.parametrize("state", [VettingState.UNVETTED, VettingState.LISTED])
def test_r34_only_vetted_providers_take_a_child(code: str, state: VettingState) -> None:
    question = asked(a_need(code), person=GIRL)

    assert child_path(question, a_provider(code=code, rules=frozenset({CHILDREN}), vetting=state)) == NO
    assert child_path(question, a_provider(code=code, rules=frozenset({CHILDREN}))) == YES


def test_r34_the_child_path_never_governs_emergency_care() -> None:
    question = asked(a_need("HEA-EMG"), person=GIRL)

    assert child_path(question, a_provider(code="HEA-EMG", vetting=VettingState.UNVETTED)) == YES


def test_r36_a_child_is_never_placed_in_detention() -> None:
    question = asked(a_need("LEG-GRD"), person=GIRL)

    assert child_path(question, a_provider(code="LEG-GRD", rules=frozenset({CHILDREN}), is_detention=True)) == NO


@pytest.mark.parametrize(
    ("person", "rules", "expected"),
    [
        (GIRL, {CHILDREN}, YES),
        (GIRL, {ADULTS}, NO),
        (GIRL, set(), ask_provider("age")),
        (a_person(age=AgeRange(10, 14)), {CHILDREN}, ask_person("age")),
        (a_person(), {ADULTS}, NO),  # not known whether a child: never to an adult site
        (a_person(), {CHILDREN}, ask_person("age")),
        (a_person(age=AgeRange(19, 22, is_disputed=True)), {ADULTS}, NO),
        (a_person(no_reason_to_believe_child=True), {ADULTS}, YES),
    ],
)
def test_r36_the_provider_states_that_it_takes_children_of_that_age(
    person: Person, rules: set[object], expected: Finding
) -> None:
    provider = a_provider(code="LEG-GRD", rules=frozenset(rules))

    assert child_path(asked(a_need("LEG-GRD"), person=person), provider) == expected


def test_r36_a_house_for_adults_too_is_asked_whether_children_live_apart() -> None:
    mixed = frozenset({a_rule(RuleKind.AGE)})
    question = asked(a_need("ACC-EMG"), person=ALONE)

    assert child_path(question, a_provider(rules=mixed)) == ask_provider("children_apart")
    assert child_path(question, a_provider(rules=mixed, place_reports=(a_report("girls"),))) == YES
    assert child_path(asked(a_need("ACC-EMG"), person=WITH_MOTHER), a_provider(rules=mixed)) == YES


@pytest.mark.parametrize(
    ("need", "person", "expected"),
    [
        (a_need("ACC-CHI"), ALONE, ask_person("best_interests")),
        (a_need("ACC-TRN"), GIRL, ask_person("best_interests")),  # nobody asked whether alone
        (a_need("ACC-CHI"), WITH_MOTHER, YES),
        (a_need("ACC-CHI"), a_person(age=AgeRange(30, 30)), YES),
        (a_need("ACC-EMG"), ALONE, YES),  # a roof for tonight
        (replace(a_need("ACC-CHI"), urgency=Urgency.EMERGENCY), ALONE, YES),
        (replace(a_need("ACC-CHI"), urgency=Urgency.URGENT), ALONE, ask_person("best_interests")),
        (replace(a_need("ACC-CHI"), has_best_interests=True), ALONE, YES),
        (a_need("LEG-GRD"), ALONE, YES),
    ],
)
def test_r35_a_child_without_a_carer_is_placed_for_longer_with_its_best_interests_determined(
    need: Need, person: Person, expected: Finding
) -> None:
    assert best_interests(asked(need, person=person), a_provider()) == expected


@pytest.mark.parametrize(("person", "expected"), [(ALONE, NO), (GIRL, ask_person("unaccompanied")), (WITH_MOTHER, YES)])
def test_a_paid_night_at_a_hotel_is_never_for_a_child_alone(person: Person, expected: Finding) -> None:
    provider = a_provider(code="ACC-HOT", rules=frozenset({a_rule(RuleKind.AGE, ages=(0, 17))}))

    assert child_path(asked(a_need("ACC-HOT"), person=person), provider) == expected


@pytest.mark.parametrize(
    ("code", "claims", "person", "expected"),
    [
        ("ACC-CHI", [Claim.YES], ALONE, YES),
        ("ACC-CHI", [Claim.NO], ALONE, NO),
        ("ACC-CHI", [Claim.NO], GIRL, ask_person("unaccompanied")),
        ("ACC-CHI", [Claim.NO], WITH_MOTHER, YES),
        ("ACC-CHI", [], ALONE, ask_provider("unaccompanied_child")),
        ("ACC-CHI", [Claim.UNKNOWN], ALONE, ask_provider("unaccompanied_child")),
        ("LEG-ADV", [], ALONE, YES),  # off the child path only a stated no counts
        ("LEG-ADV", [Claim.NO], ALONE, NO),
        ("ACC-EMG", [], a_person(age=AgeRange(30, 30)), YES),
    ],
)
def test_r35_unaccompanied_children_are_taken_where_that_is_said(
    code: str, claims: list[Claim], person: Person, expected: Finding
) -> None:
    rules = frozenset(a_rule(RuleKind.UNACCOMPANIED_CHILD, each) for each in claims)

    assert unaccompanied_child(asked(a_need(code), person=person), a_provider(code=code, rules=rules)) == expected
