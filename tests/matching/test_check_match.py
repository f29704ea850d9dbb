"""CheckMatch: what referrals ask before they make an offer."""

from datetime import timedelta
from typing import Any

import pytest

from ihala.matching.v1 import matching_pb2 as pb
from services.errors import (
    FailedPrecondition,
    InvalidInput,
    PermissionDenied,
    Reason,
)
from services.matching.model.provider import VettingState
from services.runtime.auth import Role
from tests.matching.houses import House, Open, a_girl, a_request
from tests.matching.samples import NOON, a_provider, a_report


class TestCheckMatch:
    """What referrals ask before they make an offer."""

    async def check(self, here: House, token: str, request: Any, *choices: tuple[int, str]) -> Any:
        return await here.stub.CheckMatch(
            pb.CheckMatchRequest(
                match_token=token,
                request=request,
                choices=[pb.MatchChoice(need_no=need_no, provider_id=each) for need_no, each in choices],
            )
        )

    async def test_a_choice_that_still_holds_comes_with_its_row_and_the_next(self, house: Open) -> None:
        providers = [a_provider(f"p-{number}", code="ACC-EMG") for number in range(9)]
        request = a_request("ACC-EMG", person=a_girl(languages=pb.LanguageList(languages=["en"])))
        for number, provider in enumerate(providers):
            reports = (a_report("girls", 2, 0),)
            providers[number] = a_provider(provider.provider_id, code="ACC-EMG", place_reports=reports)
        async with house(*providers) as here:
            token = (await here.stub.FindMatches(request)).match_token
            checked = await self.check(here, token, request, (0, "p-1"))

        (choice,) = checked.choices
        assert (list(choice.turned), list(choice.unknown)) == ([], [])
        assert choice.match.provider_id == "p-1"
        assert [(each.population, each.count) for each in choice.items] == [("girls", 1)]
        assert [each.provider_id for each in checked.next_candidates] == ["p-0", "p-2", "p-3", "p-4", "p-5"]

    async def test_who_comes_next_is_left_out_for_who_does_not_ask(self, house: Open) -> None:
        request = a_request("LEG-ADV")
        async with house(a_provider("p-1"), a_provider("p-2")) as here:
            token = (await here.stub.FindMatches(request)).match_token
            choice = pb.MatchChoice(need_no=0, provider_id="p-1")
            asked = pb.CheckMatchRequest(match_token=token, request=request, choices=[choice], without_next=True)
            checked = await here.stub.CheckMatch(asked)
            asked.without_next = False
            with_next = await here.stub.CheckMatch(asked)

        assert list(checked.next_candidates) == []
        assert [each.provider_id for each in with_next.next_candidates] == ["p-2"]
        assert list(checked.choices) == list(with_next.choices)

    async def test_a_constraint_that_has_turned_is_named(self, house: Open) -> None:
        request = a_request("LEG-ADV", "LEG-ADV")
        async with house(a_provider("p-1"), a_provider("p-2")) as here:
            token = (await here.stub.FindMatches(request)).match_token
            here.know(a_provider("p-1", vetting=VettingState.SUSPENDED), revision=8)
            checked = await self.check(here, token, request, (0, "p-1"), (1, "p-2"))

        assert [list(each.turned) for each in checked.choices] == [["safeguarding"], ["status"]]

    @pytest.mark.parametrize(
        "change",
        [
            {"limit": 3},
            {"safety": pb.Safety(excluded_provider_ids=["p-9"])},
            {"person": pb.Person(no_reason_to_believe_child=True)},
        ],
    )
    async def test_a_token_of_another_request_is_stale(self, house: Open, change: dict[str, Any]) -> None:
        async with house(a_provider("p-1")) as here:
            token = (await here.find()).match_token
            with pytest.raises(FailedPrecondition) as caught:
                await self.check(here, token, a_request(**change), (0, "p-1"))

        assert caught.value.reason is Reason.MATCH_STALE

    async def test_a_token_is_stale_after_half_an_hour(self, house: Open) -> None:
        async with house(a_provider("p-1")) as here:
            token = (await here.find()).match_token
            here.now = NOON + timedelta(minutes=29, seconds=59)
            assert (await self.check(here, token, a_request(), (0, "p-1"))).choices
            here.now = NOON + timedelta(minutes=30)
            with pytest.raises(FailedPrecondition) as caught:
                await self.check(here, token, a_request(), (0, "p-1"))

        assert caught.value.reason is Reason.MATCH_STALE

    async def test_a_choice_for_a_need_that_is_not_there_is_refused(self, house: Open) -> None:
        async with house(a_provider("p-1")) as here:
            token = (await here.find()).match_token
            with pytest.raises(InvalidInput) as caught:
                await self.check(here, token, a_request(), (1, "p-1"))

        assert [each.field for each in caught.value.fields] == ["choices[0].need_no"]

    async def test_only_services_may_check(self, house: Open) -> None:
        async with house(role=Role.CASE_SYSTEM) as here:
            with pytest.raises(PermissionDenied):
                await self.check(here, "", a_request())
