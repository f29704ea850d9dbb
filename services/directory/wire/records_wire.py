"""Organizations, services, locations and receivers on the wire."""

from ihala.directory.v1 import directory_pb2 as pb
from services.directory.model import (
    Location,
    Organization,
    Receiver,
    Service,
    each_inside,
    inside,
    language_tag,
    refuse,
)
from services.directory.wire.areas_wire import areas_from_wire, areas_to_wire
from services.directory.wire.costs_wire import cost_from_wire, cost_to_wire
from services.directory.wire.places_wire import (
    place_from_wire,
    place_to_wire,
    precision_from_wire,
    precision_to_wire,
)
from services.directory.wire.values_wire import (
    contact_from_wire,
    contact_to_wire,
    source_from_wire,
    source_to_wire,
    texts_from_wire,
    texts_to_wire,
)
from services.directory.wire.words_wire import CLAIM, DISCLOSURE


def organization_from_wire(message: pb.Organization) -> Organization:
    return Organization(
        names=texts_from_wire("names", message.names),
        descriptions=texts_from_wire("descriptions", message.descriptions),
        url=message.url,
        source=inside("source", source_from_wire, message.source) if message.HasField("source") else None,
        contacts=each_inside("contacts", contact_from_wire, message.contacts),
    )


def organization_to_wire(record_id: str, organization: Organization) -> pb.Organization:
    return pb.Organization(
        organization_id=record_id,
        names=texts_to_wire(organization.names),
        descriptions=texts_to_wire(organization.descriptions),
        url=organization.url,
        source=source_to_wire(organization.source),
        contacts=map(contact_to_wire, organization.contacts),
    )


def service_from_wire(message: pb.Service) -> Service:
    return Service(
        organization_id=message.organization_id,
        names=texts_from_wire("names", message.names),
        descriptions=texts_from_wire("descriptions", message.descriptions),
        source=inside("source", source_from_wire, message.source) if message.HasField("source") else None,
        service_areas=areas_from_wire(message.service_areas),
        contacts=each_inside("contacts", contact_from_wire, message.contacts),
        cost_options=each_inside("cost_options", cost_from_wire, message.cost_options),
        required_documents=texts_from_wire("required_documents", message.required_documents),
        funding_conditions=texts_from_wire("funding_conditions", message.funding_conditions),
        foreign_codes=tuple(message.foreign_codes),
    )


def service_to_wire(record_id: str, service: Service) -> pb.Service:
    return pb.Service(
        service_id=record_id,
        organization_id=service.organization_id,
        names=texts_to_wire(service.names),
        descriptions=texts_to_wire(service.descriptions),
        source=source_to_wire(service.source),
        service_areas=areas_to_wire(service.service_areas),
        contacts=map(contact_to_wire, service.contacts),
        cost_options=map(cost_to_wire, service.cost_options),
        required_documents=texts_to_wire(service.required_documents),
        funding_conditions=texts_to_wire(service.funding_conditions),
        foreign_codes=service.foreign_codes,
    )


def location_from_wire(message: pb.Location) -> Location:
    """Read a location that has come through `close_door`."""
    return Location(
        organization_id=message.organization_id,
        names=texts_from_wire("names", message.names),
        disclosure=DISCLOSURE.read("disclosure", message.disclosure),
        place=inside("place", place_from_wire, message.place),
        country_code=message.country_code,
        time_zone=message.time_zone,
        addresses=texts_from_wire("addresses", message.addresses),
        front_gate_place_id=message.front_gate_place_id,
        wheelchair=CLAIM.read("wheelchair", message.wheelchair),
        contacts=each_inside("contacts", contact_from_wire, message.contacts),
        transportation=texts_from_wire("transportation", message.transportation),
        accessibilities=texts_from_wire("accessibilities", message.accessibilities),
        point_precision=precision_from_wire(message.point_precision),
        source=inside("source", source_from_wire, message.source) if message.HasField("source") else None,
    )


def location_to_wire(record_id: str, location: Location) -> pb.Location:
    return pb.Location(
        location_id=record_id,
        organization_id=location.organization_id,
        names=texts_to_wire(location.names),
        disclosure=DISCLOSURE.write(location.disclosure),
        place=place_to_wire(location.place),
        country_code=location.country_code,
        time_zone=location.time_zone,
        addresses=texts_to_wire(location.addresses),
        front_gate_place_id=location.front_gate_place_id,
        wheelchair=CLAIM.write(location.wheelchair),
        contacts=map(contact_to_wire, location.contacts),
        transportation=texts_to_wire(location.transportation),
        accessibilities=texts_to_wire(location.accessibilities),
        point_precision=precision_to_wire(location.point_precision),
        source=source_to_wire(location.source),
    )


def receiver_from_wire(message: pb.Receiver) -> Receiver:
    return Receiver(
        organization_id=message.organization_id,
        names=texts_from_wire("names", message.names),
        languages=tuple(map(_desk_language, message.languages)),
        time_zone=message.time_zone,
    )


def receiver_to_wire(record_id: str, receiver: Receiver) -> pb.Receiver:
    return pb.Receiver(
        receiver_id=record_id,
        organization_id=receiver.organization_id,
        names=texts_to_wire(receiver.names),
        languages=receiver.languages,
        time_zone=receiver.time_zone,
    )


def _desk_language(tag: str) -> str:
    if not tag:
        raise refuse("languages", "must not have an empty entry")
    return language_tag(tag)
