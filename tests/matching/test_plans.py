"""PlanMatches and CheckPlan through the door that callers come in by (R52, R25, R36)."""

from datetime import timedelta
from typing import Any

import pytest

from ihala.matching.v1 import matching_pb2 as pb
from services.errors import FailedPrecondition, InvalidInput, PermissionDenied, Reason
from services.geo import Point, cell_at
from services.matching.model.provider import Claim, Provider, RuleKind
from services.runtime.auth import Role
from tests.matching.houses import Open, a_plan
from tests.matching.samples import FOR_ALL, TRIPOLI, a_provider, a_report, a_rule

BED = "ACC-EMG"
CARE = "HEA-PRI"


def north(km: float) -> Point:
    return Point(TRIPOLI.latitude_deg + km / 111.0, TRIPOLI.longitude_deg)


def a_group(label: str, count: int, person: pb.Person, *codes: str, **facts: Any) -> pb.Group:
    return pb.Group(
        label=label, count=count, person=person, needs=[pb.Need(code=code) for code in codes or (BED,)], **facts
    )


def adult(sex: Any = pb.SEX_FEMALE, **facts: Any) -> pb.Person:
    return a_person(30, sex=sex, **{"no_reason_to_believe_child": True} | facts)


def a_person(age: int, **facts: Any) -> pb.Person:
    good: dict[str, Any] = {
        "age": pb.AgeRange(min_years=age, max_years=age),
        "sex": pb.SEX_FEMALE,
        "languages": pb.LanguageList(languages=["en"]),
        "accessibility": pb.CodeList(),
        "has_documents": True,
        "accepts_reporting": True,
        "family": pb.CodeList(codes=["alone"]),
    }
    return pb.Person(**good | facts)


def child(age: int = 10, *, is_alone: bool = True, **facts: Any) -> pb.Person:
    family = pb.CodeList(codes=["alone"] if is_alone else ["mother_with_children"])
    return a_person(age, **{"unaccompanied": is_alone, "family": family} | facts)


def shelter(provider_id: str, km: float, free: int = 10, population: str = "anyone", **facts: Any) -> Provider:
    reports = facts.pop("place_reports", (a_report(population, free),))
    return a_provider(provider_id, code=BED, place=north(km), place_reports=reports, **facts)


def where(plan: pb.PlanMatchesResponse) -> dict[tuple[str, str], int]:
    return {(each.label, each.provider_id): each.count for each in plan.assignments}


async def test_r52_a_tally_fills_the_nearest_places_and_goes_on_to_the_next(house: Open) -> None:
    async with house(shelter("near", 1, 5), shelter("far", 10, 50)) as here:
        plan = await here.plan(a_group("women", 8, adult()))

    assert where(plan) == {("women", "near"): 5, ("women", "far"): 3}
    assert [[(item.population, item.count) for item in each.items] for each in plan.assignments] == [
        [("anyone", 3)],
        [("anyone", 5)],
    ]
    assert plan.optimal
    assert plan.bound_m == plan.total_cost_m == pytest.approx(35_000, rel=0.01)
    assert plan.placed_count == 8
    assert {each.provider_id for each in plan.providers} == {"near", "far"}
    assert (plan.directory_epoch, plan.directory_revision) == ("epoch-1", 7)


async def test_r52_who_finds_no_place_is_named_with_what_left_them(house: Open) -> None:
    async with house(shelter("near", 1, 5), shelter("men", 2, population="men")) as here:
        plan = await here.plan(a_group("women", 8, adult()))

    (left,) = plan.unassigned
    assert (left.label, left.count, left.code) == ("women", 3, BED)
    assert [(each.constraint, each.provider_count) for each in left.excluded] == [("places", 1)]
    assert left.ask_first_count == 1
    assert [each.provider_id for each in left.ask_first] == ["men"]


async def test_r7_places_that_are_held_are_nobodys_and_a_pool_is_shared(house: Open) -> None:
    async with house(shelter("one", 1, 4, pool_id="pool"), shelter("two", 2, 4, pool_id="pool")) as here:
        here.taken.replace({("pool", "anyone"): 1})
        plan = await here.plan(a_group("women", 8, adult()))

    assert sum(each.count for each in plan.assignments) == 3


async def test_r36_siblings_go_whole_or_not_at_all(house: Open) -> None:
    girls = shelter("girls", 1, 2, population="girls")
    home = shelter("home", 9, 3, population="girls")
    async with house(girls, home) as here:
        plan = await here.plan(a_group("sisters", 3, child(), keep_together=["s"]))
        alone = await here.plan(a_group("girls", 3, child()))

    assert {each for each in where(plan) if each[0] == "sisters"} >= {("sisters", "home")}
    assert ("sisters", "girls") not in where(plan)
    assert {each.party_no for each in plan.assignments if each.code == BED} == {1}
    assert where(alone)["girls", "girls"] == 2


async def test_r36_a_child_alone_never_takes_a_place_among_adults(house: Open) -> None:
    # places for girls are full: those for anyone are adults' too
    mixed = shelter("mixed", 1, place_reports=(a_report("girls", 1), a_report("anyone", 9)))
    async with house(mixed) as here:
        plan = await here.plan(a_group("girls", 3, child()))
        others = await here.plan(a_group("women", 3, adult()))

    (bed,) = (each for each in plan.assignments if each.code == BED)
    assert (bed.count, [(item.population, item.count) for item in bed.items]) == (1, [("girls", 1)])
    assert [(each.count, each.excluded[0].constraint) for each in plan.unassigned if each.code == BED] == [
        (2, "places")
    ]
    assert where(others) == {("women", "mixed"): 3}


async def test_r36_a_carer_who_may_sleep_elsewhere_is_no_carer(house: Open) -> None:
    families = shelter("families", 1, 9)
    mother = adult(family=pb.CodeList(codes=["mother_with_children"]))
    async with house(families) as here:
        apart = await here.plan(a_group("mother", 1, mother), a_group("children", 2, child(is_alone=False)))
        together = await here.plan(
            a_group("mother", 1, mother, keep_together=["family"]),
            a_group("children", 2, child(is_alone=False), keep_together=["family"]),
        )

    assert where(apart) == {("mother", "families"): 1}
    assert [(each.label, each.excluded[0].constraint) for each in apart.unassigned] == [("children", "child_path")]
    assert where(together) == {("mother", "families"): 1, ("children", "families"): 2}


async def test_r35_a_child_without_a_carer_brings_the_need_of_a_guardian(house: Open) -> None:
    guardian = a_provider("guardian", code="LEG-GRD")
    async with house(shelter("home", 1, population="girls"), guardian) as here:
        plan = await here.plan(a_group("girl", 1, child()))

    assert [(each.code, each.need_no, each.added_by) for each in plan.assignments] == [
        (BED, 0, ""),
        ("LEG-GRD", 1, "R35"),
    ]


async def test_r25_who_is_kept_apart_never_shares_a_site(house: Open) -> None:
    # two doors of one house, and another farther
    doors = [shelter("door-1", 1, pool_id="house"), shelter("door-2", 1, pool_id="house"), shelter("other", 5)]
    async with house(*doors) as here:
        plan = await here.plan(a_group("a", 2, adult(), keep_apart=["x"]), a_group("b", 2, adult(), keep_apart=["x"]))

    sites = {
        label: {each.removesuffix("-1").removesuffix("-2") for who, each in where(plan) if who == label}
        for label in "ab"
    }
    assert not sites["a"] & sites["b"]
    assert plan.placed_count == 4


async def test_r25_together_and_apart_at_once_is_told_and_not_resolved(house: Open) -> None:
    async with house(shelter("near", 1), shelter("far", 5)) as here:
        plan = await here.plan(
            a_group("a", 1, adult(), keep_together=["t"], keep_apart=["x"]),
            a_group("b", 1, adult(), keep_together=["t"], keep_apart=["x"]),
            a_group("c", 1, adult()),
        )

    assert [(list(each.labels), each.keep_apart) for each in plan.conflicts] == [(["a", "b"], "x")]
    assert where(plan) == {("c", "near"): 1}
    assert {each.excluded[0].constraint for each in plan.unassigned} == {"keep_apart"}


async def test_one_stop_is_gone_to_once(house: Open) -> None:
    # the clinic alone is nearer than the house with a clinic, but not than both ways
    both = a_provider("both", place=north(10), claims=((BED, Claim.YES), (CARE, Claim.YES)))
    async with house(both, shelter("bed", 9), a_provider("clinic", code=CARE, place=north(3))) as here:
        plan = await here.plan(a_group("women", 2, adult(), BED, CARE))

    assert where(plan) == {("women", "both"): 2}
    assert plan.total_cost_m == pytest.approx(20_000, rel=0.01)
    assert sum(each.cost_m for each in plan.assignments) == pytest.approx(plan.total_cost_m)


async def test_r17_a_confidential_house_shows_its_band_alone(house: Open) -> None:
    cell = cell_at(north(30), 5)
    async with house(a_provider("secret", code=BED, place=cell, is_confidential=True)) as here:
        plan = await here.plan(a_group("women", 2, adult()))

    (part,) = plan.assignments
    assert part.cost_m == 0
    assert part.reach.WhichOneof("reach") == "band"
    assert not plan.providers[0].contacts


async def test_r22_excluded_providers_are_in_no_part(house: Open) -> None:
    async with house(shelter("near", 1), shelter("far", 5)) as here:
        plan = await here.plan(a_group("women", 2, adult()), safety=pb.Safety(excluded_provider_ids=["near"]))

    assert where(plan) == {("women", "far"): 2}


@pytest.mark.parametrize(
    ("groups", "field"),
    [
        ([], "groups"),
        ([a_group("", 1, adult())], "groups[0].label"),
        ([a_group("a", 0, adult())], "groups[0].count"),
        ([a_group("a", 1, adult()), a_group("b", 1, adult(), "NOPE")], "groups[1].needs[0].code"),
        ([pb.Group(label="a", count=1)], "groups[0].needs"),
        ([a_group("a", 1, adult()), a_group("a", 1, adult())], "groups.label"),
        ([a_group("a", 1, adult(), BED, "ACC-TRN")], "groups.needs"),
        ([a_group("a", 1, adult(), keep_apart=[""])], "groups[0].keep_apart"),
    ],
)
async def test_a_plan_that_is_wrong_is_refused_naming_the_field(
    house: Open, groups: list[pb.Group], field: str
) -> None:
    async with house(shelter("near", 1)) as here:
        with pytest.raises(InvalidInput) as caught:
            await here.plan(*groups)

    assert [each.field for each in caught.value.fields] == [field]


class TestCheckPlan:
    """What referrals ask before they make offers of a plan."""

    async def test_each_part_is_a_match_of_its_own(self, house: Open) -> None:
        request = a_plan(a_group("women", 8, adult()))
        async with house(shelter("near", 1, 5), shelter("far", 10, 50)) as here:
            plan = await here.stub.PlanMatches(request)
            parts = await here.check(plan, request)
            answer = await here.stub.CheckMatch(
                pb.CheckMatchRequest(
                    match_token=parts[0].match_token,
                    request=parts[0].request,
                    choices=[pb.MatchChoice(provider_id=parts[0].match.provider_id)],
                )
            )

        assert [(list(each.turned), each.items[0].count) for each in parts] == [([], 3), ([], 5)]
        assert list(answer.choices[0].turned) == []
        assert list(answer.choices[0].items) == [pb.PlaceItem(population="anyone", count=3)]

    async def test_a_guardian_that_no_part_names_is_told_r35(self, house: Open) -> None:
        request = a_plan(a_group("girls", 2, child()), a_group("women", 1, adult()), a_group("later", 1, child()))
        home = shelter("home", 9, population="girls")
        async with house(home, shelter("near", 1, 5), a_provider("guardian", code="LEG-GRD")) as here:
            plan = await here.stub.PlanMatches(request)
            named = [each for each in plan.assignments if each.label != "later"]
            told = []
            for parts in (named, [each for each in named if each.code == BED]):
                check = pb.CheckPlanRequest(match_token=plan.match_token, request=request, assignments=parts)
                told.append((await here.stub.CheckPlan(check)).unassigned)

        assert not told[0]
        (guardian,) = told[1]
        assert (guardian.label, guardian.need_no, guardian.code) == ("girls", 1, "LEG-GRD")
        assert [need.code for need in guardian.request.needs] == ["LEG-GRD"]
        assert guardian.request.person.unaccompanied

    async def test_what_has_turned_since_is_named(self, house: Open) -> None:
        request = a_plan(a_group("women", 5, adult()))
        async with house(shelter("near", 1, 5)) as here:
            plan = await here.stub.PlanMatches(request)
            here.taken.replace({("near", "anyone"): 1})
            (full,) = await here.check(plan, request)
            here.know(shelter("near", 1, 5, rules=FOR_ALL | {a_rule(RuleKind.GENDER, Claim.NO, "woman")}))
            (turned,) = await here.check(plan, request)
            here.know()
            (gone,) = await here.check(plan, request)

        assert list(full.turned) == ["places"]
        assert "gender" in turned.turned
        assert list(gone.turned) == ["status"]

    async def test_r25_a_part_that_splits_a_party_or_brings_it_beside_another_is_named(self, house: Open) -> None:
        request = a_plan(
            a_group("family", 2, adult(), keep_together=["f"], keep_apart=["x"]),
            a_group("other", 1, adult(), keep_apart=["x"]),
        )
        async with house(shelter("near", 1), shelter("far", 5)) as here:
            plan = await here.stub.PlanMatches(request)
            split, *_ = await here.check(plan, request, [pb.Assignment(label="family", provider_id="near", count=1)])
            beside = await here.check(
                plan,
                request,
                [
                    pb.Assignment(label="family", provider_id="near", count=2),
                    pb.Assignment(label="other", provider_id="near", count=1),
                ],
            )

        assert list(split.turned) == ["keep_together"]
        assert [list(each.turned) for each in beside] == [["keep_apart"], ["keep_apart"]]

    async def test_a_token_is_of_its_plan_and_for_half_an_hour(self, house: Open) -> None:
        request = a_plan(a_group("women", 2, adult()))
        async with house(shelter("near", 1)) as here:
            plan = await here.stub.PlanMatches(request)
            with pytest.raises(FailedPrecondition) as another:
                await here.check(plan, a_plan(a_group("women", 3, adult())))
            here.now += timedelta(minutes=31)
            with pytest.raises(FailedPrecondition) as old:
                await here.check(plan, request)

        assert {another.value.reason, old.value.reason} == {Reason.MATCH_STALE}

    async def test_more_than_the_group_has_is_refused(self, house: Open) -> None:
        request = a_plan(a_group("women", 2, adult()))
        async with house(shelter("near", 1)) as here:
            plan = await here.stub.PlanMatches(request)
            with pytest.raises(InvalidInput):
                await here.check(plan, request, [pb.Assignment(label="women", provider_id="near", count=3)])

    async def test_it_is_for_services_alone(self, house: Open) -> None:
        async with house(shelter("near", 1), role=Role.CASE_SYSTEM) as here:
            with pytest.raises(PermissionDenied):
                await here.stub.CheckPlan(pb.CheckPlanRequest())
