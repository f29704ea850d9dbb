"""Translate plans for many people between the SDK's values and the wire."""

from base64 import urlsafe_b64encode
from collections.abc import Mapping
from datetime import UTC, datetime
from typing import Any

from ihala.case_wire import message_from_json
from ihala.enum_wire import time_to_wire, word_of
from ihala.match_wire import reach_from_wire, row_from_wire
from ihala.matching.v1 import matching_pb2 as pb
from ihala.plan import PlanAnswer, PlanLeft, PlanPart
from ihala.request_wire import origin_to_wire
from services.geo import AreaCell, Point


def plan_from_json(
    document: Mapping[str, Any], origin: Point | AreaCell | str | None, when_time: datetime | None
) -> pb.PlanMatchesRequest:
    """
    Read a plan from JSON, in the form that protobuf gives a `PlanMatchesRequest`.

    Args:
        document: As it was read from its file.

        origin: Instead of the document's own.

        when_time: Instead of the document's own.

    Raises:
        InvalidInput: it is not a plan (MALFORMED), or has a field that there is not (UNKNOWN_FIELD).
    """
    request = message_from_json(document, pb.PlanMatchesRequest(), "plan")
    if origin is not None:
        request.origin.CopyFrom(origin_to_wire(origin))
    stamp = time_to_wire(when_time, "when_time")
    if stamp is not None:
        request.when_time.CopyFrom(stamp)
    return request


def plan_from_wire(response: pb.PlanMatchesResponse, request: pb.PlanMatchesRequest) -> PlanAnswer:
    """Read a plan; its token carries the request that it is of, as that of a match does."""
    encoded = urlsafe_b64encode(request.SerializeToString()).decode()
    return PlanAnswer(
        parts=[_part(each) for each in response.assignments],
        left=[_left(each) for each in response.unassigned],
        providers={each.provider_id: row_from_wire(each, 0, "") for each in response.providers},
        conflicts=[(list(each.labels), each.keep_apart) for each in response.conflicts],
        total_cost_m=response.total_cost_m,
        bound_m=response.bound_m,
        greedy_cost_m=response.greedy_cost_m,
        placed_count=response.placed_count,
        greedy_placed_count=response.greedy_placed_count,
        method=word_of(pb.PlanMethod, "PLAN_METHOD", response.method),
        is_optimal=response.optimal,
        directory_epoch=response.directory_epoch,
        directory_revision=response.directory_revision,
        evaluated_time=response.evaluated_time.ToDatetime(tzinfo=UTC),
        rules_version=response.rules_version,
        match_token=f"{response.match_token}~{encoded}",
    )


def _part(part: pb.Assignment) -> PlanPart:
    distance_m, band = reach_from_wire(part)
    return PlanPart(
        label=part.label,
        need_no=part.need_no,
        code=part.code,
        provider_id=part.provider_id,
        count=part.count,
        cost_m=part.cost_m if band is None else None,
        distance_m=distance_m,
        band=band,
        items={each.population: each.count for each in part.items},
        party_no=part.party_no,
        cautions=[(each.constraint, each.code) for each in part.cautions],
        added_by=part.added_by,
    )


def _left(left: pb.Unassigned) -> PlanLeft:
    return PlanLeft(
        label=left.label,
        need_no=left.need_no,
        code=left.code,
        count=left.count,
        excluded=[(each.constraint, each.provider_count) for each in left.excluded],
        ask_first_count=left.ask_first_count,
        ask_first=[row_from_wire(each, left.need_no, left.code) for each in left.ask_first],
        added_by=left.added_by,
    )
