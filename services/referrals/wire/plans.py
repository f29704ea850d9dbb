"""A plan of many people turned into offers, in messages: what each provider is asked for, all of it at once."""

from collections import Counter
from collections.abc import Iterable, Sequence
from dataclasses import dataclass

from ihala.matching.v1 import matching_pb2
from ihala.referrals.v1 import referrals_service_pb2 as service_pb
from services.errors import InvalidInput
from services.referrals.model import PlaceItem, checked_id
from services.referrals.wire.asking import FRONT_GATE
from services.referrals.wire.basics import enum_from_wire
from services.taxonomy import Urgency

MAX_PARTS = 4096
MAX_PLACES = 1000  #: of one population in one offer


@dataclass(frozen=True, slots=True, kw_only=True)
class Share:
    """What a plan asks of one provider for one service."""

    provider_id: str
    code: str
    urgency: Urgency  #: of the most urgent of them
    items: tuple[PlaceItem, ...]
    labels: tuple[str, ...]  #: the groups whose people they are
    is_divisible: bool  #: nobody of them has to stay together
    turned: tuple[str, ...]  #: constraints that say no now
    asks_gate: bool
    needed_fields: tuple[str, ...]
    request: matching_pb2.FindMatchesRequest  #: the same as a match of its own


@dataclass(frozen=True, slots=True)
class OpenNeed:
    """A need that a rule adds to a group, and for which a plan asks nobody (R35)."""

    label: str  #: the group
    code: str
    urgency: Urgency
    request: matching_pb2.FindMatchesRequest  #: the same as a match of its own


@dataclass(frozen=True, slots=True)
class CheckedPlan:
    """What matching says of a plan now."""

    shares: list[Share]
    open_needs: list[OpenNeed]


def plan_check_to_wire(request: service_pb.CreateReferralsRequest) -> matching_pb2.CheckPlanRequest:
    """
    Ask matching about the parts of a plan.

    Raises:
        InvalidInput: There are none, or too many.
    """
    if not 1 <= len(request.assignments) <= MAX_PARTS:
        raise InvalidInput(f"assignments must have 1 to {MAX_PARTS} parts")
    for number, part in enumerate(request.assignments):
        checked_id(part.provider_id, f"assignments[{number}].provider_id")
    return matching_pb2.CheckPlanRequest(
        match_token=request.match_token, request=request.plan_request, assignments=request.assignments
    )


def plan_from_wire(answer: matching_pb2.CheckPlanResponse) -> CheckedPlan:
    """
    Read what each provider is asked for, and what nobody is asked for.

    Raises:
        InvalidInput: As `shares_from_wire`.
    """
    return CheckedPlan(
        shares_from_wire(answer),
        [
            OpenNeed(
                each.label,
                each.code,
                enum_from_wire(
                    matching_pb2.Urgency, Urgency, each.request.needs[0].urgency, "plan_request.groups.needs.urgency"
                ),
                each.request,
            )
            for each in answer.unassigned
        ],
    )


def shares_from_wire(answer: matching_pb2.CheckPlanResponse) -> list[Share]:
    """
    Put the parts together that one provider is asked for, in the order in which providers come first.

    Raises:
        InvalidInput: A provider is asked for more places of a population than an offer has.
    """
    parts: dict[tuple[str, str], list[matching_pb2.CheckedPart]] = {}
    for part in answer.parts:
        parts.setdefault((part.assignment.provider_id, part.request.needs[0].code), []).append(part)
    return [_share(provider_id, code, each) for (provider_id, code), each in parts.items()]


def _share(provider_id: str, code: str, parts: Sequence[matching_pb2.CheckedPart]) -> Share:
    counts: Counter[str] = Counter()
    for part in parts:
        for item in part.request.needs[0].items:
            counts[item.population] += item.count
    if any(count > MAX_PLACES for count in counts.values()):
        raise InvalidInput(f"assignments must ask a provider for at most {MAX_PLACES} places of a population")
    items = tuple(PlaceItem(population, count) for population, count in sorted(counts.items()))
    order = list(Urgency)
    urgencies = [
        enum_from_wire(
            matching_pb2.Urgency, Urgency, part.request.needs[0].urgency, "plan_request.groups.needs.urgency"
        )
        for part in parts
    ]
    return Share(
        provider_id=provider_id,
        code=code,
        urgency=min(urgencies, key=order.index),
        items=items,
        labels=tuple(dict.fromkeys(part.assignment.label for part in parts)),
        is_divisible=all(part.assignment.party_no == 0 for part in parts),
        turned=tuple(dict.fromkeys(each for part in parts for each in part.turned)),
        asks_gate=any(unknown.question == FRONT_GATE for part in parts for unknown in part.match.unknowns),
        needed_fields=tuple(sorted({field for part in parts for field in part.match.needed_fields})),
        request=_together([part.request for part in parts], items),
    )


def _together(
    requests: Sequence[matching_pb2.FindMatchesRequest], items: Iterable[PlaceItem]
) -> matching_pb2.FindMatchesRequest:
    """Write one request for all of them: what is known of everybody alike, and nothing that is not."""
    request = matching_pb2.FindMatchesRequest()
    request.CopyFrom(requests[0])
    del request.needs[0].items[:]
    request.needs[0].items.extend(
        matching_pb2.PlaceItem(population=item.population, count=item.count) for item in items
    )
    for each in requests:
        urgency = each.needs[0].urgency
        request.needs[0].urgency = min(request.needs[0].urgency, urgency)
    person = matching_pb2.Person()
    for field, value in requests[0].person.ListFields():
        others = [dict(_named(each.person)) for each in requests[1:]]
        if all(field.name in each and each[field.name] == value for each in others):
            getattr(person, field.name).CopyFrom(value) if field.message_type else setattr(person, field.name, value)
    request.person.CopyFrom(person)
    request.person.SetInParent()  # people, of whom nothing is known alike: never a plain search
    return request


def _named(person: matching_pb2.Person) -> Iterable[tuple[str, object]]:
    return ((field.name, value) for field, value in person.ListFields())
