"""Who is calling, and which objects are theirs."""

import pytest

from services.errors import NotFound, PermissionDenied, Unauthenticated
from services.runtime.auth import (
    Principal,
    Role,
    current_principal,
    require_client,
    require_receiver,
    require_role,
    with_actor,
)


def a_principal(*roles: Role, **facts: object) -> Principal:
    return Principal(client_id="client-1", roles=frozenset(roles), **facts)  # type: ignore[arg-type]


def test_a_case_system_meets_its_own_objects_only() -> None:
    require_client(a_principal(Role.CASE_SYSTEM), "client-1")
    require_client(a_principal(Role.SERVICE), "client-2")
    for other in (a_principal(Role.CASE_SYSTEM), a_principal(Role.OPERATOR)):
        with pytest.raises(NotFound):
            require_client(other, "client-2")
    with pytest.raises(NotFound):
        require_client(a_principal(Role.RECEIVER), "client-1")


def test_a_desk_meets_its_own_objects_only() -> None:
    desk = a_principal(Role.RECEIVER, receiver_ids=frozenset({"r1"}))

    require_receiver(desk, "r1")
    require_receiver(a_principal(Role.SERVICE), "r1")
    for other, receiver_id in [
        (desk, "r2"),
        (a_principal(Role.CASE_SYSTEM, receiver_ids=frozenset({"r1"})), "r1"),
        (a_principal(Role.COORDINATOR), "r1"),
    ]:
        with pytest.raises(NotFound) as caught:
            require_receiver(other, receiver_id)
        assert caught.value.message == "there is no such object"


def test_a_role_is_required_where_a_method_means_more_to_some() -> None:
    require_role(a_principal(Role.OPERATOR), Role.DIRECTORY_EDITOR, Role.OPERATOR)
    with pytest.raises(PermissionDenied):
        require_role(a_principal(Role.RECEIVER), Role.OPERATOR)


def test_outside_a_call_nobody_calls() -> None:
    with pytest.raises(Unauthenticated):
        current_principal()


def test_an_actor_is_an_opaque_id() -> None:
    principal = a_principal(Role.CASE_SYSTEM)

    assert with_actor(principal, "worker-118").actor == "worker-118"
    with pytest.raises(PermissionDenied):
        with_actor(principal, "Fatima B.")
