"""
The five nouns of the directory, each with what its messages are called and how they are read.

A noun turns requests into values and stored records into answers; the steps
between are the same for all five, and stand in `servicer`.
"""

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from typing import Any, Final, Generic, TypeVar

from google.protobuf.message import Message

from ihala.directory.v1 import directory_pb2 as pb
from ihala.directory.v1 import directory_service_pb2 as service_pb
from services.directory.model import Location, Organization, Provider, Receiver, Service, Stored, inside, refuse
from services.directory.wire import records_wire
from services.directory.wire.places_wire import PopulationOf, close_door
from services.directory.wire.provider_wire import provider_from_doc, provider_from_wire, provider_to_wire
from services.directory.wire.requests_wire import (
    apply_mask,
    canonical,
    keep_only,
    mask_names,
    refuse_server_set,
    refuse_unknown,
)
from services.runtime.times import time_to_wire

V = TypeVar("V")
#: what a location loses that becomes confidential, unless the same call says otherwise, which is refused
_OF_PUBLIC_SITES: Final = frozenset({"contacts", "transportation", "accessibilities", "point_precision"})


@dataclass(frozen=True, slots=True, kw_only=True)
class Noun(Generic[V]):
    """One kind of record on the wire."""

    name: str  #: the field that holds it in requests and answers, for example "organization"
    message: type[Message]
    read: Callable[[Any], V]  #: what an editor may write
    read_doc: Callable[[Any], V]  #: a record as it is kept
    write: Callable[[str, V], Message]  #: with its id, without revision and times
    server_set: frozenset[str]

    @property
    def id_field(self) -> str:
        """The field of its id, for example "organization_id"."""
        return f"{self.name}_id"

    @property
    def plural(self) -> str:
        """The field that holds many in an answer."""
        return f"{self.name}s"

    def open_create(self, request: Any, population_of: PopulationOf) -> V:
        """
        Read what to create; afterwards the request holds nothing finer than what is kept.

        Raises:
            InvalidInput: the record breaks a rule, brings what the server sets,
                or has fields that this server does not know.
        """
        refuse_unknown(request)
        message = getattr(request, self.name)
        if not request.HasField(self.name):
            raise refuse(self.name, "must be given")
        refuse_server_set(self.name, message, self.server_set)
        self._close_door(message, population_of)
        return inside(self.name, self.read, message)

    def open_update(self, request: Any, population_of: PopulationOf) -> tuple[str, int]:
        """
        Take from the request everything that its mask does not name, and close the door behind it.

        Returns:
            The id and the revision that the caller has read.

        Raises:
            InvalidInput: the mask is not one of this noun.
        """
        refuse_unknown(request)
        message = getattr(request, self.name)
        record_id: str = getattr(message, self.id_field)
        names = mask_names(message, request.update_mask, self.server_set)
        if isinstance(message, pb.Location) and "place" in names and "disclosure" not in names:
            # who writes down a place says in the same breath how exactly it may be known
            raise refuse("update_mask", "must name disclosure beside place")
        country_code = message.country_code if isinstance(message, pb.Location) else ""
        keep_only(message, {*names, self.id_field})
        self._close_door(message, population_of, country_code)
        return record_id, _revision(request)

    def open_archive(self, request: Any) -> tuple[str, int]:
        """Read which record to archive, and the revision that the caller has read."""
        refuse_unknown(request)
        return getattr(request, self.id_field), _revision(request)

    def changed(self, stored: Stored, request: Any, population_of: PopulationOf) -> V:
        """
        Make the record as it is after an update.

        Raises:
            InvalidInput: the record as a whole breaks a rule then.
        """
        message = self.message.FromString(stored.doc)
        names = apply_mask(message, getattr(request, self.name), request.update_mask, self.server_set)
        if isinstance(message, pb.Location) and message.disclosure == pb.DISCLOSURE_AREA:
            keep_only(message, {field.name for field in message.DESCRIPTOR.fields} - (_OF_PUBLIC_SITES - names))
        self._close_door(message, population_of)
        return inside(self.name, self.read, message)

    def value(self, stored: Stored) -> V:
        """Read a record as it is kept."""
        return self.read_doc(self.message.FromString(stored.doc))

    def doc(self, record_id: str, value: V) -> bytes:
        """Write a record as it is kept."""
        return canonical(self.write(record_id, value))

    def changed_fields(self, before: bytes, after: bytes) -> tuple[str, ...]:
        """List the fields in which two states of a record differ, ordered, each with the noun before it."""
        old, new = self.message.FromString(before), self.message.FromString(after)
        names = sorted(field.name for field in self.message.DESCRIPTOR.fields)
        return tuple(f"{self.name}.{name}" for name in names if self._field(old, name) != self._field(new, name))

    @staticmethod
    def _field(message: Any, name: str) -> Any:
        field = getattr(message, name)
        return list(field) if isinstance(field, Sequence) and not isinstance(field, str | bytes) else field

    def shown(self, stored: Stored) -> Any:
        """Write a record as callers see it."""
        message: Any = self.message.FromString(stored.doc)
        message.revision = stored.revision
        if isinstance(message, pb.Provider):
            if stored.create_time and stored.update_time:
                message.create_time.CopyFrom(time_to_wire(stored.create_time))
                message.update_time.CopyFrom(time_to_wire(stored.update_time))
            if stored.receiver_heard_time:
                message.receiver_heard_time.CopyFrom(time_to_wire(stored.receiver_heard_time))
        else:
            message.archived = stored.archived
        return message

    def answer(self, verb: str, stored: Stored) -> Any:
        """Write the answer of a method, for example of "Create", about one record."""
        return self.answer_type(verb)(**{self.name: self.shown(stored)})

    def answer_type(self, verb: str) -> type[Any]:
        kind: type[Any] = getattr(service_pb, f"{verb}{self.name.title()}Response")
        return kind

    def page(self, stored: list[Stored], next_page_token: str) -> Any:
        """Write a page of the list."""
        kind = getattr(service_pb, f"List{self.name.title()}sResponse")
        return kind(**{self.plural: map(self.shown, stored)}, next_page_token=next_page_token)

    def _close_door(self, message: Message, population_of: PopulationOf, country_code: str = "") -> None:
        if isinstance(message, pb.Location):
            inside(self.name, lambda location: close_door(location, population_of, country_code), message)


def _revision(request: Any) -> int:
    if request.expected_revision <= 0:
        raise refuse("expected_revision", "must be the revision that was read")
    return int(request.expected_revision)


ORGANIZATION: Noun[Organization] = Noun(
    name="organization",
    message=pb.Organization,
    read=records_wire.organization_from_wire,
    read_doc=records_wire.organization_from_wire,
    write=records_wire.organization_to_wire,
    server_set=frozenset({"organization_id", "revision", "archived"}),
)
SERVICE: Noun[Service] = Noun(
    name="service",
    message=pb.Service,
    read=records_wire.service_from_wire,
    read_doc=records_wire.service_from_wire,
    write=records_wire.service_to_wire,
    server_set=frozenset({"service_id", "revision", "archived"}),
)
LOCATION: Noun[Location] = Noun(
    name="location",
    message=pb.Location,
    read=records_wire.location_from_wire,
    read_doc=records_wire.location_from_wire,
    write=records_wire.location_to_wire,
    server_set=frozenset({"location_id", "revision", "archived"}),
)
RECEIVER: Noun[Receiver] = Noun(
    name="receiver",
    message=pb.Receiver,
    read=records_wire.receiver_from_wire,
    read_doc=records_wire.receiver_from_wire,
    write=records_wire.receiver_to_wire,
    server_set=frozenset({"receiver_id", "revision", "archived"}),
)
PROVIDER: Noun[Provider] = Noun(
    name="provider",
    message=pb.Provider,
    read=provider_from_wire,
    read_doc=provider_from_doc,
    write=provider_to_wire,
    server_set=frozenset(
        {
            "provider_id",
            "organization_id",
            "place",
            "disclosure",
            "country_code",
            "time_zone",
            "place_reports",
            "wheelchair",
            "front_gate_place_id",
            "transportation",
            "point_precision",
            "revision",
            "create_time",
            "update_time",
            "receiver_heard_time",
        }
    ),
)
