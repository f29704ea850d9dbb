"""Suggestions on the wire: what a desk would change in its own record."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any, Final

from google.protobuf.field_mask_pb2 import FieldMask

from ihala.directory.v1 import directory_pb2 as pb
from ihala.directory.v1 import directory_service_pb2 as service_pb
from services.directory.model import Provider, Stored, inside, refuse
from services.directory.wire.differences_wire import differences
from services.directory.wire.nouns_wire import PROVIDER
from services.directory.wire.provider_wire import provider_from_doc
from services.directory.wire.requests_wire import (
    apply_mask,
    canonical,
    fitting,
    is_record_id,
    keep_only,
    mask_names,
    page_position,
    page_token_for,
    refuse_unknown,
    time_in_token,
)
from services.runtime.auth import absent
from services.runtime.times import time_to_wire
from services.taxonomy import Side, decline_reason, service

#: for editors alone: what names other records, where it comes from, and what others say of the provider
FOR_EDITORS: Final = PROVIDER.server_set | {
    "service_id",
    "location_id",
    "receiver_id",
    "pool_id",
    "source",
    "vetting",
    "detention",
}

SuggestAnswer: Final[type[Any]] = service_pb.SuggestChangeResponse
CorrectionAnswer: Final[type[Any]] = service_pb.SuggestCorrectionResponse
ReviewAnswer: Final[type[Any]] = service_pb.ReviewSuggestionResponse


@dataclass(frozen=True, slots=True, kw_only=True)
class Suggestion:
    """A suggestion as the database has it."""

    suggestion_id: str
    provider_id: str
    doc: bytes  #: the fields that are to change, nothing else
    paths: list[str]
    client_id: str
    actor: str
    create_time: datetime
    state: str
    reason: str = ""  #: of the refusals that say so; empty: a desk asks for it


def suggestion_of(request: service_pb.SuggestChangeRequest) -> tuple[str, bytes, list[str]]:
    """
    Read what is suggested: the provider, the new values and the fields, sorted.

    Raises:
        InvalidInput: the mask is empty, or names what is for editors alone.
    """
    refuse_unknown(request)
    provider_id = request.provider.provider_id
    if not is_record_id(provider_id):
        raise absent()
    names = mask_names(request.provider, request.update_mask, FOR_EDITORS)
    keep_only(request.provider, names)
    doc = canonical(request.provider)
    request.provider.provider_id = provider_id  # for the digest
    return provider_id, doc, sorted(names)


def correction_of(request: service_pb.SuggestCorrectionRequest, stored: Stored) -> tuple[bytes, list[str]]:
    """
    Write what a refusal says of a record: the fields that are to change; none where only a person can say.

    Raises:
        InvalidInput: the reason or the service is not in its vocabulary.
    """
    decline_reason(request.reason, side=Side.PROVIDER)
    after = pb.Provider()
    if request.reason == "service_not_offered":
        code = service(request.code, "code").code
        claims = [claim for claim in pb.Provider.FromString(stored.doc).claims if claim.code != code]
        after.claims.extend([*claims, pb.ServiceClaim(code=code, claim=pb.CLAIM_NO)])
        return canonical(after), ["claims"]
    if request.reason == "temporarily_closed":
        after.status = pb.STATUS_PAUSED
        return canonical(after), ["status"]
    return b"", []


def review_of(request: service_pb.ReviewSuggestionRequest) -> None:
    """Check a review: who approves says which state of the provider they saw."""
    refuse_unknown(request)
    if not is_record_id(request.suggestion_id):
        raise absent()
    if request.approved and request.expected_revision <= 0:
        raise refuse("expected_revision", "must be the revision that was read")


def suggested(stored: Stored, doc: bytes, paths: Sequence[str]) -> Provider:
    """
    Make the provider as it would be.

    Raises:
        InvalidInput: it breaks a rule then.
    """
    return inside("provider", provider_from_doc, _changed(stored, doc, paths))


def suggestion_answer(suggestion: Suggestion, stored: Stored) -> Any:
    return SuggestAnswer(suggestion=_shown(suggestion, stored))


def review_answer(stored: Stored) -> Any:
    return ReviewAnswer(provider=PROVIDER.shown(stored))


def suggestions_position(request: service_pb.ListSuggestionsRequest) -> tuple[datetime, str] | None:
    """Read where the page before ended: time and id."""
    refuse_unknown(request)
    position = page_position(request, (str, str))
    return None if position is None else (time_in_token(position[0]), position[1])


def suggestions_page(
    request: service_pb.ListSuggestionsRequest, found: Sequence[tuple[Suggestion, Stored]], size: int
) -> Any:
    """Write a page, oldest first; `found` has one more than fits if there is more."""
    # each is shown with values before and after, in JSON: about five times what is kept
    count = fitting((5 * (suggestion.doc + stored.doc) for suggestion, stored in found), size)
    token = ""
    if len(found) > count:
        last = found[count - 1][0]
        token = page_token_for(request, [last.create_time.isoformat(), last.suggestion_id])
    shown = [_shown(suggestion, stored) for suggestion, stored in found[:count]]
    return service_pb.ListSuggestionsResponse(suggestions=shown, next_page_token=token)


def _shown(suggestion: Suggestion, stored: Stored) -> service_pb.Suggestion:
    message = pb.Provider.FromString(suggestion.doc)
    message.provider_id = suggestion.provider_id
    message.disclosure = (before := pb.Provider.FromString(stored.doc)).disclosure
    return service_pb.Suggestion(
        suggestion_id=suggestion.suggestion_id,
        provider_id=suggestion.provider_id,
        provider=message,
        update_mask=FieldMask(paths=suggestion.paths),
        create_time=time_to_wire(suggestion.create_time),
        actor=suggestion.actor,
        changes=differences(before, _changed(stored, suggestion.doc, suggestion.paths), suggestion.paths),
        provider_revision=stored.revision,
        reason=suggestion.reason,
    )


def _changed(stored: Stored, doc: bytes, paths: Sequence[str]) -> pb.Provider:
    message = pb.Provider.FromString(stored.doc)
    if paths:  # none: the record is to be looked at
        apply_mask(message, pb.Provider.FromString(doc), FieldMask(paths=paths), FOR_EDITORS)
    return message
