"""Explaining: verdicts are those that FindMatches answers by, and a least change does what it says when it is made."""

import ast
from pathlib import Path

import pytest
from hypothesis import given, settings

from services.geo import Point, cell_at
from services.matching.constraints import table
from services.matching.constraints.table import CONSTRAINTS
from services.matching.explaining import person_answers, provider_answers
from services.matching.explaining.change import ChangeKind
from services.matching.explaining.least import Explained, apply, explain
from services.matching.explaining.ledger import Standing, first_no, is_sealed, judged, standing_of
from services.matching.explaining.near import explain_near
from services.matching.explaining.touching import touched
from services.matching.index.snapshot import Snapshot
from services.matching.model.person import AgeRange
from services.matching.model.provider import LanguageOffer, Provider, RuleKind, VettingState
from services.matching.model.request import Asked, Item
from services.matching.model.verdicts import NO, Finding, Verdict, ask_person, ask_provider
from services.matching.ranking import find
from tests.matching.samples import FOR_ALL, TRIPOLI, a_need, a_person, a_provider, a_report, a_rule, asked
from tests.matching.test_index import QUESTIONS, directories

MAN = a_person(
    age=AgeRange(30, 30),
    gender="man",
    family=frozenset({"alone"}),
    has_documents=True,
    accessibility=frozenset(),
    status_class="national",
)
FAR = Point(32.9, 13.4)


@settings(max_examples=40, deadline=None)
@given(directories(), QUESTIONS)
def test_who_is_explained_stands_where_find_matches_puts_them(providers: list[Provider], question: Asked) -> None:
    answer = find(Snapshot.of("epoch", 1, providers), question, 100)
    explained = [explain(question, each) for each in providers]

    listed = {
        Standing.MATCH: {row.provider.provider_id for row in answer.matches},
        Standing.ASK_FIRST: {row.provider.provider_id for row in answer.ask_first},
    }
    for standing, ids in listed.items():
        assert {each.provider.provider_id for each in explained if each.standing is standing} == ids
    counts: dict[str, int] = {}
    for each in explained:
        if each.standing is Standing.EXCLUDED:
            counts[first_no(each.lines)] = counts.get(first_no(each.lines), 0) + 1
    assert counts == dict(answer.excluded)
    for row in (*answer.matches, *answer.ask_first):
        (found,) = (each for each in explained if each.provider is row.provider)
        unknown = [line.constraint.name for line in found.lines if line.finding.verdict is Verdict.UNKNOWN]
        assert unknown == [each.constraint for each in row.unknowns]


@settings(max_examples=40, deadline=None)
@given(directories(), QUESTIONS)
def test_a_least_change_that_is_made_turns_what_it_says(providers: list[Provider], question: Asked) -> None:
    for provider in providers[:12]:
        found = explain(question, provider)
        for tried in found.options:
            after = judged(*tried.change.apply(question, provider), is_sealed=is_sealed(found.lines))
            assert tried.constraint in tried.turns
            assert not [line.constraint.name for line in after if line.obstacle and line.constraint.name in tried.turns]
            assert (standing_of(after) is Standing.MATCH) == tried.is_enough
        case = apply([each.change for each in found.least], question, provider)
        together = judged(*case, is_sealed=is_sealed(found.lines))
        assert (standing_of(together) is Standing.MATCH) == (found.unlocks or found.standing is Standing.MATCH)
        assert tuple(line.constraint.name for line in together if line.obstacle) == found.fixed


@settings(max_examples=10, deadline=None)
@given(directories(), QUESTIONS)
def test_a_change_is_chosen_as_if_every_constraint_were_judged_and_every_change_tried_each_time(
    providers: list[Provider], question: Asked
) -> None:
    """What is remembered of trials, and left out as untouched, changes nothing: each step is explained from anew."""
    for provider in providers[:8]:
        found, case = explain(question, provider), (question, provider)
        for step, tried in enumerate(found.least):
            afresh = explain(*case)
            assert [each.change for each in afresh.least] == [each.change for each in found.least[step:]]
            assert [each.turns for each in afresh.least] == [each.turns for each in found.least[step:]]
            before = judged(*case, is_sealed=is_sealed(found.lines))
            case = tried.change.apply(*case)
            after = judged(*case, is_sealed=is_sealed(found.lines))
            pairs = zip(before, after, strict=True)
            assert tried.turns == tuple(
                one.constraint.name for one, then in pairs if one.obstacle and not then.obstacle
            )


@settings(max_examples=10, deadline=None)
@given(directories(), QUESTIONS)
def test_a_constraint_that_a_change_does_not_touch_answers_as_before(
    providers: list[Provider], question: Asked
) -> None:
    for provider in providers[:12]:
        found = explain(question, provider)
        for tried in found.options:
            after = tried.change.apply(question, provider)
            bears_on = touched((question, provider), after)
            for number, constraint in enumerate(CONSTRAINTS):
                if number not in bears_on:
                    assert constraint.judged(*after) == found.lines[number].finding


@settings(max_examples=40, deadline=None)
@given(directories(), QUESTIONS)
def test_r24_what_the_envelope_excludes_has_no_change(providers: list[Provider], question: Asked) -> None:
    for provider in providers:
        found = explain(question, provider)
        if table.SAFETY in {line.constraint.name for line in found.lines if line.finding is NO}:
            assert table.SAFETY in found.fixed
            assert all(each.constraint != table.SAFETY for each in found.options)
            assert not found.unlocks


@settings(max_examples=40, deadline=None)
@given(directories(), QUESTIONS)
def test_the_nearest_are_explained_and_excluded_confidential_sites_are_counted(
    providers: list[Provider], question: Asked
) -> None:
    found = explain_near(Snapshot.of("epoch", 1, providers), question, 7)

    told = len(found.explained) + sum(count for _, count in found.confidential_excluded)
    can = [each for each in providers if each.place and dict(each.claims).get(question.need.code, "no") != "no"]
    assert told == min(7, len(can))
    assert not [each for each in found.explained if each.provider.is_confidential and each.standing == "excluded"]
    assert [len(each.unlocked) for each in found.changes] == sorted(
        (len(each.unlocked) for each in found.changes), reverse=True
    )


def test_every_question_that_is_asked_can_be_tried() -> None:
    """All but one: a person who names no language needs an interpreter, whatever the provider says."""
    asked_of = {
        "ask_person": set(person_answers.known_questions()),
        "ask_provider": set(provider_answers.known_questions()),
    }
    for who, question in questions_in_the_code():
        assert question in asked_of[who] | {"interpreter"}, (who, question)


def questions_in_the_code() -> set[tuple[str, str]]:
    """Read which questions the constraints ask, by the calls that ask them."""
    found = set()
    folder = Path(table.__file__).parent
    for file in folder.glob("*.py"):
        for node in ast.walk(ast.parse(file.read_text(encoding="utf-8"))):
            if (
                isinstance(node, ast.Call)
                and isinstance(node.func, ast.Name)
                and node.func.id in {"ask_person", "ask_provider"}
            ):
                (first,) = node.args
                if isinstance(first, ast.Constant):
                    found.add((node.func.id, str(first.value)))
            elif isinstance(node, ast.Call) and isinstance(node.func, ast.Name) and node.func.id == "judge_rules":
                last = node.args[-1]
                if isinstance(last, ast.Constant):
                    found |= {("ask_person", str(last.value)), ("ask_provider", str(last.value))}
    assert {("ask_person", "age"), ("ask_provider", "places")} <= found
    return found


def only(found: Explained) -> tuple[ChangeKind, str, str]:
    (tried,) = found.least
    assert found.unlocks
    return tried.change.kind, tried.change.code, tried.change.answer


def test_r40_an_interpreter_by_telephone_is_the_least_change_where_only_the_language_fails() -> None:
    tigrinya = asked(person=a_person(languages=frozenset({"ti"}), **known()))

    found = explain(tigrinya, a_provider(languages=frozenset({LanguageOffer(tag="ar")})))

    assert found.standing is Standing.EXCLUDED
    assert only(found) == (ChangeKind.RELAX, "interpreter", "")


def known() -> dict[str, object]:
    return {
        "age": AgeRange(30, 30),
        "gender": "woman",
        "family": frozenset({"alone"}),
        "has_documents": True,
        "accessibility": frozenset(),
        "status_class": "national",
    }


def test_one_question_that_settles_several_constraints_is_asked_once() -> None:
    """R34: of whom nobody knows the age everything waits for it."""
    person = a_person(**known() | {"age": None})
    house = a_provider(code="ACC-EMG", rules=FOR_ALL - {a_rule(RuleKind.AGE)} | {a_rule(RuleKind.AGE, ages=(18, None))})

    found = explain(asked(a_need("ACC-EMG"), person=person), house)

    (tried,) = found.least
    assert (tried.change.ask, tried.change.code, tried.change.answer) == ("person", "age", "18-130")
    assert {"age"} < set(tried.turns)


def test_farther_than_asked_for_says_how_much_farther() -> None:
    found = explain(asked(person=MAN, max_cost_mm=1_000_000), a_provider(place=FAR))

    (tried,) = found.least
    assert tried.change.code == "max_distance"
    assert tried.change.cost_mm == pytest.approx(18_900_000, rel=0.02)


def test_r36_a_house_without_vetting_is_no_house_for_a_child_and_nothing_turns_that() -> None:
    girl = a_person(**known() | {"age": AgeRange(16, 16), "is_unaccompanied": True})
    house = a_provider(code="ACC-EMG", vetting=VettingState.UNVETTED, place_reports=(a_report("girls", 2, 2),))

    found = explain(asked(a_need("ACC-EMG"), person=girl), house)

    assert not found.unlocks
    assert found.fixed == ("vetting", "child_path", "places")


def test_fewer_places_are_said_where_not_all_fit() -> None:
    question = asked(a_need("ACC-EMG", Item("men", 5)), person=MAN)

    found = explain(question, a_provider(code="ACC-EMG", place_reports=(a_report("men", 8, 5),)))

    assert only(found) == (ChangeKind.RELAX, "places", "3")


def test_a_match_needs_no_change_and_an_unknown_is_asked_of_who_can_say() -> None:
    sure = explain(asked(person=MAN), a_provider())
    unsure = explain(asked(person=MAN), a_provider(rules=FOR_ALL - {a_rule(RuleKind.GENDER)}))

    assert (sure.standing, sure.least, sure.unlocks) == (Standing.MATCH, (), False)
    (tried,) = unsure.least
    assert (tried.change.kind, tried.change.ask, tried.change.code) == (ChangeKind.ASK, "provider", "gender")


def test_what_helps_most_of_the_nearest_comes_first() -> None:
    """Domain part 3: three fit if a Tigrinya interpreter joins by telephone."""
    question = asked(person=a_person(**known() | {"languages": frozenset({"ti"})}))
    arabic = frozenset({LanguageOffer(tag="ar")})
    near = [a_provider(f"p-{number}", languages=arabic) for number in range(3)]
    other = a_provider("q", rules=FOR_ALL - {a_rule(RuleKind.GENDER)}, languages=frozenset({LanguageOffer(tag="ti")}))
    hidden = a_provider("s", place=cell_at(TRIPOLI, 6), is_confidential=True, languages=arabic)

    found = explain_near(Snapshot.of("epoch", 1, [*near, other, hidden]), question, 10)

    first, second = found.changes
    assert (first.change.code, len(first.unlocked), first.settled_count) == ("interpreter", 3, 3)
    assert (second.change.code, len(second.unlocked)) == ("gender", 1)
    assert found.confidential_excluded == (("language", 1),)


def test_the_ledger_has_every_constraint_in_the_order_of_the_table() -> None:
    lines = explain(asked(person=MAN), a_provider()).lines

    assert [each.constraint for each in lines] == list(CONSTRAINTS)
    assert {each.finding for each in lines} <= {Finding(Verdict.YES), NO, ask_person("age"), ask_provider("age")}
