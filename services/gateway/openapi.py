"""
Describes what the gateway answers, as an OpenAPI 3.1 document of the descriptors and their comments.

`python -m scripts.document_http` writes it to docs/openapi.json; the gateway serves it.
"""

import json
from collections.abc import Iterator, Mapping
from functools import cache
from importlib.resources import files
from typing import Any, Final

from google.protobuf.descriptor import Descriptor, EnumDescriptor, FieldDescriptor
from google.protobuf.descriptor_pb2 import FileDescriptorSet

from services.gateway.comments import comments_of
from services.gateway.wire import METHODS, Method
from services.runtime.auth import ACTOR_METADATA_KEY
from services.runtime.methods import METHODS as RULES

DESCRIPTION: Final = (
    "Each method is a POST of one JSON object, the request message, to its name. Fields that are not known are "
    "refused. Numbers of 64 bits are texts. An answer has every field of its message, also empty ones, but those "
    "that may be absent. Errors are google.rpc.Status, with the reason in `details`. See docs/http.md."
)
_T = FieldDescriptor
SCALARS: Final[Mapping[int, dict[str, Any]]] = {
    _T.CPPTYPE_BOOL: {"type": "boolean"},
    _T.CPPTYPE_DOUBLE: {"type": "number", "format": "double"},
    _T.CPPTYPE_FLOAT: {"type": "number", "format": "float"},
    _T.CPPTYPE_INT32: {"type": "integer", "format": "int32"},
    _T.CPPTYPE_UINT32: {"type": "integer", "minimum": 0},
    _T.CPPTYPE_INT64: {"type": "string", "format": "int64"},
    _T.CPPTYPE_UINT64: {"type": "string", "format": "uint64"},
    _T.CPPTYPE_STRING: {"type": "string"},
}
WELL_KNOWN: Final[Mapping[str, dict[str, Any]]] = {
    "google.protobuf.Timestamp": {"type": "string", "format": "date-time"},
    "google.protobuf.Duration": {"type": "string", "examples": ["1.5s"]},
    "google.protobuf.Struct": {"type": "object"},
}
STATUS: Final[dict[str, Any]] = {
    "type": "object",
    "description": "What went wrong: google.rpc.Status.",
    "properties": {
        "code": {"type": "integer", "description": "The code of google.rpc.Code."},
        "message": {"type": "string", "description": "One sentence: the field and its rule, never a value."},
        "details": {
            "type": "array",
            "description": "google.rpc.ErrorInfo with `reason`, BadRequest with field paths and rules, RetryInfo.",
            "items": {
                "type": "object",
                "required": ["@type"],
                "properties": {
                    "@type": {"type": "string"},
                    "reason": {"type": "string", "description": "A name of ErrorReason without its prefix."},
                    "domain": {"type": "string"},
                    "metadata": {"type": "object", "additionalProperties": {"type": "string"}},
                    "fieldViolations": {
                        "type": "array",
                        "items": {
                            "type": "object",
                            "properties": {"field": {"type": "string"}, "description": {"type": "string"}},
                        },
                    },
                    "retryDelay": {"type": "string"},
                },
            },
        },
    },
}


@cache
def openapi_json() -> bytes:
    """Return the document as it is served."""
    return json.dumps(document(), ensure_ascii=False, separators=(",", ":")).encode()


def document() -> dict[str, Any]:
    """Return the document."""
    protos = FileDescriptorSet.FromString((files("ihala") / "protos.binpb").read_bytes())
    words = comments_of(protos)
    kinds = {kind.full_name: kind for method in METHODS.values() for kind in _kinds_of(method)}
    return {
        "openapi": "3.1.0",
        "info": {"title": "Ihala over HTTP", "version": "1", "description": DESCRIPTION},
        "security": [{"token": []}],
        "paths": {path: {"post": _operation(method, words)} for path, method in METHODS.items()},
        "components": {
            "securitySchemes": {"token": {"type": "http", "scheme": "bearer", "bearerFormat": "JWT"}},
            "parameters": {
                "actor": {
                    "name": ACTOR_METADATA_KEY,
                    "in": "header",
                    "description": "The worker on whose behalf the call is made, an opaque id.",
                    "schema": {"type": "string", "pattern": "^[A-Za-z0-9_.@-]{1,64}$"},
                },
                "timeout": {
                    "name": "connect-timeout-ms",
                    "in": "header",
                    "description": "How long the caller waits, in milliseconds, at most 30000; 10000 without it.",
                    "schema": {"type": "integer", "minimum": 1},
                },
            },
            "responses": {"error": {"description": "It failed.", "content": _content("application/json", "Status")}},
            "schemas": {
                "Status": STATUS,
                **{name: _schema(kinds[name], words) for name in sorted(kinds)},
            },
        },
    }


def _operation(method: Method, words: Mapping[str, str]) -> dict[str, Any]:
    request, answer = method.descriptor.input_type, method.descriptor.output_type
    media_type = "application/x-ndjson" if method.is_streamed else "application/json"
    return {
        "operationId": method.descriptor.name,
        "tags": [method.descriptor.containing_service.name],
        "description": words.get(method.descriptor.full_name, ""),
        "x-ihala-roles": sorted(RULES[method.path].roles),
        "parameters": [{"$ref": f"#/components/parameters/{name}"} for name in ("actor", "timeout")],
        "requestBody": {"required": True, "content": _content("application/json", request.full_name)},
        "responses": {
            "200": {
                "description": words.get(answer.full_name, "It was done."),
                "content": _content(media_type, answer.full_name),
            },
            "default": {"$ref": "#/components/responses/error"},
        },
    }


def _content(media_type: str, name: str) -> dict[str, Any]:
    return {media_type: {"schema": {"$ref": f"#/components/schemas/{name}"}}}


def _kinds_of(method: Method) -> Iterator[Descriptor | EnumDescriptor]:
    """List the messages and enums that a method's request and answer are made of."""
    open_kinds: list[Any] = [method.descriptor.input_type, method.descriptor.output_type]
    seen = set()
    while open_kinds:
        kind = open_kinds.pop()
        if kind.full_name in seen or kind.full_name in WELL_KNOWN:
            continue
        seen.add(kind.full_name)
        if isinstance(kind, EnumDescriptor) or not kind.GetOptions().map_entry:
            yield kind
        for field in getattr(kind, "fields", ()):
            open_kinds += [each for each in (field.message_type, field.enum_type) if each is not None]


def _schema(kind: Descriptor | EnumDescriptor, words: Mapping[str, str]) -> dict[str, Any]:
    text = words.get(kind.full_name, "")
    if isinstance(kind, EnumDescriptor):
        scope = kind.full_name
        values = [f"- `{each.name}`: {words.get(f'{scope}.{each.name}', '')}" for each in kind.values]
        names = [each.name for each in kind.values]
        return {"type": "string", "description": "\n".join([text, "", *values]), "enum": names}
    properties = {field.name: _property(field, words.get(field.full_name, "")) for field in kind.fields}
    return {"type": "object", "description": text, "properties": properties}


def _property(field: FieldDescriptor, text: str) -> dict[str, Any]:
    described = {"description": text} if text else {}
    kind = field.message_type
    if kind is not None and kind.GetOptions().map_entry:
        return {"type": "object", "additionalProperties": _value(kind.fields_by_name["value"]), **described}
    if field.is_repeated:
        return {"type": "array", "items": _value(field), **described}
    return {**_value(field), **described}


def _value(field: FieldDescriptor) -> dict[str, Any]:
    kind = field.message_type or field.enum_type
    if kind is None:
        if field.type == FieldDescriptor.TYPE_BYTES:
            return {"type": "string", "contentEncoding": "base64"}
        return dict(SCALARS[field.cpp_type])
    if kind.full_name in WELL_KNOWN:
        return dict(WELL_KNOWN[kind.full_name])
    return {"$ref": f"#/components/schemas/{kind.full_name}"}
