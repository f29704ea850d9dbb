"""What the audit keeps of an act: who, what, to which object; a row for each, in the act's own transaction."""

import hashlib
from dataclasses import dataclass
from typing import Any, Literal, LiteralString, Protocol


class Principal(Protocol):
    """Who acts; `services.runtime.auth.Principal` is one."""

    @property
    def client_id(self) -> str: ...

    @property
    def actor(self) -> str | None: ...


@dataclass(frozen=True, slots=True, kw_only=True)
class Process:
    """A service that acts by itself: a due loop, an import, the relay."""

    client_id: str  #: the service's name
    actor: None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class Act:
    """What is done, as the audit keeps it."""

    action: str  #: a verb and what it is done to, for example "referral.create"
    object_kind: str  #: for example "referral"
    object_id: str | None = None  #: kept as a hash; None if the act is on no single object
    object_ids: tuple[str, ...] = ()  #: of an act on several objects at once: each has a row
    request_id: str | None = None  #: kept as a hash
    decision: Literal["allowed", "refused"] = "allowed"
    reason: str | None = None  #: a code


#: steps of a statement, after WITH
SAID: LiteralString = "said AS (SELECT set_config('app.principal', %(act_client_id)s, true))"
AUDIT: LiteralString = """
    INSERT INTO audit (actor, actor_kind, via_system, action, object_kind, object_id_hash,
                       decision, reason, request_id_hash)
    SELECT %(act_actor)s, %(act_actor_kind)s, %(act_via_system)s, %(act_action)s, %(act_object_kind)s,
           unnest(%(act_object_id_hashes)s::bytea[]), %(act_decision)s, %(act_reason)s, %(act_request_id_hash)s
    FROM said
"""


def said(principal: Principal, act: Act) -> dict[str, Any]:
    """Return the parameters of `SAID` and `AUDIT`, each of which begins with `act_`."""
    is_worker = principal.actor is not None
    return {
        "act_client_id": principal.client_id,
        "act_actor": principal.actor or principal.client_id,
        "act_actor_kind": "worker" if is_worker else "system",
        "act_via_system": principal.client_id if is_worker else None,
        "act_action": act.action,
        "act_object_kind": act.object_kind,
        "act_object_id_hashes": [_hash(each) for each in act.object_ids or (act.object_id,)],
        "act_decision": act.decision,
        "act_reason": act.reason,
        "act_request_id_hash": _hash(act.request_id),
    }


def _hash(text: str | None) -> bytes | None:
    return None if text is None else hashlib.sha256(text.encode()).digest()
