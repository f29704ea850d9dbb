"""Write the answer to a whole request as bytes: lists of rows, and what is told beside them."""

from collections.abc import Iterable, Sequence
from functools import lru_cache
from typing import Final

from ihala.matching.v1 import matching_pb2 as pb
from services.matching.companions import Conflict
from services.matching.constraints.table import RULES_VERSION
from services.matching.index.stamping import time_to_bytes
from services.matching.listing import NeedAnswer
from services.matching.wire.listing_bytes import listing_to_bytes
from services.matching.wire.writing import number, tag_of, text, varint

_NEEDS: Final = tag_of(pb.FindMatchesResponse, "needs")
_EVALUATED: Final = tag_of(pb.FindMatchesResponse, "evaluated_time")
_TOKEN: Final = tag_of(pb.FindMatchesResponse, "match_token")
_NUMBER: Final = tag_of(pb.NeedMatches, "need_no")
_CODE: Final = tag_of(pb.NeedMatches, "code")
_ADDED_BY: Final = tag_of(pb.NeedMatches, "added_by")
_OF_SAFETY: Final = tag_of(pb.NeedMatches, "confidential_safety_count")
_QUESTIONS: Final = tag_of(pb.NeedMatches, "questions")


def answer_to_wire(
    answers: Iterable[NeedAnswer],
    *,
    epoch: str,
    revision: int,
    evaluated_us: int,
    match_token: str,
    conflicts: Sequence[Conflict] = (),
    screening: Sequence[str] = (),
) -> bytes:
    """
    Write the answer to a whole request: a `FindMatchesResponse`.

    Args:
        answers: For each need.

        epoch: Of the directory that was asked.

        revision: Of the same.

        evaluated_us: For when it was judged, in microseconds since 1970.

        match_token: Proof of the answer.

        conflicts: What of the envelope cannot hold.

        screening: Questions to ask again.
    """
    parts: list[bytes | bytearray] = []
    for need_no, answer in enumerate(answers):
        content = need_to_bytes(need_no, answer)
        parts += (_NEEDS, varint(len(content)), content)
    token = match_token.encode()
    parts += (_revision(epoch, revision), _EVALUATED, time_to_bytes(evaluated_us), _TOKEN, varint(len(token)), token)
    if conflicts or screening:
        told = pb.FindMatchesResponse(
            safety_conflicts=[pb.SafetyConflict(code=each.code, person_refs=each.person_refs) for each in conflicts],
            rescreen=pb.Rescreen(questions=screening) if screening else None,
        )
        parts.append(told.SerializeToString())
    return b"".join(parts)


@lru_cache(maxsize=16)
def _revision(epoch: str, revision: int) -> bytes:
    """Write by what was answered, the same for all answers from one snapshot."""
    return pb.FindMatchesResponse(
        directory_epoch=epoch, directory_revision=revision, rules_version=RULES_VERSION
    ).SerializeToString()


def need_to_bytes(need_no: int, answer: NeedAnswer) -> bytes:
    """Write the answer for one need: a `NeedMatches`."""
    need, listing, counts, confidential_safety_count, questions = answer
    asked = _asked(need_no, need.code, need.added_by, questions)
    content = asked + listing_to_bytes(listing, counts)
    return content + number(_OF_SAFETY, confidential_safety_count) if confidential_safety_count else content


@lru_cache(maxsize=512)
def _asked(need_no: int, code: str, added_by: str, questions: tuple[str, ...]) -> bytes:
    texts = text(_CODE, code), text(_ADDED_BY, added_by), *[text(_QUESTIONS, each) for each in questions]
    return number(_NUMBER, need_no) + b"".join(texts)
