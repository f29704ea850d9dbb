"""Providers on the wire."""

from collections.abc import Mapping
from functools import lru_cache
from typing import Final

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
    inside,
)
from services.directory.wire.areas_wire import area_to_wire, areas_from_wire
from services.directory.wire.costs_wire import cost_from_wire, cost_to_wire
from services.directory.wire.fields import Read, as_it_is, each, fields_of, one, word
from services.directory.wire.hours_wire import exception_from_wire, exception_to_wire
from services.directory.wire.places_wire import place_from_wire, place_to_wire, precision_from_wire, precision_to_wire
from services.directory.wire.values_wire import (
    Lists,
    add_lists,
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
    text_from_wire,
    text_to_wire,
    texts_from_wire,
    time_from_wire,
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
from services.runtime.times import time_to_wire

_REMEMBERED: Final = 1024  #: claims that are read from their fields once each
_ENDLESS: Final = {state: Vetting(state) for state in VettingState}


def provider_from_wire(message: pb.Provider) -> Provider:
    """Read what an editor may write; what is copied from the location is not looked at."""
    fields = fields_of(message, _FIELDS, service_id="", location_id="")
    if "status" not in fields:
        fields["status"] = STATUS.read("status", message.status)
    return Provider(**fields)


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
    add_lists(message, provider, _LISTS)
    return message


def _claim_from_wire(claim: pb.ServiceClaim) -> ServiceClaim:
    return _claim(claim.code, claim.claim, claim.basis)


@lru_cache(maxsize=_REMEMBERED)
def _claim(code: str, claim: int, basis: str) -> ServiceClaim:
    return ServiceClaim(code, CLAIM.read("claim", claim), basis)


def _claim_to_wire(claim: ServiceClaim) -> pb.ServiceClaim:
    return pb.ServiceClaim(code=claim.code, claim=CLAIM.write(claim.claim), basis=claim.basis)


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


_FIELDS: Final[Mapping[str, Read]] = {
    "service_id": as_it_is,
    "location_id": as_it_is,
    "receiver_id": as_it_is,
    "pool_id": as_it_is,
    "source": one("source", source_from_wire),
    "names": each("names", text_from_wire),
    "descriptions": each("descriptions", text_from_wire),
    "claims": each("claims", _claim_from_wire),
    "rules": each("rules", _rule_from_wire),
    "languages": each("languages", language_from_wire),
    "valid": one("valid", period_from_wire),
    "status": word("status", STATUS),
    "vetting": one("vetting", _vetting_from_wire),
    "firewall": one("firewall", _firewall_from_wire),
    "reach_out": word("reach_out", REACH_OUT),
    "contacts": each("contacts", contact_from_wire),
    "place_reports": each("place_reports", report_from_wire),
    "schedules": each("schedules", schedule_from_wire),
    "hours_exceptions": each("hours_exceptions", exception_from_wire),
    "staff_genders": tuple,
    "works_across_borders": word("works_across_borders", CLAIM),
    "detention": as_it_is,
    "free_of_charge": word("free_of_charge", CLAIM),
    "service_areas": areas_from_wire,
    "deliveries": lambda values: tuple(DELIVERY.read(f"deliveries[{i}]", told) for i, told in enumerate(values)),
    "cost_options": each("cost_options", cost_from_wire),
    "required_documents": each("required_documents", text_from_wire),
    "funding_conditions": each("funding_conditions", text_from_wire),
}
_LISTS: Final[Lists] = (
    ("names", text_to_wire),
    ("claims", _claim_to_wire),
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
