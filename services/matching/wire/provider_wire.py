"""Read providers as the directory's feed tells them."""

from collections.abc import Iterable, Mapping, Sequence
from functools import lru_cache
from typing import Any, Final, TypeVar

from ihala.directory.v1 import directory_pb2 as pb
from ihala.geo.v1 import geo_pb2
from services.errors import InvalidInput
from services.geo import AreaCell, Place, Point
from services.matching.model.provider import (
    Claim,
    Contact,
    LanguageOffer,
    Modality,
    PlaceReport,
    Provider,
    ReachOut,
    Reporting,
    Rule,
    RuleKind,
    Status,
    Text,
    VettingState,
)
from services.matching.wire.areas_wire import areas_from_wire
from services.matching.wire.hours_wire import exception_from_wire, schedule_from_wire
from services.runtime.times import time_of
from services.taxonomy import canonical_language

V = TypeVar("V")

_MOST_SHARED: Final = 200_000
_SHARED: Final[dict[Any, Any]] = {}

#: what is not said, or said by a later version, is read as the least that it can mean
CLAIMS: Final = {pb.CLAIM_YES: Claim.YES, pb.CLAIM_NO: Claim.NO}
STATUSES: Final = {
    pb.STATUS_ACTIVE: Status.ACTIVE,
    pb.STATUS_PAUSED: Status.PAUSED,
    pb.STATUS_DO_NOT_REFER: Status.DO_NOT_REFER,
    pb.STATUS_CLOSED: Status.CLOSED,
}
REACHES_OUT: Final = {
    pb.REACH_OUT_ENROLLED: ReachOut.ENROLLED,
    pb.REACH_OUT_TELEPHONE: ReachOut.TELEPHONE,
    pb.REACH_OUT_WALK_IN: ReachOut.WALK_IN,
}
VETTINGS: Final = {
    pb.VETTING_STATE_LISTED: VettingState.LISTED,
    pb.VETTING_STATE_VETTED: VettingState.VETTED,
    pb.VETTING_STATE_SUSPENDED: VettingState.SUSPENDED,
}
REPORTINGS: Final = {
    pb.REPORTING_NONE: Reporting.NONE,
    pb.REPORTING_BY_LAW: Reporting.BY_LAW,
    pb.REPORTING_BY_POLICY: Reporting.BY_POLICY,
}
RULE_KINDS: Final = {
    pb.RULE_KIND_AGE: RuleKind.AGE,
    pb.RULE_KIND_GENDER: RuleKind.GENDER,
    pb.RULE_KIND_FAMILY: RuleKind.FAMILY,
    pb.RULE_KIND_EXPLOITATION: RuleKind.EXPLOITATION,
    pb.RULE_KIND_PROCESS: RuleKind.PROCESS,
    pb.RULE_KIND_LEGAL_STATUS: RuleKind.LEGAL_STATUS,
    pb.RULE_KIND_UNACCOMPANIED_CHILD: RuleKind.UNACCOMPANIED_CHILD,
    pb.RULE_KIND_DOCUMENTS: RuleKind.DOCUMENTS,
}
MODALITIES: Final = {pb.MODALITY_SIGNED: Modality.SIGNED, pb.MODALITY_WRITTEN: Modality.WRITTEN}
INTERPRETERS: Final = frozenset({pb.LANGUAGE_MODE_INTERPRETER_ON_SITE, pb.LANGUAGE_MODE_INTERPRETER_REMOTE})
CONTACT_KINDS: Final = {pb.CONTACT_KIND_PHONE: "phone", pb.CONTACT_KIND_EMAIL: "email", pb.CONTACT_KIND_WEB: "web"}


def provider_from_wire(
    message: pb.Provider, revision: int, areas_of_service: Sequence[pb.ServiceArea] = ()
) -> Provider:
    """
    Read a provider; where it names no area of its own, it serves where its service does.

    Raises:
        InvalidInput: it has a kind of rule that is not known here, or a confidential
            site has a point: neither may ever be guessed at.
    """
    place = place_from_wire(message.place)
    provider_id = message.provider_id  # each reading makes another text
    is_confidential = message.disclosure != pb.DISCLOSURE_PUBLIC
    if is_confidential and isinstance(place, Point):
        raise InvalidInput("place must be a cell for a confidential site")
    return Provider(
        provider_id=provider_id,
        revision=revision,
        pool_id=provider_id if message.pool_id in {"", provider_id} else message.pool_id,
        location_id=message.location_id,
        place=place,
        is_confidential=is_confidential,
        country_code=shared(message.country_code),
        time_zone=shared(message.time_zone),
        names=texts_from_wire(message.names),
        claims=shared(tuple(sorted((each.code, _claim(each.claim)) for each in message.claims))),
        rules=shared(frozenset(map(_rule, message.rules))),
        languages=shared(frozenset(map(_language, message.languages))),
        start_time=time_of(message.valid, "start_time"),
        end_time=time_of(message.valid, "end_time"),
        status=STATUSES.get(message.status, Status.DRAFT),
        vetting=VETTINGS.get(message.vetting.state, VettingState.UNVETTED),
        vetting_expire_time=time_of(message.vetting, "expire_time"),
        reporting=REPORTINGS.get(message.firewall.reporting, Reporting.UNKNOWN),
        co_located=_claim(message.firewall.co_located),
        reach_out=REACHES_OUT.get(message.reach_out, ReachOut.NONE),
        contacts=tuple(map(_contact, message.contacts)),
        place_reports=tuple(map(_place_report, message.place_reports)),
        schedules=shared(tuple(map(schedule_from_wire, message.schedules))),
        hours_exceptions=shared(tuple(map(exception_from_wire, message.hours_exceptions))),
        staff_genders=shared(frozenset(message.staff_genders)),
        wheelchair=_claim(message.wheelchair),
        works_across_borders=_claim(message.works_across_borders),
        service_areas=areas_from_wire(message.service_areas or areas_of_service),
        is_detention=message.detention,
        dataset=shared(message.source.dataset),
        source_key=message.source.source_key,
        verified_time=time_of(message.source, "verified_time"),
        receiver_heard_time=time_of(message, "receiver_heard_time"),
    )


def shared(value: V) -> V:
    """Choose one copy of what many providers say alike: a directory of millions says few different things."""
    if len(_SHARED) >= _MOST_SHARED:
        _SHARED.clear()  # those who have a copy keep it
    copy: V = _SHARED.setdefault(value, value)
    return copy


def place_from_wire(message: geo_pb2.Place) -> Place | None:
    """Read a place; None if nobody knows it."""
    match message.WhichOneof("place"):
        case "point":
            return Point(message.point.latitude_deg, message.point.longitude_deg)
        case "cell":
            return AreaCell(message.cell.h3_cell)
        case _:
            return None


def texts_from_wire(messages: Iterable[pb.LocalizedText]) -> tuple[Text, ...]:
    return tuple(Text(language=shared(each.language), text=each.text) for each in messages)


def _claim(value: Any) -> Claim:
    return CLAIMS.get(value, Claim.UNKNOWN)


def _rule(message: pb.Rule) -> Rule:
    kind = RULE_KINDS.get(message.kind)
    if kind is None:
        raise InvalidInput("rules must be of kinds that are known here")
    band = message.age
    return shared(
        Rule(
            kind=kind,
            claim=_claim(message.claim),
            min_years=band.min_years if band.HasField("min_years") else None,
            max_years=band.max_years if band.HasField("max_years") else None,
            codes=frozenset(message.codes),
        )
    )


def _language(message: pb.LanguageOffer) -> LanguageOffer:
    return LanguageOffer(
        tag=_tag(message.language),
        modality=MODALITIES.get(message.modality, Modality.SPOKEN),
        by_interpreter=message.mode in INTERPRETERS,
        vetted=_claim(message.vetted),
    )


_tag = lru_cache(maxsize=1024)(canonical_language)


def _contact(message: pb.Contact) -> Contact:
    return Contact(
        kind=CONTACT_KINDS.get(message.kind, ""), value=message.value, labels=texts_from_wire(message.labels)
    )


def _place_report(message: pb.PlaceReport) -> PlaceReport:
    return PlaceReport(
        population=shared(message.population),
        total=message.total if message.HasField("total") else None,
        occupied=message.occupied if message.HasField("occupied") else None,
        report_time=time_of(message, "report_time"),
    )


def turn(values: Mapping[Any, V]) -> dict[V, Any]:
    """Turn a table of enums round, for writing."""
    return {value: number for number, value in values.items()}
