"""Earlier states of providers that have become confidential."""

from datetime import datetime
from typing import Final

from ihala.directory.v1 import directory_pb2 as pb
from services.directory.model import Provider
from services.directory.wire.places_wire import place_to_wire
from services.directory.wire.requests_wire import canonical
from services.directory.wire.values_wire import texts_to_wire, time_from_wire
from services.directory.wire.words_wire import DISCLOSURE

#: what would tell more of a confidential site than its area and its alias
_HIDDEN: Final = (
    "names",
    "descriptions",
    "contacts",
    "place",
    "service_areas",
    "cost_options",
    "required_documents",
    "funding_conditions",
    "transportation",
    "point_precision",
)


def hidden_doc(doc: bytes, provider: Provider) -> bytes:
    """Rewrite an earlier state so that it tells no more of the place than the present one."""
    site = provider.located
    message = pb.Provider.FromString(doc)
    for field in _HIDDEN:
        message.ClearField(field)
    message.names.extend(texts_to_wire(provider.names))
    message.disclosure = DISCLOSURE.write(site.disclosure)
    place = place_to_wire(site.place)
    if place is not None:
        message.place.CopyFrom(place)
    return canonical(message)


def verified_time_of(doc: bytes) -> datetime | None:
    """Read when a record was last verified, without reading the rest."""
    source = pb.Provider.FromString(doc).source
    return time_from_wire("verified_time", source.verified_time) if source.HasField("verified_time") else None


def is_suspended(doc: bytes) -> bool:
    """Say whether a safeguarding flag stands, without reading the rest."""
    return pb.Provider.FromString(doc).vetting.state == pb.VETTING_STATE_SUSPENDED
