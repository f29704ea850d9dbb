"""Everything that an answer of matching says in codes has words in three languages."""

import ast
import re
from pathlib import Path

import pytest

from services.matching import arriving, companions, rows
from services.matching.constraints.table import CONSTRAINTS
from services.matching.explaining import conditions, person_answers, provider_answers
from services.matching.model.answer import Caution
from services.taxonomy import Kind, terms


@pytest.mark.parametrize("kind", [Kind.CONSTRAINT, Kind.EXCLUSION])
def test_every_constraint_has_words_for_yes_and_no_in_the_order_of_the_table(kind: Kind) -> None:
    assert list(terms(kind)) == [each.name for each in CONSTRAINTS]


def test_the_page_explains_every_constraint_in_the_order_of_the_table() -> None:
    page = (Path(__file__).resolve().parents[2] / "docs" / "matching.md").read_text(encoding="utf-8")
    section = page.partition("\n## The constraints\n")[2].partition("\n## ")[0]
    rows = [line.split("|")[1:3] for line in section.splitlines() if line.startswith("| `")]
    told = {name: "*" in cell for cell, _ in rows for name in re.findall(r"`(\w+)`", cell)}

    assert list(told) == [each.name for each in CONSTRAINTS]
    assert all(holds.strip() for _, holds in rows)
    assert {name for name, is_of_a_person in told.items() if is_of_a_person} == {
        each.name for each in CONSTRAINTS if each.needs_person
    }


def test_every_question_has_words() -> None:
    asked = {arriving.HOURS_SINCE_EVENT}

    assert set(terms(Kind.PERSON_QUESTION)) == {*person_answers.known_questions(), *asked}
    assert set(terms(Kind.PROVIDER_QUESTION)) == {*provider_answers.known_questions(), "interpreter"}


def test_every_caution_has_words() -> None:
    told = {each.code for each in vars(rows).values() if isinstance(each, Caution)}

    assert told | {"not_met", "unknown"} == set(terms(Kind.CAUTION))


def test_every_change_has_words() -> None:
    written = Path(conditions.__file__).read_text(encoding="utf-8")
    codes = {
        node.args[1].value
        for node in ast.walk(ast.parse(written))
        if isinstance(node, ast.Call)
        and isinstance(node.func, ast.Name)
        and node.func.id in {"_need", "_asked"}
        and isinstance(node.args[1], ast.Constant)
    }

    assert codes | {person_answers.BEST_INTERESTS} == set(terms(Kind.CHANGE))


def test_every_clinical_clock_and_conflict_has_words() -> None:
    clocks = {code for listed in arriving.CLOCKS.values() for code, _ in listed}
    conflicts = {companions.APART_AND_TOGETHER, companions.SAME_PLACE, companions.DIFFERENT_PLACES}

    assert clocks == set(terms(Kind.CLINICAL_CLOCK))
    assert conflicts == set(terms(Kind.SAFETY_CONFLICT))


def test_r24_no_word_of_safety_says_why() -> None:
    told = terms(Kind.EXCLUSION)["safety"].labels["en"]

    assert told == "excluded for a safety reason"
