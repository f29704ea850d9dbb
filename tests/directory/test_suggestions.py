"""A provider says how its own record should be; an editor sees the difference and decides."""

from typing import Any

import pytest
from google.protobuf.field_mask_pb2 import FieldMask

from ihala.directory.v1 import directory_pb2 as pb
from ihala.directory.v1 import directory_service_pb2 as rpc_pb
from services.errors import Conflict, FailedPrecondition, InvalidInput, NotFound, Reason
from services.runtime.auth import Role
from tests.directory.house import House, a_request_id, text


async def suggest(stub: Any, provider: pb.Provider, **fields: Any) -> rpc_pb.Suggestion:
    request = rpc_pb.SuggestChangeRequest(
        request_id=a_request_id(),
        provider=pb.Provider(provider_id=provider.provider_id, **fields),
        update_mask=FieldMask(paths=sorted(fields)),
    )
    made: rpc_pb.Suggestion = (await stub.SuggestChange(request)).suggestion
    return made


async def review(stub: Any, suggestion: rpc_pb.Suggestion, *, approved: bool, revision: int = 0) -> pb.Provider:
    request = rpc_pb.ReviewSuggestionRequest(
        request_id=a_request_id(),
        suggestion_id=suggestion.suggestion_id,
        approved=approved,
        expected_revision=revision,
    )
    provider: pb.Provider = (await stub.ReviewSuggestion(request)).provider
    return provider


@pytest.fixture
async def own(house: House) -> tuple[Any, pb.Provider, Any]:
    """Make a desk, its provider and an editor."""
    receiver = await house.receiver()
    provider = await house.provider(receiver_id=receiver.receiver_id)
    desk = house.stub(Role.RECEIVER, client_id="desk", receiver_ids=(receiver.receiver_id,))
    return desk, provider, house.stub(Role.DIRECTORY_EDITOR, client_id="editor")


async def test_an_approved_suggestion_is_the_record_then(house: House, own: tuple[Any, pb.Provider, Any]) -> None:
    desk, provider, editor = own
    await suggest(desk, provider, names=[text("Bayt al-Amal")], staff_genders=["woman"])

    (seen,) = (await editor.ListSuggestions(rpc_pb.ListSuggestionsRequest())).suggestions
    after = await review(editor, seen, approved=True, revision=seen.provider_revision)

    assert seen.actor == "desk"
    assert [(each.field, each.before, each.after) for each in seen.changes] == [
        ("names", '[{"language": "en", "text": "Bayt"}]', '[{"language": "en", "text": "Bayt al-Amal"}]'),
        ("staff_genders", "", '["woman"]'),
    ]
    assert after.names[0].text == "Bayt al-Amal"
    assert await house.search(text="amal") == [provider.provider_id]
    assert not (await editor.ListSuggestions(rpc_pb.ListSuggestionsRequest())).suggestions


async def test_a_refused_suggestion_changes_nothing_and_is_reviewed_once(own: tuple[Any, pb.Provider, Any]) -> None:
    desk, provider, editor = own
    suggestion = await suggest(desk, provider, names=[text("Other")])

    assert (await review(editor, suggestion, approved=False)).revision == provider.revision
    with pytest.raises(FailedPrecondition) as caught:
        await review(editor, suggestion, approved=True, revision=provider.revision)
    assert caught.value.reason is Reason.ILLEGAL_MOVE


async def test_nobody_approves_what_they_did_not_see_or_suggested_themselves(
    house: House, own: tuple[Any, pb.Provider, Any]
) -> None:
    desk, provider, editor = own
    suggestion = await suggest(desk, provider, names=[text("Other")])

    with pytest.raises(Conflict):
        await review(editor, suggestion, approved=True, revision=provider.revision + 1)
    with pytest.raises(InvalidInput):
        await review(editor, suggestion, approved=True)
    with pytest.raises(FailedPrecondition) as caught:
        await review(
            house.stub(Role.DIRECTORY_EDITOR, client_id="desk"),
            suggestion,
            approved=True,
            revision=provider.revision,
        )
    assert caught.value.reason is Reason.SECOND_PERSON_NEEDED


@pytest.mark.parametrize(
    "fields",
    [
        {"vetting": pb.Vetting(state=pb.VETTING_STATE_VETTED)},
        {"receiver_id": "x"},
        {"location_id": "x"},
        {"revision": 7},
        {"detention": True},
        {"claims": [pb.ServiceClaim(code="NO-SUCH", claim=pb.CLAIM_YES)]},
    ],
)
async def test_what_is_for_editors_alone_and_what_is_wrong_is_refused_at_once(
    own: tuple[Any, pb.Provider, Any], fields: dict[str, Any]
) -> None:
    desk, provider, _ = own

    with pytest.raises(InvalidInput):
        await suggest(desk, provider, **fields)


async def test_a_desk_suggests_for_its_own_provider_alone(house: House, own: tuple[Any, pb.Provider, Any]) -> None:
    desk, _, _ = own

    with pytest.raises(NotFound):
        await suggest(desk, await house.provider(), names=[text("Other")])


async def test_suggestions_come_page_by_page_oldest_first(own: tuple[Any, pb.Provider, Any]) -> None:
    desk, provider, editor = own
    made = {(await suggest(desk, provider, names=[text(f"Name {number}")])).suggestion_id for number in range(5)}
    request = rpc_pb.ListSuggestionsRequest(page_size=2)
    listed: list[str] = []

    while True:
        page = await editor.ListSuggestions(request)
        listed += [each.suggestion_id for each in page.suggestions]
        if not page.next_page_token:
            break
        request.page_token = page.next_page_token

    assert len(listed) == 5
    assert set(listed) == made
