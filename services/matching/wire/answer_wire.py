"""Write the answer to a whole request as bytes: a list of rows is put together from fragments."""

from collections.abc import Iterable, Sequence
from datetime import datetime
from typing import Final

from ihala.matching.v1 import matching_pb2 as pb
from services.matching.companions import Conflict
from services.matching.constraints.table import RULES_VERSION
from services.matching.model.answer import NeedAnswer
from services.matching.wire.fragments import inside, row_to_bytes, tag_of
from services.matching.wire.response_wire import time_to_wire

_NEEDS: Final = tag_of(pb.FindMatchesResponse, "needs")
_MATCHES: Final = tag_of(pb.NeedMatches, "matches")
_ASK_FIRST: Final = tag_of(pb.NeedMatches, "ask_first")


def answer_to_wire(
    answers: Iterable[NeedAnswer],
    *,
    epoch: str,
    revision: int,
    evaluated_time: datetime,
    match_token: str,
    conflicts: Iterable[Conflict] = (),
    screening: Sequence[str] = (),
) -> bytes:
    """Write the answer to a whole request: a `FindMatchesResponse`."""
    ending = pb.FindMatchesResponse(
        directory_epoch=epoch,
        directory_revision=revision,
        evaluated_time=time_to_wire(evaluated_time),
        rules_version=RULES_VERSION,
        match_token=match_token,
        safety_conflicts=[pb.SafetyConflict(code=each.code, person_refs=each.person_refs) for each in conflicts],
        rescreen=pb.Rescreen(questions=screening) if screening else None,
    )
    needs = [inside(_NEEDS, _need_matches(number, answer)) for number, answer in enumerate(answers)]
    return b"".join([*needs, ending.SerializeToString()])


def _need_matches(number: int, answer: NeedAnswer) -> bytes:
    ending = pb.NeedMatches(
        need_no=number,
        code=answer.need.code,
        excluded=[pb.Excluded(constraint=name, provider_count=count) for name, count in answer.excluded],
        added_by=answer.need.added_by,
        confidential_safety_count=answer.confidential_safety_count,
        questions=answer.questions,
    )
    matches = [inside(_MATCHES, row_to_bytes(row)) for row in answer.matches]
    ask_first = [inside(_ASK_FIRST, row_to_bytes(row)) for row in answer.ask_first]
    return b"".join([*matches, *ask_first, ending.SerializeToString()])
