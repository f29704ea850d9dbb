"""What a sender tells in answer to a question, in messages."""

from typing import Any

from ihala.matching.v1 import matching_pb2
from ihala.referrals.v1 import referrals_pb2 as pb
from services.errors import InvalidInput
from services.referrals.disclosure import PERSON_FACTS
from services.referrals.wire.asking import briefing_fields


def fields_told(request: Any) -> set[str]:
    """
    List the consent fields that an answer would open.

    Raises:
        InvalidInput: Something is told that no offer may ever show, or something is told with another answer.
    """
    given = {field.name for field, _value in request.person.ListFields()}
    openable = {fact for facts in PERSON_FACTS.values() for fact in facts}
    if not given <= openable:
        raise InvalidInput("person must have only facts that an offer may show")
    fields = {field for field, facts in PERSON_FACTS.items() if given.intersection(facts)}
    fields |= briefing_fields(request.briefing)
    if fields and request.answer != "told":
        raise InvalidInput("answer must be told where something is")
    return fields


def told(known: bytes, briefed: bytes, request: Any) -> tuple[bytes, bytes]:
    """Put what is told in the place of what was known: the kept match request, and the kept briefing."""
    match_request = matching_pb2.FindMatchesRequest.FromString(known)
    _replace(match_request.person, request.person)
    briefing = pb.Briefing.FromString(briefed)
    _replace(briefing, request.briefing)
    return match_request.SerializeToString(deterministic=True), briefing.SerializeToString(deterministic=True)


def _replace(known: Any, news: Any) -> None:
    for field, _value in news.ListFields():
        known.ClearField(field.name)
    known.MergeFrom(news)
