"""What follows from what is known of a person, and that it follows from nothing else."""

from dataclasses import fields, replace
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from services.matching.model.person import AgeRange, Person
from services.taxonomy import Kind, terms

FAMILIES = st.none() | st.frozensets(st.sampled_from(sorted(terms(Kind.FAMILY))), max_size=2)
PERSONS = st.builds(
    Person,
    age=st.none() | st.builds(AgeRange, st.integers(0, 20), st.integers(20, 30), st.booleans()),
    sex=st.sampled_from((None, "female", "male", "intersex")),
    gender=st.sampled_from((None, "woman", "transgender_man", "other")),
    family=FAMILIES,
    process=st.sampled_from((None, "som", "tip_presumed")),
    is_unaccompanied=st.sampled_from((None, True, False)),
    no_reason_to_believe_child=st.booleans(),
    status_class=st.sampled_from((None, "irregular", "national")),
    accepts_reporting=st.booleans(),
)


def following(person: Person) -> list[Any]:
    own = {each.name for each in fields(Person)}
    return [getattr(person, name) for name in dir(Person) if not name.startswith("_") and name not in own]


@given(PERSONS, PERSONS)
def test_what_follows_follows_from_what_is_known_now(before: Person, after: Person) -> None:
    changed = replace(before, **{each.name: getattr(after, each.name) for each in fields(Person)})

    assert following(changed) == following(after)
    assert changed == after


@pytest.mark.parametrize(
    ("facts", "expected"),
    [
        ({"is_unaccompanied": True}, True),
        ({"is_unaccompanied": False}, False),
        ({"is_unaccompanied": True, "family": frozenset({"relatives"})}, True),  # it was asked
        ({"family": frozenset({"relatives", "siblings"})}, False),
        ({"family": frozenset({"siblings"})}, True),
        ({"family": frozenset()}, True),
        ({"family": frozenset({"couple"})}, None),
        ({}, None),
        ({"is_unaccompanied": True, "age": AgeRange(30, 30)}, False),
    ],
)
def test_r35_a_child_is_alone_unless_somebody_comes_who_cares_for_it(
    facts: dict[str, Any],
    expected: bool | None,  # noqa: FBT001 -- a verdict
) -> None:
    assert Person(**facts).is_child_alone is expected


@pytest.mark.parametrize(
    ("facts", "expected"),
    [
        ({"process": "som"}, True),
        ({"status_class": "irregular"}, True),
        ({"process": "both", "status_class": "national"}, True),
        ({"status_class": "national"}, False),
        ({"process": "tip_presumed"}, None),
        ({}, None),
        ({"process": "som", "accepts_reporting": True}, False),
    ],
)
def test_r29_who_is_smuggled_or_irregular_is_harmed_by_reports_unless_told(
    facts: dict[str, Any],
    expected: bool | None,  # noqa: FBT001 -- a verdict
) -> None:
    assert Person(**facts).is_harmed_by_reports is expected


def test_nobody_comes_with_who_is_unaccompanied_or_named_none() -> None:
    alone = frozenset({"alone"})

    assert Person(is_unaccompanied=True).company == Person(family=frozenset()).company == alone
    assert Person(is_unaccompanied=True, family=frozenset({"couple"})).company == frozenset({"couple"})
    assert Person(is_unaccompanied=False).company is None


def test_r31_nothing_that_follows_from_a_status_is_shown() -> None:
    assert repr(Person(status_class="irregular")) == repr(Person(status_class="national"))
