"""
Who is calling and what they may do: one table from methods to roles, and the rules on objects.

Rules of this file: a method without a row is refused; there is no role for law
enforcement; an object that is another's looks the same as one that is absent.
"""

import re
from collections.abc import Mapping
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


class ObjectRule(StrEnum):
    """Which objects of a method are the caller's; the servicer applies it, see `require_*`."""

    NONE = "none"  #: the method names no object that belongs to anybody
    OWN_CLIENT = "own_client"  #: a case system: only what it made itself
    OWN_RECEIVER = "own_receiver"  #: a receiver: only what is its desk's
    #: a case system or a receiver: its own; a duty coordinator: unanswered or escalated ones only
    OWN_OFFER = "own_offer"
    OWN_ENDPOINT = "own_endpoint"  #: a case system or a receiver: where it is told itself


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


@dataclass(frozen=True, slots=True)
class Rule:
    """Who may call a method, and which objects it may name there."""

    roles: frozenset[Role]
    objects: ObjectRule = ObjectRule.NONE
    is_open: bool = False  #: needs no credential at all: health alone


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


_EVERY_ROLE: Final = frozenset(Role)
_OPEN: Final = Rule(frozenset(), is_open=True)
_ANY: Final = Rule(_EVERY_ROLE)
_EDITOR: Final = Rule(frozenset({Role.DIRECTORY_EDITOR, Role.OPERATOR}))
#: who hears of abuse first, and whoever checks records by telephone
_GUARDIAN: Final = Rule(_EDITOR.roles | {Role.COORDINATOR, Role.DUTY_COORDINATOR})
_DRAWER: Final = Rule(frozenset({Role.COORDINATOR, Role.DUTY_COORDINATOR, Role.DIRECTORY_EDITOR}))
_REVIEWER: Final = Rule(frozenset({Role.DIRECTORY_EDITOR}))
_SERVICE: Final = Rule(frozenset({Role.SERVICE}))
_SENDER: Final = Rule(frozenset({Role.CASE_SYSTEM}), ObjectRule.OWN_CLIENT)
_MATCHER: Final = Rule(frozenset({Role.CASE_SYSTEM, Role.DUTY_COORDINATOR, Role.SERVICE}))
_DESK: Final = Rule(frozenset({Role.RECEIVER}), ObjectRule.OWN_RECEIVER)
_DESK_OR_PAGE: Final = Rule(frozenset({Role.RECEIVER, Role.SERVICE}), ObjectRule.OWN_RECEIVER)
_ANSWER: Final = Rule(frozenset({Role.RECEIVER, Role.DUTY_COORDINATOR, Role.SERVICE}), ObjectRule.OWN_OFFER)
_EITHER_SIDE: Final = Rule(_ANSWER.roles | {Role.CASE_SYSTEM}, ObjectRule.OWN_OFFER)
_HANDOVER: Final = Rule(frozenset({Role.CASE_SYSTEM, Role.RECEIVER}), ObjectRule.OWN_OFFER)
_HANDOVER_OR_PAGE: Final = Rule(_HANDOVER.roles | {Role.SERVICE}, ObjectRule.OWN_OFFER)
_TASK_READER: Final = Rule(frozenset({Role.DUTY_COORDINATOR, Role.CASE_SYSTEM}), ObjectRule.OWN_CLIENT)
_DUTY: Final = Rule(frozenset({Role.DUTY_COORDINATOR}))
_ENROLLER: Final = Rule(frozenset({Role.COORDINATOR, Role.DUTY_COORDINATOR, Role.OPERATOR}))
_OPERATOR: Final = Rule(frozenset({Role.OPERATOR}))
_ENDPOINT: Final = Rule(_ENROLLER.roles | {Role.RECEIVER, Role.CASE_SYSTEM}, ObjectRule.OWN_ENDPOINT)


def _rows(service: str, rules: Mapping[str, Rule]) -> dict[str, Rule]:
    return {f"/{service}/{method}": rule for method, rule in rules.items()}


#: Full method name to who may call it. A method that is not here is refused to everybody.
METHODS: Final[Mapping[str, Rule]] = {
    **_rows("grpc.health.v1.Health", {"Check": _OPEN, "Watch": _OPEN, "List": _OPEN}),
    **_rows("grpc.reflection.v1alpha.ServerReflection", {"ServerReflectionInfo": _ANY}),
    **_rows(
        "ihala.directory.v1.DirectoryService",
        {
            f"{verb}{noun}": rule
            for noun in ("Organization", "Service", "Location", "Provider", "Receiver")
            for verb, rule in (("Create", _EDITOR), ("Update", _EDITOR), ("Archive", _EDITOR), ("Get", _ANY))
        },
    ),
    **_rows(
        "ihala.directory.v1.DirectoryService",
        {
            "ListOrganizations": _ANY,
            "ListServices": _ANY,
            "ListLocations": _ANY,
            "ListProviders": _ANY,
            "ListReceivers": _ANY,
            "ReportPlaces": Rule(_ANSWER.roles | {Role.DIRECTORY_EDITOR}, ObjectRule.OWN_RECEIVER),
            "ReportReceiversHeard": _SERVICE,
            "SearchProviders": _ANY,
            "CountAreas": _ANY,
            "WatchProviders": _SERVICE,
            "ListVocabulary": _ANY,
            "ResolvePlace": _ANY,
            "GetTown": _ANY,
            "ImportProviders": _EDITOR,
            "SuggestChange": _DESK,
            "SuggestCorrection": _SERVICE,
            "ListSuggestions": _REVIEWER,
            "ReviewSuggestion": _REVIEWER,
            "SuspendProvider": _GUARDIAN,
            "VerifyProvider": Rule(_GUARDIAN.roles | {Role.RECEIVER}, ObjectRule.OWN_RECEIVER),
            "ListStale": _GUARDIAN,
            "GetProviderHistory": Rule(
                _EDITOR.roles | {Role.COORDINATOR, Role.AUDITOR, Role.RECEIVER}, ObjectRule.OWN_RECEIVER
            ),
            "ListDuplicates": Rule(_EDITOR.roles | {Role.COORDINATOR}),
            "CreateLine": _DRAWER,
            "EndLine": _DRAWER,
            "ListLines": _ANY,
            "CreateCalendarEntry": _GUARDIAN,
            "EndCalendarEntry": _GUARDIAN,
            "ListCalendarEntries": _ANY,
        },
    ),
    **_rows(
        "ihala.directory.v1.DocumentService",
        {"KeepDocuments": _EDITOR, "ListDocuments": _EDITOR},
    ),
    **_rows(
        "ihala.matching.v1.MatchingService",
        {
            "FindMatches": _MATCHER,
            "ExplainMatch": _MATCHER,
            "PlanMatches": _MATCHER,
            "CheckMatch": _SERVICE,
            "CheckPlan": _SERVICE,
        },
    ),
    **_rows(
        "ihala.referrals.v1.ReferralsService",
        {
            "RecordConsent": _SENDER,
            "GetConsent": _SENDER,
            "ListConsents": _SENDER,
            "WithdrawConsent": _SENDER,
            "OverrideConsent": _SENDER,
            "CreateReferral": _SENDER,
            "CreateReferrals": _SENDER,
            "GetReferral": _SENDER,
            "LookUpRequest": _SENDER,
            "ListReferrals": _SENDER,
            "AddOffer": _SENDER,
            "RevokeReferral": _SENDER,
            "ProbeProviders": _SENDER,
            "AnswerProbe": _ANSWER,
            "SendOffer": _SENDER,
            "DeferOffer": _SENDER,
            "VoidOffer": _SENDER,
            "VoidReferral": _SENDER,
            "WatchReferrals": _SENDER,
            "ListReferralEvents": _SENDER,
            "CancelOffer": _SENDER,
            "ListOffers": _DESK_OR_PAGE,
            "ListSuspendedOffers": _DUTY,
            "ReadOffer": _ANSWER,
            "AcknowledgeOffer": _ANSWER,
            "AcceptOffer": _ANSWER,
            "ProposeOffer": _ANSWER,
            "AgreeOffer": _SENDER,
            "RefuseOffer": _SENDER,
            "DeclineOffer": _ANSWER,
            "RequestInfo": _ANSWER,
            "AnswerInfo": _SENDER,
            "WaitlistOffer": _ANSWER,
            "DepartOffer": _EITHER_SIDE,
            "ArriveOffer": _ANSWER,
            "FailOffer": _EITHER_SIDE,
            "CompleteOffer": _ANSWER,
            "SubmitHandover": _HANDOVER,
            "GetHandover": _HANDOVER_OR_PAGE,
            "ListTasks": _TASK_READER,
            "TakeTask": _DUTY,
            "CloseTask": _DUTY,
            "WatchTasks": Rule(frozenset({Role.DUTY_COORDINATOR, Role.SERVICE})),
            "ListRosters": _DUTY,
            "UpdateRoster": _DUTY,
            "PauseRoster": _DUTY,
            "WatchTakenPlaces": _SERVICE,
            "OpenDeadLetter": _SERVICE,
            "WatchSenderEvents": _SERVICE,
            "SummarizeReferrals": Rule(frozenset({Role.COORDINATOR})),
        },
    ),
    **_rows(
        "ihala.notify.v1.NotifyService",
        {
            "CreateEnrolmentCode": _ENROLLER,
            "RegisterNatsReceiver": _OPERATOR,
            "ListDevices": Rule(_ENROLLER.roles | {Role.RECEIVER}, ObjectRule.OWN_RECEIVER),
            "EndDevice": _ENROLLER,
            "ListAlerts": Rule(_ANSWER.roles | {Role.OPERATOR}, ObjectRule.OWN_RECEIVER),
            "StreamAlerts": _DESK,
            "ListDeliveries": Rule(_ENROLLER.roles | {Role.RECEIVER}, ObjectRule.OWN_RECEIVER),
            "ListDeadLetters": _ENROLLER,
            "ClearDeadLetter": _ENROLLER,
            "RegisterWebhook": _ENDPOINT,
            "RegisterEndpoint": Rule(_ENROLLER.roles | {Role.RECEIVER}, ObjectRule.OWN_ENDPOINT),
            "ListEndpoints": _ENDPOINT,
            "UpdateEndpoint": _ENDPOINT,
            "ApproveEndpoint": _ENROLLER,
            "PauseEndpoint": _ENDPOINT,
            "ResumeEndpoint": _ENDPOINT,
            "EndEndpoint": _ENDPOINT,
            "SetContact": _SENDER,
            "GetContact": _TASK_READER,
        },
    ),
}
