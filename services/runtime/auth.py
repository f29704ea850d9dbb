"""
Who is calling, and which objects are theirs.

Rules of this file: there is no role for law enforcement; an object that is another's looks
the same as one that is absent. What a role may call is in `methods`.
"""

import re
from contextvars import ContextVar
from dataclasses import dataclass
from datetime import datetime
from enum import StrEnum
from typing import Final

from services.errors import NotFound, PermissionDenied, Unauthenticated

ACTOR_METADATA_KEY: Final = "x-ihala-actor"
#: what a client id, a receiver id and an actor look like; opaque, without personal data
OPAQUE_ID: Final = re.compile(r"[A-Za-z0-9_.@-]{1,64}", re.ASCII)


class Role(StrEnum):
    """What a caller is to Ihala; a token may carry several."""

    CASE_SYSTEM = "case_system"  #: asks for matches, makes referrals, sees its own
    RECEIVER = "receiver"  #: a provider's desk: its own offers, records and places
    COORDINATOR = "coordinator"  #: the directory and aggregates, no case data
    DUTY_COORDINATOR = "duty_coordinator"  #: unanswered and escalated offers only
    DIRECTORY_EDITOR = "directory_editor"  #: writes the directory
    OPERATOR = "operator"  #: runs the services, reads no case data
    AUDITOR = "auditor"  #: reads the audit trail
    SERVICE = "service"  #: one of our own processes, for whomever it acts


@dataclass(frozen=True, slots=True, kw_only=True)
class Principal:
    """A caller whose token was verified."""

    client_id: str  #: whose credential it is; the scope of request ids and of `own_client`
    roles: frozenset[Role]
    receiver_ids: frozenset[str] = frozenset()  #: the desks it may act as
    actor: str | None = None  #: the worker on whose behalf a system acts
    token_id: str = ""  #: names the token in the deny list
    issued_time: datetime | None = None
    expires_time: datetime | None = None

    def has(self, *roles: Role) -> bool:
        """Say whether the caller has any of these roles."""
        return not self.roles.isdisjoint(roles)


_CALLER: ContextVar[Principal] = ContextVar("ihala_caller")


def current_principal() -> Principal:
    """
    Return who is calling, inside a call.

    Raises:
        Unauthenticated: Outside a call, and in a call that is open to anyone.
    """
    principal = _CALLER.get(None)
    if principal is None:
        raise Unauthenticated("a credential is needed")
    return principal


def set_principal(principal: Principal) -> None:
    """Bind the caller to the running task. A call is a task of its own, so nothing is reset."""
    _CALLER.set(principal)


def with_actor(principal: Principal, actor: str) -> Principal:
    """
    Say on whose behalf the caller acts in this call.

    Raises:
        PermissionDenied: The actor is not an opaque id, or the token is bound to another.
    """
    if OPAQUE_ID.fullmatch(actor) is None:
        raise PermissionDenied(f"{ACTOR_METADATA_KEY} must be an opaque id of 1 to 64 characters")
    if principal.actor == actor:
        return principal
    if principal.actor is not None:
        raise PermissionDenied(f"{ACTOR_METADATA_KEY} must be the actor of the token")
    return Principal(
        client_id=principal.client_id,
        roles=principal.roles,
        receiver_ids=principal.receiver_ids,
        actor=actor,
        token_id=principal.token_id,
        issued_time=principal.issued_time,
        expires_time=principal.expires_time,
    )


def require_role(principal: Principal, *roles: Role) -> None:
    """Refuse a caller that has none of these roles, where one method means more to some."""
    if not principal.has(*roles):
        raise PermissionDenied("the caller's role may not do this")


def require_client(principal: Principal, client_id: str) -> None:
    """
    Refuse an object that another case system made, as if it did not exist.

    Our own services pass: they act for whomever they were called by.
    """
    own = principal.has(Role.CASE_SYSTEM) and principal.client_id == client_id
    if not own and not principal.has(Role.SERVICE):
        raise absent()


def require_receiver(principal: Principal, receiver_id: str) -> None:
    """
    Refuse an object that was addressed to another desk, as if it did not exist.

    Our own services pass: the answer page acts for the desk that a device is enrolled for.
    """
    own = principal.has(Role.RECEIVER) and receiver_id in principal.receiver_ids
    if not own and not principal.has(Role.SERVICE):
        raise absent()


def absent() -> NotFound:
    """Make the one error for absent and forbidden objects, so that the two look the same."""
    return NotFound("there is no such object")
