"""
What a caller may call: one table from methods to roles, and whose objects each may name.

Rule of this file: a method without a row is refused to everybody.
"""

from collections.abc import Mapping
from dataclasses import dataclass
from enum import StrEnum
from typing import Final

from services.runtime.auth import Role


class ObjectRule(StrEnum):
    """Which objects of a method are the caller's; the servicer applies it, see `auth.require_*`."""

    NONE = "none"  #: the method names no object that belongs to anybody
    OWN_CLIENT = "own_client"  #: a case system: only what it made itself
    OWN_RECEIVER = "own_receiver"  #: a receiver: only what is its desk's
    #: a case system or a receiver: its own; a duty coordinator: unanswered or escalated ones only
    OWN_OFFER = "own_offer"
    OWN_ENDPOINT = "own_endpoint"  #: a case system or a receiver: where it is told itself


@dataclass(frozen=True, slots=True)
class Rule:
    """Who may call a method, and which objects it may name there."""

    roles: frozenset[Role]
    objects: ObjectRule = ObjectRule.NONE
    is_open: bool = False  #: needs no credential at all: health alone


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
