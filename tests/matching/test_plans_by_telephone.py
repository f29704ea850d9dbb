"""Plans: nobody goes to what comes by telephone, and an interpreter is added for those to whom nobody speaks (R40)."""

from typing import Any

import pytest

from ihala.matching.v1 import matching_pb2 as pb
from services.errors import InvalidInput
from services.geo import Point
from services.matching.model.provider import LanguageOffer, Provider
from tests.matching.houses import House, Open, a_plan
from tests.matching.samples import a_provider
from tests.matching.test_plans import CARE, a_group, adult, child, north, shelter

ROME = Point(41.9, 12.5)
TIGRINYA = frozenset({LanguageOffer(tag="ti")})


def speaking(tag: str, **facts: Any) -> pb.Person:
    return adult(**{"languages": pb.LanguageList(languages=[tag])} | facts)


def an_interpreter(provider_id: str = "interpreter", place: Point = ROME, **facts: Any) -> Provider:
    return a_provider(provider_id, code="LNG-INT", place=place, **{"languages": TIGRINYA, "country_code": "IT"} | facts)


def parts_of(plan: pb.PlanMatchesResponse) -> list[tuple[str, str, str, int, float]]:
    return [(each.label, each.code, each.provider_id, each.count, each.cost_m) for each in plan.assignments]


async def checked(here: House, plan: pb.PlanMatchesResponse, *groups: pb.Group, parts: Any = None) -> Any:
    return await here.stub.CheckPlan(
        pb.CheckPlanRequest(
            match_token=plan.match_token,
            request=a_plan(*groups),
            assignments=plan.assignments if parts is None else parts,
        )
    )


async def test_r40_who_is_sent_where_nobody_speaks_with_them_has_an_interpreter_by_telephone(house: Open) -> None:
    """Care comes first, so they go to the nearest; the nearest interpreter is called, across any border."""
    nearer = an_interpreter("nearer", Point(37.5, 15.1))
    care = a_provider("care", code="HEA-EMG", place=north(1))
    async with house(care, an_interpreter(), nearer) as here:
        plan = await here.plan(
            a_group("tigrinya", 8, speaking("ti"), "HEA-EMG"), a_group("english", 3, speaking("en"), "HEA-EMG")
        )

    cost_m = {each.label: each.cost_m for each in plan.assignments if each.code == "HEA-EMG"}
    assert parts_of(plan) == [
        ("tigrinya", "HEA-EMG", "care", 8, cost_m["tigrinya"]),
        ("tigrinya", "LNG-INT", "nearer", 8, 0.0),
        ("english", "HEA-EMG", "care", 3, cost_m["english"]),
    ]
    assert [(each.need_no, each.added_by) for each in plan.assignments] == [(0, ""), (1, "R40"), (0, "")]
    assert plan.total_cost_m == pytest.approx(sum(cost_m.values()))
    assert plan.bound_m == plan.total_cost_m


async def test_r40_who_is_left_since_nobody_speaks_is_told_of_the_interpreter_too(house: Open) -> None:
    async with house(shelter("house", 1)) as here:
        plan = await here.plan(a_group("tigrinya", 2, speaking("ti")))

    assert not plan.assignments
    assert [(each.code, each.count, each.added_by) for each in plan.unassigned] == [
        ("ACC-EMG", 2, ""),
        ("LNG-INT", 2, "R40"),
    ]
    assert [each.constraint for each in plan.unassigned[0].excluded] == ["language"]
    assert [(each.constraint, each.provider_count) for each in plan.unassigned[1].excluded] == [("service", 1)]


async def test_r40_if_no_interpreter_is_sure_the_plan_says_whom_to_ask_first(house: Open) -> None:
    dialect = an_interpreter(languages=frozenset({LanguageOffer(tag="ti", by_interpreter=True)}))
    async with house(a_provider("care", code="HEA-EMG"), dialect) as here:
        plan = await here.plan(a_group("tigrinya", 2, speaking("ti"), "HEA-EMG"))

    (left,) = plan.unassigned
    assert (left.code, left.added_by, left.ask_first_count) == ("LNG-INT", "R40", 1)
    assert [each.provider_id for each in left.ask_first] == ["interpreter"]


@pytest.mark.parametrize(
    ("person", "more"),
    [
        (speaking("en"), ()),  # somebody speaks
        (adult(languages=None), ()),  # nobody asked
        (speaking("ti"), (pb.Need(code="LNG-INT"),)),  # it is asked for
    ],
)
async def test_r40_no_interpreter_is_added_for_anybody_else(
    house: Open, person: pb.Person, more: tuple[pb.Need, ...]
) -> None:
    group = a_group("people", 2, person, "HEA-EMG")
    group.needs.extend(more)
    async with house(a_provider("care", code="HEA-EMG"), an_interpreter()) as here:
        plan = await here.plan(group)

    assert not [each for each in (*plan.assignments, *plan.unassigned) if each.added_by]


async def test_r35_and_r40_a_child_alone_has_a_guardian_and_then_an_interpreter(house: Open) -> None:
    alone = child(languages=pb.LanguageList(languages=["ti"]))
    guardian = a_provider("guardian", code="LEG-GRD", place=north(2))
    async with house(a_provider("care", code="HEA-EMG"), guardian, an_interpreter()) as here:
        plan = await here.plan(a_group("boy", 1, alone, "HEA-EMG"))

    told = [*plan.assignments, *plan.unassigned]
    assert {(each.need_no, each.code, each.added_by) for each in told} == {
        (0, "HEA-EMG", ""),
        (1, "LEG-GRD", "R35"),
        (2, "LNG-INT", "R40"),
    }


async def test_r40_the_part_of_an_interpreter_is_checked_as_one_by_telephone(house: Open) -> None:
    group = a_group("tigrinya", 8, speaking("ti"), "HEA-EMG", keep_together=["all"])
    async with house(a_provider("care", code="HEA-EMG"), an_interpreter()) as here:
        plan = await here.plan(group)
        answer = await checked(here, plan, group)

    assert [list(each.turned) for each in answer.parts] == [[], []]
    assert [(each.code, each.remote) for each in answer.parts[1].request.needs] == [("LNG-INT", True)]
    assert not answer.parts[1].match.HasField("travel")
    assert not answer.unassigned


async def test_r40_an_interpreter_who_is_not_chosen_stays_a_need_and_one_who_is_not_due_may_be_named(
    house: Open,
) -> None:
    silent = a_group("tigrinya", 8, speaking("ti"), "HEA-EMG")
    heard = a_group("english", 2, speaking("en"), "HEA-EMG")
    async with house(a_provider("care", code="HEA-EMG"), an_interpreter()) as here:
        plan = await here.plan(silent, heard)
        those = [each for each in plan.assignments if not each.added_by]
        left = await checked(here, plan, silent, heard, parts=those)
        called = pb.Assignment(label="english", need_no=1, provider_id="interpreter", count=2)
        named = await checked(here, plan, silent, heard, parts=[*those, called])
        wrong = pb.Assignment(label="english", need_no=2, provider_id="interpreter", count=2)
        with pytest.raises(InvalidInput):
            await checked(here, plan, silent, heard, parts=[*those, wrong])

    assert [(each.label, each.need_no, each.code, each.request.needs[0].remote) for each in left.unassigned] == [
        ("tigrinya", 1, "LNG-INT", True)
    ]
    assert [each.label for each in named.unassigned] == ["tigrinya"]
    assert list(named.parts[-1].turned) == ["language"]


async def test_nobody_goes_to_what_comes_by_telephone_if_it_was_asked_for_either(house: Open) -> None:
    group = a_group("women", 4, adult(), CARE)
    group.needs.append(pb.Need(code="LEG-ADV", remote=True))
    lawyers = [a_provider("near", place=north(5)), a_provider("far", place=ROME, country_code="IT")]
    async with house(a_provider("care", code=CARE, place=north(50)), *lawyers) as here:
        plan = await here.plan(group)
        here.know(a_provider("care", code=CARE, place=north(50)), lawyers[1])
        abroad = await here.plan(group)

    assert [(each.provider_id, each.cost_m > 0) for each in plan.assignments] == [("care", True), ("near", False)]
    assert [(each.provider_id, each.cost_m > 0) for each in abroad.assignments] == [("care", True), ("far", False)]
    assert plan.total_cost_m == abroad.total_cost_m == plan.assignments[0].cost_m
