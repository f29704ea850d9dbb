"""Tests of what no text may hold."""

from google.protobuf.wrappers_pb2 import BytesValue
from google.rpc.error_details_pb2 import BadRequest, DebugInfo

from services.runtime.texts import path_of_nul


def test_a_nul_is_found_wherever_it_stands_and_bytes_may_have_it() -> None:
    deep = BadRequest(field_violations=[BadRequest.FieldViolation(), BadRequest.FieldViolation(field="a\0")])

    assert path_of_nul(deep) == "field_violations[1].field"
    assert path_of_nul(DebugInfo(stack_entries=["a", "\0"])) == "stack_entries[1]"
    assert path_of_nul(BytesValue(value=b"\0")) is None
