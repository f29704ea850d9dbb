"""ExplainMatch through the door that callers come in by."""

from typing import Any

import pytest

from ihala.matching.v1 import matching_pb2 as pb
from services.errors import InvalidInput, NotFound, PermissionDenied
from services.geo import Point, cell_at
from services.matching.constraints.table import CONSTRAINTS, RULES_VERSION
from services.matching.model.provider import LanguageOffer, VettingState
from services.runtime.auth import Role
from tests.matching.houses import House, Open, a_request, ids
from tests.matching.samples import a_provider

TIGRINYA = pb.Person(
    age=pb.AgeRange(min_years=30, max_years=30),
    gender=pb.GENDER_WOMAN,
    languages=pb.LanguageList(languages=["ti"]),
    family=pb.CodeList(codes=["alone"]),
    accessibility=pb.CodeList(),
    has_documents=True,
    status_class="national",
)
ARABIC = frozenset({LanguageOffer(tag="ar")})
SOUTH = Point(32.5, 13.1873)


async def explain(here: House, provider_id: str = "", need_no: int = 0, **facts: Any) -> pb.ExplainMatchResponse:
    answer: pb.ExplainMatchResponse = await here.stub.ExplainMatch(
        pb.ExplainMatchRequest(request=a_request(**facts), provider_id=provider_id, need_no=need_no)
    )
    return answer


async def test_each_constraint_is_told_in_the_order_of_the_table(house: Open) -> None:
    async with house(a_provider("p-1", languages=ARABIC)) as here:
        answer = await explain(here, "p-1", person=TIGRINYA)

    (found,) = answer.explanations
    assert [(each.constraint, each.requirement) for each in found.constraints] == [
        (each.name, each.requirement) for each in CONSTRAINTS
    ]
    assert [each.constraint for each in found.constraints if each.verdict != pb.VERDICT_YES] == ["language"]
    assert (found.standing, found.unlocks, list(found.fixed)) == (pb.STANDING_EXCLUDED, True, [])
    assert (answer.directory_epoch, answer.directory_revision, answer.rules_version) == ("epoch-1", 7, RULES_VERSION)
    assert found.match.provider_id == "p-1"


async def test_r40_the_least_change_holds_when_it_is_asked_for(house: Open) -> None:
    async with house(a_provider("p-1", languages=ARABIC)) as here:
        answer = await explain(here, person=TIGRINYA)
        with_interpreter = pb.Need(code="LEG-ADV", interpreter=True)
        then = await here.find(needs=[with_interpreter], person=TIGRINYA)

    (change,) = answer.explanations[0].least_change
    assert (change.kind, change.code, list(change.turns)) == (pb.CHANGE_KIND_RELAX, "interpreter", ["language"])
    assert [(each.change.code, each.unlocked_count, list(each.unlocked_provider_ids)) for each in answer.changes] == [
        ("interpreter", 1, ["p-1"])
    ]
    assert ids(then.needs[0].matches) == ["p-1"]


async def test_r40_no_interpreter_is_offered_to_an_interpreter(house: Open) -> None:
    async with house(a_provider("p-1", code="LNG-INT", languages=ARABIC)) as here:
        answer = await explain(here, needs=[pb.Need(code="LNG-INT")], person=TIGRINYA)

    (found,) = answer.explanations
    assert (list(found.least_change), list(found.fixed), list(answer.changes)) == ([], ["language"], [])


async def test_a_limit_of_distance_says_how_much_farther_but_not_to_a_confidential_site(house: Open) -> None:
    site = a_provider("site", place=cell_at(SOUTH, 5), is_confidential=True)
    async with house(a_provider("open", place=SOUTH), site) as here:
        one = (await explain(here, "open", max_distance_m=40_000.0)).explanations[0]
        other = (await explain(here, "site", max_distance_m=40_000.0)).explanations[0]
        near = await explain(here, max_distance_m=40_000.0)

    assert one.least_change[0].cost_m == pytest.approx(2_960, rel=0.05)
    assert (other.least_change[0].code, other.least_change[0].cost_m) == ("max_distance", 0)
    assert not other.match.HasField("cost_m")
    assert [each.provider_id for each in near.explanations] == ["open"]
    assert [(each.constraint, each.provider_count) for each in near.confidential_excluded] == [("distance", 1)]


async def test_r24_of_safety_nothing_is_told_but_its_name(house: Open) -> None:
    safety = pb.Safety(excluded_provider_ids=["p-1"])
    async with house(a_provider("p-1", languages=ARABIC)) as here:
        (found,) = (await explain(here, "p-1", safety=safety, person=TIGRINYA)).explanations

    (verdict,) = (each for each in found.constraints if each.constraint == "safety")
    assert (verdict.verdict, verdict.question, verdict.ask) == (pb.VERDICT_NO, "", "")
    assert (list(found.fixed), found.unlocks) == (["safety"], False)
    assert [each.code for each in found.least_change] == ["interpreter"]


async def test_r59_what_life_first_lets_pass_is_marked_as_a_caution(house: Open) -> None:
    async with house(a_provider("p-1", code="HEA-EMG", vetting=VettingState.UNVETTED, languages=ARABIC)) as here:
        (found,) = (await explain(here, "p-1", needs=[pb.Need(code="HEA-EMG")], person=TIGRINYA)).explanations

    assert found.standing == pb.STANDING_MATCH
    assert [each.constraint for each in found.constraints if each.caution] == ["language"]
    assert not found.least_change


async def test_r35_and_r40_a_need_that_a_rule_added_is_explained_by_its_number(house: Open) -> None:
    """As FindMatches numbers them: those that were asked for, the guardian, and last the interpreter."""
    alone = pb.Person(
        age=pb.AgeRange(min_years=15, max_years=15), unaccompanied=True, languages=pb.LanguageList(languages=["ti"])
    )
    needs = [pb.Need(code="LEG-ADV"), pb.Need(code="HEA-PRI")]
    unvetted = a_provider("guardian", code="LEG-GRD", vetting=VettingState.UNVETTED, languages=ARABIC)
    far = a_provider("far", code="LNG-INT", country_code="IT", languages=frozenset({LanguageOffer(tag="ti")}))
    async with house(a_provider("lawyer", languages=ARABIC), unvetted, far) as here:
        listed = [(each.code, each.added_by) for each in (await here.find(needs=needs, person=alone)).needs]
        told = [await explain(here, need_no=each, needs=needs, person=alone) for each in range(len(listed))]

    assert [(each.code, each.added_by) for each in told] == listed
    assert listed[2:] == [("LEG-GRD", "R35"), ("LNG-INT", "R40")]
    assert [[one.provider_id for one in each.explanations] for each in told] == [["lawyer"], [], ["guardian"], ["far"]]
    assert "vetting" in told[2].explanations[0].fixed
    assert told[3].explanations[0].standing == pb.STANDING_MATCH, "by telephone there is no border"


@pytest.mark.parametrize(
    ("facts", "field"),
    [
        ({"needs": []}, "needs"),
        ({"provider_id": "x" * 65}, "provider_id"),
        ({"need_no": 1}, "need_no"),
        ({"need_no": -1}, "need_no"),
        ({"need_no": 2, "person": TIGRINYA}, "need_no"),  # the interpreter is the last
    ],
)
async def test_a_wrong_field_is_named(house: Open, facts: dict[str, Any], field: str) -> None:
    async with house(a_provider()) as here:
        with pytest.raises(InvalidInput) as caught:
            await explain(here, **facts)

    assert [each.field for each in caught.value.fields] == [field]


async def test_who_is_not_there_is_not_found(house: Open) -> None:
    async with house(a_provider()) as here:
        with pytest.raises(NotFound):
            await explain(here, "nobody")


async def test_a_desk_may_not_ask(house: Open) -> None:
    async with house(a_provider(), role=Role.RECEIVER) as here:
        with pytest.raises(PermissionDenied):
            await explain(here, "p-1")
