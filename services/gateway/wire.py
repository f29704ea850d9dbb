"""Translate between JSON and messages, and name the methods that are passed on."""

import json
from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass
from typing import Any, Final, NoReturn

from google.protobuf import json_format
from google.protobuf.descriptor import Descriptor, MethodDescriptor
from google.protobuf.message import Message
from google.protobuf.message_factory import GetMessageClass

from ihala.directory.v1 import directory_service_pb2
from ihala.matching.v1 import matching_pb2
from ihala.referrals.v1 import referrals_service_pb2
from services.errors import IhalaError, InvalidInput, Reason
from services.gateway.faults import fault_in
from services.runtime.auth import Role
from services.runtime.methods import METHODS as RULES
from services.runtime.statuses import rich_status_of

#: of the directory, what a case system or a desk needs besides
OF_DIRECTORY: Final = frozenset(
    {"GetProvider", "GetTown", "ListVocabulary", "ReportPlaces", "ResolvePlace", "SearchProviders"}
)
NO_MESSAGE: Final = (json_format.Error, ValueError, TypeError, OverflowError, RecursionError)


@dataclass(frozen=True, slots=True)
class Method:
    """A method that is passed on."""

    path: str  #: "/package.Service/Method", in HTTP as in gRPC
    peer: str  #: the service that answers
    descriptor: MethodDescriptor

    @property
    def is_streamed(self) -> bool:
        """Whether its answer is many messages."""
        return bool(self.descriptor.server_streaming)

    @property
    def request_kind(self) -> type[Message]:
        """The class of its requests."""
        return GetMessageClass(self.descriptor.input_type)

    @property
    def response_kind(self) -> type[Message]:
        """The class of its answers."""
        return GetMessageClass(self.descriptor.output_type)


def _methods() -> Iterator[Method]:
    services = (
        ("directory", directory_service_pb2.DESCRIPTOR.services_by_name["DirectoryService"]),
        ("matching", matching_pb2.DESCRIPTOR.services_by_name["MatchingService"]),
        ("referrals", referrals_service_pb2.DESCRIPTOR.services_by_name["ReferralsService"]),
    )
    for peer, service in services:
        for method in service.methods:
            path = f"/{service.full_name}/{method.name}"
            rule = RULES.get(path)
            # what only our own processes call is not passed on
            is_ours = rule is None or rule.roles <= {Role.SERVICE}
            is_meant = peer != "directory" or method.name in OF_DIRECTORY
            if is_meant and not is_ours and not method.client_streaming:
                yield Method(path, peer, method)


#: by path, in the order of the protos
METHODS: Final[Mapping[str, Method]] = {method.path: method for method in _methods()}


def request_from_json(raw: bytes, method: Method) -> Message:
    """
    Read a request.

    Raises:
        InvalidInput: It is not JSON, or no message of the method's type (MALFORMED), or has a
            field that is not known here (UNKNOWN_FIELD).
    """
    document = _read(raw)
    request = _message(document, method.request_kind)
    if request is None:
        raise fault_in(document, method.descriptor.input_type, _fits)
    return request


def to_json(message: Message) -> bytes:
    """Write a message, with its fields named as in the protos and also those that are empty, in one line."""
    document = json_format.MessageToDict(
        message, preserving_proto_field_name=True, always_print_fields_with_no_presence=True
    )
    return _line(document)


def error_to_json(error: IhalaError) -> bytes:
    """Write an error as a google.rpc.Status, in one line."""
    return _line(json_format.MessageToDict(rich_status_of(error)[1]))


def last_line_of(error: IhalaError) -> bytes:
    """Write what ends a stream that had begun."""
    return _line({"error": json_format.MessageToDict(rich_status_of(error)[1])})


def _read(raw: bytes) -> Any:
    try:
        return json.loads(raw.decode(), object_pairs_hook=_no_repeats, parse_constant=_no_constants)
    except InvalidInput:
        raise
    except (ValueError, RecursionError):
        raise InvalidInput("message must be JSON in UTF-8", reason=Reason.MALFORMED) from None


def _no_repeats(pairs: list[tuple[str, Any]]) -> dict[str, Any]:
    document = dict(pairs)
    if len(document) != len(pairs):
        raise InvalidInput("message must have each field once", reason=Reason.MALFORMED)
    return document


def _no_constants(text: str) -> NoReturn:
    raise ValueError("numbers must be finite")


def _message(document: Any, kind: Callable[[], Message]) -> Message | None:
    if not isinstance(document, dict):
        return None
    try:
        message = json_format.ParseDict(document, kind())
        message.SerializeToString()  # half of a surrogate pair is found only now
    except NO_MESSAGE:
        return None
    return message


def _fits(kind: Descriptor, document: Any) -> bool:
    return _message(document, GetMessageClass(kind)) is not None


def _line(document: Any) -> bytes:
    return json.dumps(document, ensure_ascii=False, separators=(",", ":")).encode() + b"\n"
