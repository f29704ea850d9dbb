"""Read explanations from the wire."""

from datetime import UTC

from ihala.enum_wire import word_of
from ihala.explanation import Change, ExplainAnswer, Explanation, SharedChange, Verdict
from ihala.match_wire import row_from_wire
from ihala.matching.v1 import matching_pb2 as pb


def explanations_from_wire(response: pb.ExplainMatchResponse) -> ExplainAnswer:
    """Read the answer."""
    return ExplainAnswer(
        code=response.code,
        explanations=tuple(_explanation(each, response.code) for each in response.explanations),
        changes=tuple(
            SharedChange(
                change=_change(each.change),
                settled_count=each.settled_count,
                unlocked_count=each.unlocked_count,
                unlocked_provider_ids=tuple(each.unlocked_provider_ids),
            )
            for each in response.changes
        ),
        confidential_excluded={each.constraint: each.provider_count for each in response.confidential_excluded},
        directory_epoch=response.directory_epoch,
        directory_revision=response.directory_revision,
        evaluated_time=response.evaluated_time.ToDatetime(tzinfo=UTC),
        rules_version=response.rules_version,
        added_by=response.added_by,
    )


def _explanation(message: pb.Explanation, code: str) -> Explanation:
    return Explanation(
        provider_id=message.provider_id,
        standing=word_of(pb.Standing, "STANDING", message.standing),
        verdicts=tuple(
            Verdict(
                constraint=each.constraint,
                verdict=word_of(pb.Verdict, "VERDICT", each.verdict) or "unknown",
                is_caution=each.caution,
                question=each.question,
                ask=each.ask,
                requirement=each.requirement,
            )
            for each in message.constraints
        ),
        least_change=tuple(map(_change, message.least_change)),
        unlocks=message.unlocks,
        fixed=tuple(message.fixed),
        row=row_from_wire(message.match, 0, code) if message.HasField("match") else None,
    )


def _change(message: pb.LeastChange) -> Change:
    return Change(
        kind=word_of(pb.ChangeKind, "CHANGE_KIND", message.kind),
        constraint=message.constraint,
        code=message.code,
        ask=message.ask,
        answer=message.answer,
        turns=tuple(message.turns),
        cost_m=message.cost_m,
        wait=message.wait.ToTimedelta(),
    )
