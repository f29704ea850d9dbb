"""What refusals say of a record waits for an editor, once, and only our own service may say it."""

from typing import Any

import pytest

from ihala.directory.v1 import directory_pb2 as pb
from ihala.directory.v1 import directory_service_pb2 as rpc_pb
from services.errors import InvalidInput, NotFound, PermissionDenied
from services.runtime.auth import Role
from tests.directory.house import House, a_request_id


def a_correction(provider_id: str, reason: str, code: str = "") -> rpc_pb.SuggestCorrectionRequest:
    return rpc_pb.SuggestCorrectionRequest(request_id=a_request_id(), provider_id=provider_id, reason=reason, code=code)


async def waiting(house: House) -> list[Any]:
    editor = house.stub(Role.DIRECTORY_EDITOR, client_id="editor")
    return list((await editor.ListSuggestions(rpc_pb.ListSuggestionsRequest())).suggestions)


async def test_a_service_that_is_not_offered_is_claimed_no_once_an_editor_approves(house: House) -> None:
    provider = await house.provider()
    service, editor = house.stub(Role.SERVICE), house.stub(Role.DIRECTORY_EDITOR, client_id="editor")
    code = provider.claims[0].code

    made = [
        await service.SuggestCorrection(a_correction(provider.provider_id, "service_not_offered", code)) for _ in "12"
    ]
    (seen,) = await waiting(house)
    review = rpc_pb.ReviewSuggestionRequest(
        request_id=a_request_id(),
        suggestion_id=seen.suggestion_id,
        approved=True,
        expected_revision=seen.provider_revision,
    )
    after = (await editor.ReviewSuggestion(review)).provider
    again = await service.SuggestCorrection(a_correction(provider.provider_id, "service_not_offered", code))

    assert {each.suggestion_id for each in made} == {seen.suggestion_id}
    assert (seen.reason, list(seen.update_mask.paths)) == ("service_not_offered", ["claims"])
    assert {claim.code: claim.claim for claim in after.claims}[code] == pb.CLAIM_NO
    assert again.suggestion_id == ""  # the record says so now


async def test_what_only_a_person_can_say_is_to_be_looked_at_and_changes_nothing(house: House) -> None:
    provider = await house.provider()
    await house.stub(Role.SERVICE).SuggestCorrection(a_correction(provider.provider_id, "not_eligible_age"))

    (seen,) = await waiting(house)

    assert (seen.reason, list(seen.changes), list(seen.update_mask.paths)) == ("not_eligible_age", [], [])


async def test_a_house_that_is_closed_for_now_is_to_be_paused(house: House) -> None:
    provider = await house.provider()
    await house.stub(Role.SERVICE).SuggestCorrection(a_correction(provider.provider_id, "temporarily_closed"))

    (seen,) = await waiting(house)

    assert [(each.field, each.after) for each in seen.changes] == [("status", '"STATUS_PAUSED"')]


@pytest.mark.parametrize(("reason", "code"), [("nonsense", ""), ("service_not_offered", "NO-SUCH"), ("moved", "")])
async def test_a_code_outside_its_vocabulary_is_refused(house: House, reason: str, code: str) -> None:
    provider = await house.provider()

    with pytest.raises(InvalidInput):
        await house.stub(Role.SERVICE).SuggestCorrection(a_correction(provider.provider_id, reason, code))


async def test_nobody_else_speaks_for_refusals(house: House) -> None:
    provider = await house.provider()

    with pytest.raises(PermissionDenied):
        await house.stub(Role.RECEIVER).SuggestCorrection(a_correction(provider.provider_id, "temporarily_closed"))
    with pytest.raises(NotFound):
        await house.stub(Role.SERVICE).SuggestCorrection(a_correction("absent", "temporarily_closed"))
