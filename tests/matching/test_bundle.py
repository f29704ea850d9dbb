"""What a request brings with it: a guardian (R35), an interpreter by telephone (R40), screening help (R44)."""

from typing import Any

import pytest

from ihala.matching.v1 import matching_pb2 as pb
from services.errors import InvalidInput, Reason
from services.geo import Point
from services.matching.model.person import AgeRange, Person
from services.matching.model.provider import Claim, LanguageOffer
from services.matching.screening import questions
from tests.matching.houses import Open, a_request, ids
from tests.matching.samples import a_provider

ALONE: dict[str, Any] = {"age": pb.AgeRange(min_years=15, max_years=15), "unaccompanied": True}
GUARDIAN = a_provider("guardian", code="LEG-GRD")
HOUSE = a_provider("house", code="ACC-EMG")
LAWYER = a_provider("lawyer")
TIGRINYA = frozenset({LanguageOffer(tag="ti")})
BY_TELEPHONE = a_provider(
    "interpreter", code="LNG-INT", languages=TIGRINYA, place=Point(41.9, 12.5), country_code="IT"
)  # fmt: skip


def english(**facts: Any) -> pb.Person:
    return pb.Person(languages=pb.LanguageList(languages=["en"]), has_documents=True, **facts)


def tigrinya(**facts: Any) -> pb.Person:
    facts = {"no_reason_to_believe_child": True, "has_documents": True} | facts
    return pb.Person(languages=pb.LanguageList(languages=["ti"]), **facts)


class TestGuardian:
    """R35: an unaccompanied child's request brings the guardian need with it."""

    async def codes(self, house: Open, *codes: str, person: pb.Person | None) -> list[tuple[str, str]]:
        facts = {} if person is None else {"person": person}
        async with house(GUARDIAN, HOUSE) as here:
            answer = await here.find(*codes, **facts)
        assert [each.need_no for each in answer.needs] == list(range(len(answer.needs)))
        return [(each.code, each.added_by) for each in answer.needs]

    async def test_it_is_added_after_what_was_asked_for(self, house: Open) -> None:
        found = await self.codes(house, "ACC-EMG", "HEA-EMG", person=english(**ALONE))

        assert found == [("ACC-EMG", ""), ("HEA-EMG", ""), ("LEG-GRD", "R35")]

    @pytest.mark.parametrize(
        "person",
        [
            None,
            english(age=pb.AgeRange(min_years=15, max_years=15)),  # nobody asked whether alone
            english(age=pb.AgeRange(min_years=15, max_years=15), unaccompanied=False),
            english(age=pb.AgeRange(min_years=18, max_years=30), unaccompanied=True),
        ],
    )
    async def test_for_nobody_else(self, house: Open, person: pb.Person | None) -> None:
        assert await self.codes(house, "ACC-EMG", person=person) == [("ACC-EMG", "")]

    async def test_not_twice(self, house: Open) -> None:
        assert await self.codes(house, "LEG-GRD", person=english(**ALONE)) == [("LEG-GRD", "")]

    async def test_it_can_be_chosen_and_checked_like_any_other(self, house: Open) -> None:
        request = a_request("ACC-EMG", person=english(**ALONE))
        async with house(GUARDIAN, HOUSE) as here:
            answer = await here.stub.FindMatches(request)
            checked = await here.stub.CheckMatch(
                pb.CheckMatchRequest(
                    match_token=answer.match_token,
                    request=request,
                    choices=[pb.MatchChoice(need_no=1, provider_id="guardian")],
                )
            )

        assert ids(answer.needs[1].matches) == ["guardian"]
        assert [(each.code, list(each.turned)) for each in checked.choices] == [("LEG-GRD", [])]
        assert list(checked.added_needs) == [pb.AddedNeed(need_no=1, code="LEG-GRD")]

    async def test_a_check_names_it_where_nobody_was_chosen_for_it(self, house: Open) -> None:
        """R35, R40: what was added to the match is a need of the referral, chosen or not."""
        request = a_request("ACC-EMG", person=pb.Person(languages=pb.LanguageList(languages=["ti"]), **ALONE))
        spoken = a_request("ACC-EMG", person=english(**ALONE))
        speaks = a_provider("house", code="ACC-EMG", languages=frozenset({LanguageOffer(tag="en")}))
        added = []
        async with house(GUARDIAN, HOUSE, BY_TELEPHONE) as here:
            for each in (request, spoken):
                answer = await here.stub.FindMatches(each)
                check = pb.CheckMatchRequest(
                    match_token=answer.match_token, request=each, choices=[pb.MatchChoice(provider_id="house")]
                )
                added.append([(need.need_no, need.code) for need in (await here.stub.CheckMatch(check)).added_needs])
                here.know(GUARDIAN, speaks, BY_TELEPHONE)

        assert added == [[(1, "LEG-GRD"), (2, "LNG-INT")], [(1, "LEG-GRD")]]


class TestInterpreter:
    """R40: a language that nobody speaks brings interpretation by telephone with it."""

    async def test_it_is_added_and_may_be_far_away(self, house: Open) -> None:
        async with house(LAWYER, BY_TELEPHONE) as here:
            answer = await here.find(person=tigrinya(), max_distance_m=1_000.0)

        assert [(each.code, each.added_by) for each in answer.needs] == [("LEG-ADV", ""), ("LNG-INT", "R40")]
        (row,) = answer.needs[1].matches
        assert (row.provider_id, row.HasField("travel")) == ("interpreter", False)

    @pytest.mark.parametrize(
        "offers", [TIGRINYA, frozenset({LanguageOffer(tag="ti", by_interpreter=True, vetted=Claim.YES)})]
    )
    async def test_not_where_somebody_speaks_it(self, house: Open, offers: frozenset[LanguageOffer]) -> None:
        async with house(LAWYER, a_provider("other", languages=offers), BY_TELEPHONE) as here:
            answer = await here.find(person=tigrinya())

        assert [each.code for each in answer.needs] == ["LEG-ADV"]

    async def test_where_life_comes_first_as_well(self, house: Open) -> None:
        async with house(a_provider("hospital", code="HEA-EMG"), BY_TELEPHONE) as here:
            answer = await here.find("HEA-EMG", person=tigrinya())

        assert ids(answer.needs[0].matches) == ["hospital"]
        assert [each.code for each in answer.needs] == ["HEA-EMG", "LNG-INT"]

    @pytest.mark.parametrize(
        "request_of",
        [
            {"codes": ["LEG-ADV"], "person": None},
            {"codes": ["LEG-ADV"], "person": pb.Person(no_reason_to_believe_child=True)},  # nobody asked
            {"codes": ["HEA-PRI"], "person": tigrinya()},  # nobody there at all
        ],
    )
    async def test_not_where_language_is_not_what_is_missing(self, house: Open, request_of: dict[str, Any]) -> None:
        facts = {} if request_of["person"] is None else {"person": request_of["person"]}
        async with house(LAWYER, BY_TELEPHONE) as here:
            answer = await here.find(*request_of["codes"], **facts)

        assert [each.added_by for each in answer.needs] == [""]


class TestScreening:
    """R44: indicators filter nothing; several suggest that somebody is asked again."""

    @pytest.mark.parametrize(
        ("facts", "indicators", "expected"),
        [
            ({"process": "som"}, {"debt", "threats"}, True),
            ({}, {"debt", "threats"}, True),
            ({"process": "som"}, {"debt"}, False),
            ({"process": "tip_presumed"}, {"debt", "threats"}, False),
            ({"process": "both"}, {"debt", "threats"}, False),
            ({"age": AgeRange(15, 15)}, {"debt"}, True),
            ({"age": AgeRange(15, 15)}, set(), False),
        ],
    )
    def test_two_or_one_of_a_child(self, facts: dict[str, Any], indicators: set[str], expected: bool) -> None:  # noqa: FBT001 -- a verdict
        person = Person(**{"no_reason_to_believe_child": True} | facts, indicators=frozenset(indicators))

        assert len(questions(person)) == (3 if expected else 0)

    async def test_they_come_with_the_answer_and_filter_nothing(self, house: Open) -> None:
        indicators = pb.CodeList(codes=["papers_kept", "may_not_leave"])
        async with house(LAWYER, HOUSE) as here:
            plain = await here.find(person=english(no_reason_to_believe_child=True))
            asked = await here.find(person=english(no_reason_to_believe_child=True, indicators=indicators))
            none = await here.find()

        assert list(asked.rescreen.questions) == ["free_to_go", "own_papers_and_pay", "threatened"]
        assert asked.needs == plain.needs
        assert not plain.HasField("rescreen")
        assert not none.HasField("rescreen")

    async def test_an_unknown_indicator_is_refused(self, house: Open) -> None:
        async with house(LAWYER) as here:
            with pytest.raises(InvalidInput) as caught:
                await here.find(person=english(indicators=pb.CodeList(codes=["looks_poor"])))

        assert caught.value.reason is Reason.UNKNOWN_CODE
