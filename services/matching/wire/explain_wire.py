"""Read what is to be explained, and write it: codes, of which the vocabularies have the words."""

from collections.abc import Callable, Iterable, Sequence
from datetime import datetime
from typing import Final

from ihala.matching.v1 import matching_pb2 as pb
from services.errors import InvalidInput
from services.matching.constraints.table import RULES_VERSION
from services.matching.explaining.change import Change, ChangeKind
from services.matching.explaining.least import Explained, Tried
from services.matching.explaining.ledger import Line, Standing
from services.matching.explaining.near import NearlyAll, Shared
from services.matching.model.answer import Row
from services.matching.model.request import Need
from services.matching.model.verdicts import Verdict
from services.matching.wire.fragments import MM_PER_M, match_to_wire
from services.runtime.times import time_to_wire

_LONGEST_ID: Final = 64  # characters
_MOST_IDS: Final = 10  #: of those whom a change makes a match
_VERDICTS: Final = {
    Verdict.YES: pb.VERDICT_YES,
    Verdict.NO: pb.VERDICT_NO,
    Verdict.UNKNOWN: pb.VERDICT_UNKNOWN,
}
_KINDS: Final = {
    ChangeKind.ASK: pb.CHANGE_KIND_ASK,
    ChangeKind.RECORD: pb.CHANGE_KIND_RECORD,
    ChangeKind.RELAX: pb.CHANGE_KIND_RELAX,
    ChangeKind.WAIT: pb.CHANGE_KIND_WAIT,
}
_STANDINGS: Final = {
    Standing.MATCH: pb.STANDING_MATCH,
    Standing.ASK_FIRST: pb.STANDING_ASK_FIRST,
    Standing.EXCLUDED: pb.STANDING_EXCLUDED,
}

#: writes the row of a provider; None where its place is not known
RowOf = Callable[[Explained], Row | None]


def provider_id_from_wire(message: pb.ExplainMatchRequest) -> str:
    """
    Read whom to explain, empty for the nearest.

    Raises:
        InvalidInput: the id is too long, naming the field.
    """
    if len(message.provider_id) > _LONGEST_ID:
        raise InvalidInput(f"provider_id must be at most {_LONGEST_ID} characters")
    return message.provider_id


def need_from_wire(message: pb.ExplainMatchRequest, needs: Sequence[Need]) -> Need:
    """
    Read which need is to be explained, of all that an answer may have.

    Raises:
        InvalidInput: there is no such need, naming the field.
    """
    if not 0 <= message.need_no < len(needs):
        raise InvalidInput("need_no must be that of a need of the request, or of one that a rule adds")
    return needs[message.need_no]


def explanations_to_wire(
    found: NearlyAll, row_of: RowOf, *, need: Need, epoch: str, revision: int, evaluated_time: datetime
) -> pb.ExplainMatchResponse:
    """Write the answer."""
    return pb.ExplainMatchResponse(
        explanations=[_explanation(each, row_of(each)) for each in found.explained],
        changes=map(_shared, found.changes),
        confidential_excluded=[
            pb.Excluded(constraint=name, provider_count=count) for name, count in found.confidential_excluded
        ],
        code=need.code,
        directory_epoch=epoch,
        directory_revision=revision,
        evaluated_time=time_to_wire(evaluated_time),
        rules_version=RULES_VERSION,
        added_by=need.added_by,
    )


def _explanation(explained: Explained, row: Row | None) -> pb.Explanation:
    is_confidential = explained.provider.is_confidential
    return pb.Explanation(
        provider_id=explained.provider.provider_id,
        constraints=map(_verdict, explained.lines),
        least_change=[_tried(each, is_confidential=is_confidential) for each in explained.least],
        standing=_STANDINGS[explained.standing],
        unlocks=explained.unlocks,
        fixed=explained.fixed,
        match=None if row is None else match_to_wire(row),
    )


def _verdict(line: Line) -> pb.ConstraintVerdict:
    finding = line.finding
    return pb.ConstraintVerdict(
        constraint=line.constraint.name,
        verdict=_VERDICTS[finding.verdict],
        caution=finding.verdict is not Verdict.YES and not line.obstacle,
        question=finding.question,
        ask=finding.ask,
        requirement=line.constraint.requirement,
    )


def _tried(tried: Tried, *, is_confidential: bool) -> pb.LeastChange:
    change = _change(tried.change, tried.constraint, tried.turns)
    change.answer = tried.change.answer
    if tried.change.cost_mm and not is_confidential:
        change.cost_m = tried.change.cost_mm / MM_PER_M
    if tried.change.wait_s:
        change.wait.seconds = tried.change.wait_s
    return change


def _change(change: Change, constraint: str, turns: Iterable[str]) -> pb.LeastChange:
    return pb.LeastChange(
        kind=_KINDS[change.kind], constraint=constraint, code=change.code, ask=change.ask, turns=turns
    )


def _shared(shared: Shared) -> pb.SharedChange:
    ids = [each.provider_id for each in shared.unlocked if not each.is_confidential]
    return pb.SharedChange(
        change=_change(shared.change, shared.constraint, shared.turns),
        settled_count=shared.settled_count,
        unlocked_count=len(shared.unlocked),
        unlocked_provider_ids=ids[:_MOST_IDS],
    )
