"""What differs between two states of a provider, field by field, for people to read."""

import json
from collections.abc import Collection
from typing import Any, Final

from google.protobuf.json_format import MessageToDict

from ihala.directory.v1 import directory_pb2 as pb
from ihala.directory.v1 import record_life_pb2 as life_pb

#: what follows from the change itself, or is told beside it
_BESIDE: Final = frozenset({"provider_id", "revision", "create_time", "update_time"})


def differences(
    before: pb.Provider, after: pb.Provider, only: Collection[str] | None = None
) -> list[life_pb.FieldChange]:
    """List the fields that differ, ordered by name, with their values as JSON; `only` those named, if given."""
    old, new = _fields(before), _fields(after)
    return [
        life_pb.FieldChange(field=name, before=_json(old, name), after=_json(new, name))
        for name in sorted(old.keys() | new.keys())
        if name not in _BESIDE and (only is None or name in only) and old.get(name) != new.get(name)
    ]


def _fields(message: pb.Provider) -> dict[str, Any]:
    return MessageToDict(message, preserving_proto_field_name=True)


def _json(fields: dict[str, Any], name: str) -> str:
    return json.dumps(fields[name], ensure_ascii=False, sort_keys=True) if name in fields else ""
