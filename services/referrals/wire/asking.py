"""A match turned into offers, in messages: what a sender asks, and what matching says of it."""

from collections.abc import Collection, Iterable, Mapping, Sequence
from dataclasses import dataclass, field

import h3

from ihala.geo.v1 import geo_pb2
from ihala.matching.v1 import matching_pb2
from ihala.referrals.v1 import referrals_pb2 as pb
from ihala.referrals.v1 import referrals_service_pb2 as service_pb
from services import geo
from services.errors import InvalidInput, Violation
from services.referrals.disclosure import BRIEFING_FACTS
from services.referrals.model import Choice, Need, PlaceItem, checked_id
from services.referrals.wire.basics import enum_from_wire, enum_to_wire, time_from_wire
from services.taxonomy import Urgency, service

MAX_CHOICES = 64
MAX_NEEDS = 16
MAX_ADDED = 2  #: needs that rules of matching add to those of a request (R35, R40)
FRONT_GATE = "front_gate"  #: what matching asks of a confidential site whose cell touches a zone
NEXT_LIMIT = 10  #: who is looked at when the next provider is looked for


@dataclass(frozen=True, slots=True)
class Checked:
    """What matching says of a choice now."""

    choice: Choice
    turned: tuple[str, ...]  #: constraints that say no now
    items: tuple[PlaceItem, ...]
    needed_fields: tuple[str, ...]
    asks_gate: bool = False  #: its cell touches a zone: somebody must have spoken to the front gate (R22)
    code: str = ""  #: of the need, also of one that a rule of matching has added
    area_cell: str = ""  #: where the person is, an H3 cell of resolution 3; empty: not known


@dataclass(frozen=True, slots=True)
class CheckedMatch:
    """What matching says of the choices of a match now."""

    choices: list[Checked]  #: in the order in which they came
    following: list[Choice]  #: who comes next for the needs
    added: Mapping[int, str] = field(default_factory=dict)  #: codes of needs that a rule added, by number


def needs_from_wire(request: matching_pb2.FindMatchesRequest, referral_id: str) -> list[Need]:
    """
    Read the needs of the request that was matched.

    Raises:
        InvalidInput: There is none, too many, an unknown code, or one without urgency.
    """
    if not 1 <= len(request.needs) <= MAX_NEEDS:
        raise InvalidInput(f"match_request.needs must have 1 to {MAX_NEEDS} needs")
    return [
        Need(
            referral_id=referral_id,
            need_no=number,
            code=service(need.code, f"match_request.needs[{number}].code").code,
            urgency=enum_from_wire(
                matching_pb2.Urgency, Urgency, need.urgency, f"match_request.needs[{number}].urgency"
            ),
        )
        for number, need in enumerate(request.needs)
    ]


def choices_from_wire(choices: Sequence[service_pb.OfferChoice], need_count: int, field: str) -> list[Choice]:
    """
    Read whom to ask.

    Raises:
        InvalidInput: None or too many, a need that is not there, or a provider twice for a need.
    """
    if not 1 <= len(choices) <= MAX_CHOICES:
        raise InvalidInput(f"{field} must have 1 to {MAX_CHOICES} choices")
    read = []
    for number, each in enumerate(choices):
        if not 0 <= each.need_no < need_count:
            raise InvalidInput(f"{field}[{number}].need_no must be the number of a need of match_request")
        provider_id = checked_id(each.provider_id, f"{field}[{number}].provider_id")
        read.append(Choice(each.need_no, provider_id, each.gate_confirmed))
    if len({(each.need_no, each.provider_id) for each in read}) != len(read):
        raise InvalidInput(f"{field} must not have a provider twice for a need")
    return read


def check_to_wire(
    match_token: str, request: matching_pb2.FindMatchesRequest, choices: Sequence[Choice], *, with_next: bool
) -> matching_pb2.CheckMatchRequest:
    """Ask matching about choices."""
    return matching_pb2.CheckMatchRequest(
        match_token=match_token,
        request=request,
        choices=[matching_pb2.MatchChoice(need_no=each.need_no, provider_id=each.provider_id) for each in choices],
        without_next=not with_next,
    )


def checked_from_wire(answer: matching_pb2.CheckMatchResponse) -> CheckedMatch:
    """Read what matching says of choices, who comes next, and what a rule added."""
    checked = [
        Checked(
            choice=Choice(each.choice.need_no, each.choice.provider_id),
            turned=tuple(each.turned),
            items=tuple(PlaceItem(item.population, item.count) for item in each.items),
            needed_fields=tuple(each.match.needed_fields),
            asks_gate=any(unknown.question == FRONT_GATE for unknown in each.match.unknowns),
            code=each.code,
            area_cell=answer.origin_area_cell,
        )
        for each in answer.choices
    ]
    return CheckedMatch(
        checked,
        [Choice(each.need_no, each.provider_id) for each in answer.next_candidates],
        {each.need_no: each.code for each in answer.added_needs},
    )


def briefing_fields(briefing: pb.Briefing) -> set[str]:
    """
    List the consent fields that a briefing would disclose.

    Raises:
        InvalidInput: A value is unknown, or the arrival ends before it starts.
    """
    for name, kind in (("brought_by", pb.BroughtBy), ("risk", pb.Risk), ("precaution", pb.Precaution)):
        if getattr(briefing, name) not in kind.values():
            raise InvalidInput(f"briefing.{name} must be a value of {kind.DESCRIPTOR.name}")
    starts, ends = (time_from_wire(briefing, f"arrive_{end}_time") for end in ("start", "end"))
    if starts is not None and ends is not None and ends < starts:
        rule = "must not be before arrive_start_time"
        raise InvalidInput(f"briefing.arrive_end_time {rule}", fields=[Violation("briefing.arrive_end_time", rule)])
    given = {field.name for field, _value in briefing.ListFields()}
    return {field for field, facts in BRIEFING_FACTS.items() if given.intersection(facts)}


def added_needs(needs: Sequence[Need], match: CheckedMatch, arranged: Collection[str] = ()) -> list[Need]:
    """
    List the needs that a rule of matching has added, chosen or not (R35, R40).

    Args:
        needs: That were asked for.

        match: As matching sees it now.

        arranged: Codes of added needs that are met elsewhere: left out unless somebody was chosen for them.
    """
    asked = {need.need_no for need in needs}
    codes = {need_no: code for need_no, code in match.added.items() if code not in arranged}
    codes |= {each.choice.need_no: each.code for each in match.choices if each.choice.need_no not in asked}
    order = list(Urgency)
    most_urgent = min((need.urgency for need in needs), key=order.index)
    return [
        Need(
            referral_id=needs[0].referral_id,
            need_no=need_no,
            code=service(code, "choices.need_no").code,
            urgency=most_urgent,
        )
        for need_no, code in sorted(codes.items())
    ]


def request_to_keep(request: matching_pb2.FindMatchesRequest, more: Iterable[Need] = ()) -> bytes:
    """
    Write what is sealed of a match request, for matching again: an exact origin becomes a cell.

    A point is used in memory alone, here too. Needs that the request does not have, such as
    those that a rule has added, are asked for from now on.
    """
    kept = matching_pb2.FindMatchesRequest()
    kept.CopyFrom(request)
    known = {need.code for need in request.needs}
    for need in more:
        if need.code not in known:
            kept.needs.add(code=need.code, urgency=enum_to_wire(matching_pb2.Urgency, need.urgency))
    origin = request.origin
    if origin.HasField("point"):
        point = geo.Point(origin.point.latitude_deg, origin.point.longitude_deg)
        kept.origin.CopyFrom(geo_pb2.Origin(h3_cell=geo.cell_at(point, geo.FINEST_RESOLUTION).h3_cell))
    elif origin.HasField("h3_cell") and geo.is_cell(origin.h3_cell):
        resolution = min(h3.get_resolution(origin.h3_cell), geo.FINEST_RESOLUTION)
        kept.origin.CopyFrom(geo_pb2.Origin(h3_cell=h3.cell_to_parent(origin.h3_cell, resolution)))
    return kept.SerializeToString(deterministic=True)


def request_for_next(
    kept: bytes, need: Need, excluded_provider_ids: Iterable[str]
) -> matching_pb2.FindMatchesRequest | None:
    """
    Ask matching again for one need of a kept request: now, and without some providers.

    Returns:
        The request; None if nothing of the kind was kept.
    """
    request = matching_pb2.FindMatchesRequest.FromString(kept)
    of_code = [each for each in request.needs if each.code == need.code]
    if not of_code:
        return None
    numbered = request.needs[need.need_no] if need.need_no < len(request.needs) else of_code[0]
    wanted = matching_pb2.Need()
    wanted.CopyFrom(numbered if numbered.code == need.code else of_code[0])
    if need.items:
        del wanted.items[:]
        wanted.items.extend(matching_pb2.PlaceItem(population=item.population, count=item.count) for item in need.items)
    del request.needs[:]
    request.needs.append(wanted)
    request.ClearField("when_time")
    request.limit = NEXT_LIMIT
    excluded = {*request.safety.excluded_provider_ids, *excluded_provider_ids}
    del request.safety.excluded_provider_ids[:]
    request.safety.excluded_provider_ids.extend(sorted(excluded))
    return request


def best_of(answer: matching_pb2.FindMatchesResponse) -> list[Choice]:
    """List the providers of the only need that can take her as far as is known, best first."""
    return [Choice(0, row.provider_id) for each in answer.needs if not each.added_by for row in each.matches]


def person_of(kept: bytes) -> matching_pb2.Person:
    """Read the person out of a kept match request."""
    return matching_pb2.FindMatchesRequest.FromString(kept).person


def briefing_of(kept: bytes) -> pb.Briefing:
    """Read a kept briefing."""
    return pb.Briefing.FromString(kept)
