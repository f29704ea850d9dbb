"""Providers on the wire."""

from collections.abc import Callable, Sequence
from functools import lru_cache
from typing import Any, Final

from ihala.directory.v1 import directory_pb2 as pb
from services.directory.model import (
    AgeBand,
    Firewall,
    Provider,
    Rule,
    ServiceClaim,
    Site,
    Vetting,
    VettingState,
    each_inside,
    inside,
)
from services.directory.wire.areas_wire import area_to_wire, areas_from_wire
from services.directory.wire.costs_wire import cost_from_wire, cost_to_wire
from services.directory.wire.hours_wire import exception_from_wire, exception_to_wire
from services.directory.wire.places_wire import place_from_wire, place_to_wire, precision_from_wire, precision_to_wire
from services.directory.wire.values_wire import (
    contact_from_wire,
    contact_to_wire,
    language_from_wire,
    language_to_wire,
    period_from_wire,
    period_to_wire,
    report_from_wire,
    report_to_wire,
    schedule_from_wire,
    schedule_to_wire,
    source_from_wire,
    source_to_wire,
    text_to_wire,
    texts_from_wire,
    time_from_wire,
    time_to_wire,
)
from services.directory.wire.words_wire import (
    CLAIM,
    DELIVERY,
    DISCLOSURE,
    REACH_OUT,
    REPORTING,
    RULE_KIND,
    STATUS,
    VETTING_STATE,
)

_REMEMBERED: Final = 1024  #: claims that are read from their fields once each
_ENDLESS: Final = {state: Vetting(state) for state in VettingState}


def provider_from_wire(message: pb.Provider) -> Provider:
    """Read what an editor may write; what is copied from the location is not looked at."""
    return Provider(
        service_id=message.service_id,
        location_id=message.location_id,
        receiver_id=message.receiver_id,
        pool_id=message.pool_id,
        source=inside("source", source_from_wire, message.source) if message.HasField("source") else None,
        names=texts_from_wire("names", message.names),
        descriptions=texts_from_wire("descriptions", message.descriptions),
        claims=each_inside("claims", _claim_from_wire, message.claims),
        rules=each_inside("rules", _rule_from_wire, message.rules),
        languages=each_inside("languages", language_from_wire, message.languages),
        valid=inside("valid", period_from_wire, message.valid),
        status=STATUS.read("status", message.status),
        vetting=inside("vetting", _vetting_from_wire, message.vetting),
        firewall=inside("firewall", _firewall_from_wire, message.firewall),
        reach_out=REACH_OUT.read("reach_out", message.reach_out),
        contacts=each_inside("contacts", contact_from_wire, message.contacts),
        place_reports=each_inside("place_reports", report_from_wire, message.place_reports),
        schedules=each_inside("schedules", schedule_from_wire, message.schedules),
        hours_exceptions=each_inside("hours_exceptions", exception_from_wire, message.hours_exceptions),
        staff_genders=tuple(message.staff_genders),
        works_across_borders=CLAIM.read("works_across_borders", message.works_across_borders),
        detention=message.detention,
        free_of_charge=CLAIM.read("free_of_charge", message.free_of_charge),
        service_areas=areas_from_wire(message.service_areas),
        deliveries=tuple(DELIVERY.read(f"deliveries[{index}]", each) for index, each in enumerate(message.deliveries)),
        cost_options=each_inside("cost_options", cost_from_wire, message.cost_options),
        required_documents=texts_from_wire("required_documents", message.required_documents),
        funding_conditions=texts_from_wire("funding_conditions", message.funding_conditions),
    )


def provider_from_doc(message: pb.Provider) -> Provider:
    """Read a provider as it is kept, with what is copied from its location."""
    return provider_from_wire(message).at(
        Site(
            organization_id=message.organization_id,
            place=place_from_wire(message.place),
            disclosure=DISCLOSURE.read("disclosure", message.disclosure),
            country_code=message.country_code,
            time_zone=message.time_zone,
            wheelchair=CLAIM.read("wheelchair", message.wheelchair),
            front_gate_place_id=message.front_gate_place_id,
            transportation=texts_from_wire("transportation", message.transportation),
            point_precision=precision_from_wire(message.point_precision),
        )
    )


def provider_to_wire(record_id: str, provider: Provider) -> pb.Provider:
    """Write a provider whose location is known, without its revision and times."""
    site, message = provider.located, told_to_wire(provider)
    message.provider_id = record_id
    message.organization_id = site.organization_id
    place = place_to_wire(site.place)
    if place is not None:
        message.place.CopyFrom(place)
    message.disclosure = DISCLOSURE.write(site.disclosure)
    message.country_code = site.country_code
    message.time_zone = site.time_zone
    message.wheelchair = CLAIM.write(site.wheelchair)
    message.front_gate_place_id = site.front_gate_place_id
    if site.transportation:
        message.transportation.extend(map(text_to_wire, site.transportation))
    message.point_precision = precision_to_wire(site.point_precision)
    return message


def told_to_wire(provider: Provider) -> pb.Provider:
    """Write what an editor or a file may tell of a provider, without what is copied from its location."""
    message = pb.Provider(
        service_id=provider.service_id,
        location_id=provider.location_id,
        receiver_id=provider.receiver_id,
        pool_id=provider.pool_id,
        source=source_to_wire(provider.source),
        valid=period_to_wire(provider.valid),
        status=STATUS.write(provider.status),
        vetting=_vetting_to_wire(provider.vetting),
        firewall=pb.Firewall(
            reporting=REPORTING.write(provider.firewall.reporting),
            co_located=CLAIM.write(provider.firewall.co_located),
        ),
        reach_out=REACH_OUT.write(provider.reach_out),
        works_across_borders=CLAIM.write(provider.works_across_borders),
        detention=provider.detention,
        free_of_charge=CLAIM.write(provider.free_of_charge),
    )
    _add_lists(message, provider)
    return message


def _add_lists(message: Any, provider: Provider) -> None:
    """Write the lists that are not empty: few are, and an import writes each provider twice."""
    for name in provider.names:
        message.names.add(language=name.language, text=name.text)
    for claim in provider.claims:
        message.claims.add(code=claim.code, claim=CLAIM.write(claim.claim), basis=claim.basis)
    for field, write in _OTHER_LISTS:
        values = getattr(provider, field)
        if values:
            getattr(message, field).extend(map(write, values))


def _claim_from_wire(claim: pb.ServiceClaim) -> ServiceClaim:
    return _claim(claim.code, claim.claim, claim.basis)


@lru_cache(maxsize=_REMEMBERED)
def _claim(code: str, claim: int, basis: str) -> ServiceClaim:
    return ServiceClaim(code, CLAIM.read("claim", claim), basis)


def _rule_from_wire(rule: pb.Rule) -> Rule:
    return Rule(
        kind=RULE_KIND.read("kind", rule.kind),
        claim=CLAIM.read("claim", rule.claim),
        age=inside("age", _band_from_wire, rule.age) if rule.HasField("age") else None,
        codes=tuple(rule.codes),
        basis=rule.basis,
    )


def _rule_to_wire(rule: Rule) -> pb.Rule:
    return pb.Rule(
        kind=RULE_KIND.write(rule.kind),
        claim=CLAIM.write(rule.claim),
        age=pb.AgeBand(min_years=rule.age.min_years, max_years=rule.age.max_years) if rule.age else None,
        codes=rule.codes,
        basis=rule.basis,
    )


def _band_from_wire(band: pb.AgeBand) -> AgeBand:
    return AgeBand(
        band.min_years if band.HasField("min_years") else None,
        band.max_years if band.HasField("max_years") else None,
    )


def _vetting_from_wire(vetting: pb.Vetting) -> Vetting:
    state = VETTING_STATE.read("state", vetting.state)
    if vetting.HasField("expire_time"):
        return Vetting(state, time_from_wire("expire_time", vetting.expire_time))
    return _ENDLESS[state]


def _vetting_to_wire(vetting: Vetting) -> pb.Vetting:
    return pb.Vetting(
        state=VETTING_STATE.write(vetting.state),
        expire_time=time_to_wire(vetting.expire_time) if vetting.expire_time else None,
    )


def _firewall_from_wire(firewall: pb.Firewall) -> Firewall:
    return _firewall(firewall.reporting, firewall.co_located)


@lru_cache(maxsize=_REMEMBERED)
def _firewall(reporting: int, co_located: int) -> Firewall:
    return Firewall(REPORTING.read("reporting", reporting), CLAIM.read("co_located", co_located))


_OTHER_LISTS: Final[Sequence[tuple[str, Callable[[Any], Any]]]] = (
    ("descriptions", text_to_wire),
    ("rules", _rule_to_wire),
    ("languages", language_to_wire),
    ("contacts", contact_to_wire),
    ("place_reports", report_to_wire),
    ("schedules", schedule_to_wire),
    ("hours_exceptions", exception_to_wire),
    ("staff_genders", str),
    ("service_areas", area_to_wire),
    ("deliveries", DELIVERY.write),
    ("cost_options", cost_to_wire),
    ("required_documents", text_to_wire),
    ("funding_conditions", text_to_wire),
)
