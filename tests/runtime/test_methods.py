"""The table of methods against every descriptor that there is."""

from collections.abc import Iterator
from importlib import import_module
from pathlib import Path

from google.protobuf.descriptor import MethodDescriptor
from grpc_health.v1 import health_pb2
from grpc_reflection.v1alpha import reflection_pb2

from services.runtime.auth import Role
from services.runtime.calls import READING_VERBS
from services.runtime.methods import METHODS

PROTOS = Path(__file__).resolve().parents[2] / "protos"


def our_methods() -> Iterator[MethodDescriptor]:
    for proto in sorted(PROTOS.rglob("*.proto")):
        name = ".".join(proto.relative_to(PROTOS).with_suffix("").parts)
        yield from methods_of(import_module(f"{name}_pb2").DESCRIPTOR)


def methods_of(file: object) -> Iterator[MethodDescriptor]:
    for service in file.services_by_name.values():  # type: ignore[attr-defined]
        yield from service.methods


def path_of(method: MethodDescriptor) -> str:
    return f"/{method.containing_service.full_name}/{method.name}"


def test_every_method_has_a_row_and_every_row_a_method() -> None:
    served = [*our_methods(), *methods_of(health_pb2.DESCRIPTOR), *methods_of(reflection_pb2.DESCRIPTOR)]

    assert {path_of(method) for method in served} == set(METHODS)


def test_health_alone_is_open_and_every_other_row_names_roles() -> None:
    assert {name for name, rule in METHODS.items() if rule.is_open} == {
        name for name in METHODS if name.startswith("/grpc.health.v1.Health/")
    }
    assert all(rule.roles for rule in METHODS.values() if not rule.is_open)


def test_a_unary_method_reads_or_can_be_recognised_when_repeated() -> None:
    assert [
        path_of(method)
        for method in our_methods()
        if not method.client_streaming
        and not method.server_streaming
        and not method.name.startswith(READING_VERBS)
        and "request_id" not in method.input_type.fields_by_name
    ] == []


def test_a_method_that_is_repeated_for_its_verb_takes_no_request_id() -> None:
    assert [
        path_of(method)
        for method in our_methods()
        if method.name.startswith(READING_VERBS)
        and method.name != "LookUpRequest"  # the one that looks a request id up
        and "request_id" in method.input_type.fields_by_name
    ] == []


def test_no_one_meets_case_data_by_running_or_coordinating() -> None:
    referrals = [name for name in METHODS if name.startswith("/ihala.referrals.")]

    for role in (Role.OPERATOR, Role.AUDITOR, Role.DIRECTORY_EDITOR, Role.COORDINATOR):
        allowed = {name.rpartition("/")[2] for name in referrals if role in METHODS[name].roles}
        assert allowed <= {"SummarizeReferrals"}
