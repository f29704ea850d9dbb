"""R38: every group of people is served, or the gap that leaves it out is named, over the demo and over real files."""

from collections.abc import Callable, Sequence
from datetime import UTC, datetime
from functools import cache
from typing import Any, Final

import pytest

from services.geo import Point
from services.matching.index.snapshot import Snapshot
from services.matching.listing import NeedAnswer
from services.matching.model.answer import Row
from services.matching.model.person import AgeRange
from services.matching.model.provider import Claim, Provider, RuleKind
from services.matching.model.request import Item
from services.matching.ranking import find
from services.taxonomy import LABEL_LANGUAGES, Kind, terms
from tests.matching.imported import demo, healthsites, unhcr
from tests.matching.samples import a_need, a_person, a_provider, a_report, a_rule, asked

ALONE: Final = frozenset({"alone"})
#: the groups of R38, and those of whom little is known
GROUPS: Final[dict[str, dict[str, Any]]] = {
    "men": {"gender": "man", "age": AgeRange(30, 30), "family": ALONE},
    "women": {"gender": "woman", "age": AgeRange(30, 30), "family": ALONE},
    "elderly men": {"gender": "man", "age": AgeRange(80, 80), "family": ALONE},
    "elderly women": {"gender": "woman", "age": AgeRange(80, 80), "family": ALONE},
    "transgender women": {"gender": "transgender_woman", "age": AgeRange(30, 30), "family": ALONE},
    "transgender men": {"gender": "transgender_man", "age": AgeRange(30, 30), "family": ALONE},
    "of another gender": {"gender": "other", "age": AgeRange(30, 30), "family": ALONE},
    "intersex": {"sex": "intersex", "age": AgeRange(30, 30), "family": ALONE},
    "girls alone": {"gender": "woman", "age": AgeRange(16, 16), "is_unaccompanied": True},
    "boys alone": {"gender": "man", "age": AgeRange(16, 16), "is_unaccompanied": True},
    "small boys alone": {"gender": "man", "age": AgeRange(8, 8), "is_unaccompanied": True},
    "siblings alone": {"age": AgeRange(6, 15), "family": frozenset({"siblings"}), "is_unaccompanied": True},
    "mothers with children": {
        "gender": "woman",
        "age": AgeRange(30, 30),
        "family": frozenset({"mother_with_children"}),
    },
    "fathers alone with children": {
        "gender": "man",
        "age": AgeRange(30, 30),
        "family": frozenset({"father_with_children"}),
    },
    "families with adolescent sons": {
        "gender": "woman",
        "age": AgeRange(40, 40),
        "family": frozenset({"parents_with_children", "with_adolescent_son"}),
    },
    "couples": {"gender": "man", "age": AgeRange(25, 25), "family": frozenset({"couple"})},
    "in a wheelchair": {
        "gender": "man",
        "age": AgeRange(30, 30),
        "family": ALONE,
        "accessibility": frozenset({"step_free"}),
    },
    "pregnant": {
        "gender": "woman",
        "age": AgeRange(20, 20),
        "family": ALONE,
        "accessibility": frozenset({"pregnancy"}),
    },
    "of unknown gender": {"age": AgeRange(30, 30), "family": ALONE},
    "of unknown gender and age": {},
}
#: the places that a group asks for besides one for a person
ITEMS: Final = {
    "mothers with children": (Item("families", 3),),
    "fathers alone with children": (Item("families", 2),),
    "families with adolescent sons": (Item("families", 4),),
    "couples": (Item("women", 1), Item("men", 1)),
    "in a wheelchair": (Item("disability", 1),),
}
#: who is asked, where the person stands, and when the file was true
DIRECTORIES: Final[dict[str, tuple[Callable[[], Sequence[Provider]], dict[str, Any]]]] = {
    "demo": (demo, {}),
    "healthsites": (healthsites, {}),
    "unhcr": (
        unhcr,
        {
            "origin": Point(31.95, 35.93),
            "country_code": "JO",
            "when_time": datetime(2015, 2, 15, 12, tzinfo=UTC),
        },
    ),
}
#: a roof, care first of all, a doctor, somebody to talk to, a lawyer
CODES: Final = ("ACC-EMG", "ACC-CHI", "HEA-EMG", "HEA-PRI", "PSY-CNS", "LEG-ADV")
#: what may stand between a group and a roof of the demo: each names a gap that somebody can close
GAPS: Final = {"gender", "age", "family", "places", "child_path", "unaccompanied_child", "vetting", "accessibility"}


@cache
def whole(where: str) -> Snapshot:
    return Snapshot.of("epoch", 1, DIRECTORIES[where][0]())


def answered(snapshot: Snapshot, code: str, group: str, **facts: Any) -> NeedAnswer:
    """Ask for all rows there are, so that everybody is either listed or counted."""
    need = a_need(code, *(ITEMS.get(group, ()) if code.startswith("ACC-") else ()))
    person = a_person(**{"languages": frozenset({"ar"})} | GROUPS[group])
    return find(snapshot, asked(need, person=person, **facts), len(snapshot))


def rows_of(answer: NeedAnswer) -> Sequence[Row]:
    return *answer.matches, *answer.ask_first


@pytest.mark.parametrize("where", DIRECTORIES)
@pytest.mark.parametrize("group", GROUPS)
def test_r38_of_every_group_everybody_in_a_directory_is_listed_or_counted_by_what_left_them_out(
    group: str, where: str
) -> None:
    read, facts = DIRECTORIES[where]
    for code in CODES:
        answer = answered(whole(where), code, group, **facts)

        assert len(rows_of(answer)) + sum(count for _, count in answer.excluded) == len(read())
        for row in answer.ask_first:
            assert all(each.question and each.ask for each in row.unknowns)
        for name, _ in answer.excluded:
            assert all(terms(Kind.EXCLUSION)[name].labels[language] for language in LABEL_LANGUAGES)


@pytest.mark.parametrize("group", GROUPS)
def test_r38_every_group_finds_a_roof_and_care_in_the_demo(group: str) -> None:
    assert rows_of(answered(whole("demo"), "ACC-EMG", group))
    assert answered(whole("demo"), "HEA-EMG", group).matches, "care is for everybody (R59)"


@pytest.mark.parametrize("group", GROUPS)
def test_r38_where_the_houses_of_a_group_are_gone_the_gap_is_named(group: str) -> None:
    """The demo without whoever is in a list: the others are counted by the rule of theirs that leaves the group out."""
    listed = {row.provider.provider_id for row in rows_of(answered(whole("demo"), "ACC-EMG", group))}
    left = [each for each in demo() if each.provider_id not in listed]

    answer = answered(Snapshot.of("epoch", 1, left), "ACC-EMG", group)

    assert rows_of(answer) == ()
    assert {name for name, _ in answer.excluded} & GAPS
    assert sum(count for _, count in answer.excluded) == len(left)


@pytest.mark.parametrize("group", GROUPS)
def test_r59_in_the_real_file_of_libya_and_morocco_everybody_finds_emergency_care(group: str) -> None:
    assert answered(whole("healthsites"), "HEA-EMG", group).matches


@pytest.mark.parametrize("group", GROUPS)
def test_r38_where_nobody_offers_a_roof_that_is_what_is_named(group: str) -> None:
    assert answered(whole("healthsites"), "ACC-EMG", group).excluded == (("service", len(healthsites())),)


@pytest.mark.parametrize("group", [name for name, facts in GROUPS.items() if not {"gender", "sex"} & facts.keys()])
def test_r38_whose_gender_nobody_knows_is_asked_for_it_and_not_left_out(group: str) -> None:
    answer = answered(whole("demo"), "ACC-EMG", group)

    assert "gender" not in {name for name, _ in answer.excluded}
    assert all("gender" in {each.constraint for each in row.unknowns} or _takes_all(row) for row in answer.ask_first)


@pytest.mark.parametrize("group", ["men", "women", "girls alone", "boys alone", "mothers with children"])
def test_r38_a_house_for_one_group_serves_it_and_says_to_the_others_why_not(group: str) -> None:
    """With one house for each group, each finds its own, and the others are counted by what keeps them."""
    child = (a_rule(RuleKind.AGE, ages=(0, 17)), a_rule(RuleKind.FAMILY, Claim.YES, "alone"))
    adult = (a_rule(RuleKind.AGE, ages=(18, None)), a_rule(RuleKind.FAMILY, Claim.YES, "alone"))
    rules = {
        "men": {*adult, a_rule(RuleKind.GENDER, Claim.YES, "man")},
        "women": {*adult, a_rule(RuleKind.GENDER, Claim.YES, "woman")},
        "girls alone": {*child, a_rule(RuleKind.GENDER, Claim.YES, "woman")},
        "boys alone": {*child, a_rule(RuleKind.GENDER, Claim.YES, "man")},
        "mothers with children": {
            a_rule(RuleKind.AGE),
            a_rule(RuleKind.GENDER, Claim.YES, "woman"),
            a_rule(RuleKind.FAMILY, Claim.YES, "mother_with_children"),
        },
    }
    common = {a_rule(RuleKind.DOCUMENTS, Claim.NO), a_rule(RuleKind.UNACCOMPANIED_CHILD)}
    houses = [
        a_provider(name, code="ACC-EMG", rules=frozenset(rules[name] | common), place_reports=(a_report("anyone"),))
        for name in rules
    ]
    answer = find(Snapshot.of("epoch", 1, houses), asked(a_need("ACC-EMG"), person=a_person(**GROUPS[group])), 10)

    assert [row.provider.provider_id for row in answer.matches] == [group]
    assert answer.ask_first == ()
    assert sum(count for _, count in answer.excluded) == len(houses) - 1
    assert {name for name, _ in answer.excluded} <= {"age", "gender", "family", "child_path"}


def _takes_all(row: Row) -> bool:
    return any(not rule.codes and rule.claim is Claim.YES for rule in row.provider.rules_of(RuleKind.GENDER))
