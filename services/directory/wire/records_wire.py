"""Organizations, services, locations and receivers on the wire."""

from collections.abc import Mapping
from typing import Final

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
from services.directory.wire.areas_wire import area_to_wire, areas_from_wire
from services.directory.wire.costs_wire import cost_from_wire, cost_to_wire
from services.directory.wire.fields import Read, as_it_is, each, fields_of, one, word
from services.directory.wire.places_wire import (
    place_from_wire,
    place_to_wire,
    precision_from_wire,
    precision_to_wire,
)
from services.directory.wire.values_wire import (
    Lists,
    add_lists,
    contact_from_wire,
    contact_to_wire,
    source_from_wire,
    source_to_wire,
    text_from_wire,
    text_to_wire,
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
    message = pb.Service(
        service_id=record_id, organization_id=service.organization_id, source=source_to_wire(service.source)
    )
    add_lists(message, service, _SERVICE_LISTS)
    return message


_SERVICE_LISTS: Final[Lists] = (
    ("names", text_to_wire),
    ("descriptions", text_to_wire),
    ("service_areas", area_to_wire),
    ("contacts", contact_to_wire),
    ("cost_options", cost_to_wire),
    ("required_documents", text_to_wire),
    ("funding_conditions", text_to_wire),
    ("foreign_codes", str),
)


def location_from_wire(message: pb.Location) -> Location:
    """Read a location that has come through `close_door`."""
    fields = fields_of(message, _LOCATION, country_code="")
    if "disclosure" not in fields:
        fields["disclosure"] = DISCLOSURE.read("disclosure", message.disclosure)
    return Location(**fields)


_LOCATION: Final[Mapping[str, Read]] = {
    "organization_id": as_it_is,
    "names": each("names", text_from_wire),
    "disclosure": word("disclosure", DISCLOSURE),
    "place": one("place", place_from_wire),
    "country_code": as_it_is,
    "time_zone": as_it_is,
    "addresses": each("addresses", text_from_wire),
    "front_gate_place_id": as_it_is,
    "wheelchair": word("wheelchair", CLAIM),
    "contacts": each("contacts", contact_from_wire),
    "transportation": each("transportation", text_from_wire),
    "accessibilities": each("accessibilities", text_from_wire),
    "point_precision": precision_from_wire,
    "source": one("source", source_from_wire),
}


def location_to_wire(record_id: str, location: Location) -> pb.Location:
    message = pb.Location(
        location_id=record_id,
        organization_id=location.organization_id,
        disclosure=DISCLOSURE.write(location.disclosure),
        place=place_to_wire(location.place),
        country_code=location.country_code,
        time_zone=location.time_zone,
        front_gate_place_id=location.front_gate_place_id,
        wheelchair=CLAIM.write(location.wheelchair),
        point_precision=precision_to_wire(location.point_precision),
        source=source_to_wire(location.source),
    )
    add_lists(message, location, _LOCATION_LISTS)
    return message


_LOCATION_LISTS: Final[Lists] = (
    ("names", text_to_wire),
    ("addresses", text_to_wire),
    ("contacts", contact_to_wire),
    ("transportation", text_to_wire),
    ("accessibilities", text_to_wire),
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
