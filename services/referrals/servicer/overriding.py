"""Going ahead without consent: a coded ground, a second person, or the night rule (R5)."""

from collections.abc import Mapping
from datetime import datetime, timedelta
from typing import Any, Final

from services.errors import FailedPrecondition, InvalidInput, NotFound, Reason
from services.referrals.clocks import COUNTERSIGN
from services.referrals.consent import EMERGENCY_CODES, REFERRAL_PURPOSE
from services.referrals.model import (
    Assent,
    Cause,
    Consent,
    GivenBy,
    Method,
    OverrideGround,
    Provider,
    Task,
    TaskKind,
    checked_id,
    checked_ref,
    night_of,
)
from services.referrals.servicer.desk import Desk, actor_of
from services.referrals.store import overrides, providers, rosters, tasks
from services.referrals.wire import responses
from services.referrals.wire.consents import override_from_wire
from services.runtime.auth import current_principal
from services.runtime.postgres import Connection
from services.taxonomy import Urgency

#: what care needs to know, and no more
FIELDS: Final = (
    "need",
    "urgency",
    "age",
    "gender",
    "language",
    "family",
    "unaccompanied_child",
    "accessibility",
    "brought_by",
    "arrival",
    "risk",
    "precaution",
)
TELL_WITHIN: Final = timedelta(hours=72)
LONGEST_REASON: Final = 16_384  #: bytes, sealed


class OverrideMethods:
    """The method that stands in for a consent."""

    def __init__(self, desk: Desk) -> None:
        self._desk = desk

    async def OverrideConsent(self, request: Any, context: Any) -> Any:
        now, principal = self._desk.now(), current_principal()
        ground, assent = override_from_wire(request)
        worker = actor_of(principal)
        _require_whole(request)
        second = checked_id(request.second_person, "second_person") if request.second_person else ""
        if ground is OverrideGround.LEGAL_DUTY and not self._desk.house.has_legal_duty:
            raise InvalidInput("ground must be one of this jurisdiction: no legal duty is configured")
        async with self._desk.read() as connection:
            known = await providers.find(connection, set(request.provider_ids))
        if not set(request.provider_ids) <= known.keys():
            raise NotFound("there is no such provider")
        if not second or second == worker:
            self._require_night(ground, assent, known, now)
            second = ""
        consent = Consent(
            consent_id=self._desk.house.new_id(),
            client_id=principal.client_id,
            case_ref=checked_ref(request.case_ref, "case_ref"),
            provider_ids=tuple(dict.fromkeys(request.provider_ids)),
            fields=FIELDS,
            purposes=(REFERRAL_PURPOSE,),
            start_time=now,
            end_time=now + (overrides.LIFE if second else COUNTERSIGN),
            given_by=GivenBy.NOBODY,
            child_assent=assent,
            method=Method.NOT_GIVEN,
            recorded_by=worker,
            create_time=now,
            override_ground=ground,
            second_person=second,
        )
        asked = [self._task(consent, TaskKind.TELL_PERSON, Cause.UNTOLD, now + TELL_WITHIN)]
        if not second:
            asked.append(self._task(consent, TaskKind.COUNTERSIGN, Cause.UNSIGNED, now + COUNTERSIGN))

        async def run(connection: Connection) -> None:
            await overrides.add(connection, consent, request.sealed_reason)
            for task in await rosters.assign(connection, self._desk.house, asked, now):
                await tasks.put(connection, task)

        done = await self._desk.once("consent.override", request, consent.consent_id, run)
        consent_id = consent.consent_id if done is None else done.subject_id
        async with self._desk.read() as connection:
            unsigned = await tasks.unsigned(connection, consent_id)
        return responses.OverrideConsent(
            consent_id=consent_id, task_id="" if unsigned is None else unsigned.task_id, replayed=done is not None
        )

    def _require_night(
        self, ground: OverrideGround, assent: Assent | None, known: Mapping[str, Provider], now: datetime
    ) -> None:
        """Let one worker's word do at night, for danger to life or a child who assents, to emergency services."""
        is_child = ground is OverrideGround.CHILD_BEST_INTERESTS and assent is Assent.GIVEN
        is_grave = ground is OverrideGround.DANGER_TO_LIFE or is_child
        if night_of(now, self._desk.house.zone) is None or not is_grave:
            raise overrides.second_person_needed()
        if any(EMERGENCY_CODES.isdisjoint(provider.codes) for provider in known.values()):
            raise FailedPrecondition(
                "one worker alone may go to emergency services only", reason=Reason.PROVIDER_NOT_REFERABLE
            )

    def _task(self, consent: Consent, kind: TaskKind, cause: Cause, due_time: datetime) -> Task:
        return Task(
            task_id=self._desk.house.new_id(),
            kind=kind,
            cause=cause,
            # nobody is woken to sign or to tell: that is for the day
            urgency=Urgency.URGENT,
            due_time=due_time,
            client_id=consent.client_id,
            consent_id=consent.consent_id,
            owner=self._desk.house.duty_roster,
            create_time=consent.create_time,
        )


def _require_whole(request: Any) -> None:
    if not 1 <= len(request.sealed_reason) <= LONGEST_REASON:
        raise InvalidInput(f"sealed_reason must have 1 to {LONGEST_REASON} bytes")
    if not request.provider_ids:
        raise InvalidInput("provider_ids must name at least one")
    for number, each in enumerate(request.provider_ids):
        checked_id(each, f"provider_ids[{number}]")
