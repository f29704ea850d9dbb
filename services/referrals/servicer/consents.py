"""Consents: recorded, read, and withdrawn in three ways (R1-R3)."""

from dataclasses import replace
from typing import Any

from services.errors import FailedPrecondition, Reason
from services.referrals import scene
from services.referrals.consent import withdrawn
from services.referrals.model import Consent, Withdrawal, checked_ref
from services.referrals.servicer.desk import Desk, act_of, actor_of
from services.referrals.store import consents, scenes
from services.referrals.wire import consents as wire
from services.referrals.wire import responses
from services.referrals.wire.basics import page_size, page_start, page_token
from services.runtime.auth import absent, current_principal
from services.runtime.postgres import Connection


class ConsentMethods:
    """The methods on consents; each sees its client's own alone."""

    def __init__(self, desk: Desk) -> None:
        self._desk = desk

    async def RecordConsent(self, request: Any, context: Any) -> Any:
        principal = current_principal()
        consent = wire.consent_from_wire(
            request.consent,
            consent_id=self._desk.house.new_id(),
            client_id=principal.client_id,
            recorded_by=actor_of(principal),
            now=self._desk.now(),
        )

        async def run(connection: Connection) -> None:
            await consents.add(connection, consent)

        done = await self._desk.once("consent.record", request, consent.consent_id, run)
        if done is not None:
            consent = await self._own(done.subject_id)
        return responses.RecordConsent(consent=wire.consent_to_wire(consent), replayed=done is not None)

    async def GetConsent(self, request: Any, context: Any) -> Any:
        return responses.GetConsent(consent=wire.consent_to_wire(await self._own(request.consent_id)))

    async def ListConsents(self, request: Any, context: Any) -> Any:
        case_ref = checked_ref(request.case_ref, "case_ref")
        size = page_size(request)
        async with self._desk.read() as connection:
            found = await consents.of_case(
                connection, current_principal().client_id, case_ref, page_start(request), size + 1
            )
        page = found[:size]
        token = page_token(request, page[-1].create_time, page[-1].consent_id) if len(found) > size else ""
        return responses.ListConsents(consents=map(wire.consent_to_wire, page), next_page_token=token)

    async def WithdrawConsent(self, request: Any, context: Any) -> Any:
        principal = current_principal()
        way, provider_id = wire.withdrawal_from_wire(request)

        async def run(connection: Connection) -> None:
            consent = await consents.find(connection, principal.client_id, request.consent_id, lock="FOR UPDATE")
            if consent is None:
                raise absent()
            now = self._desk.now()
            await consents.withdraw(connection, _withdrawn(consent, way, provider_id, now))
            locked = await scenes.lock(
                connection, self._desk.house, await consents.referrals_on(connection, consent.consent_id)
            )
            act = act_of(principal, now)
            for each in locked.scenes:
                if way is Withdrawal.STOP_SERVICE:
                    scene.stop_service(each, act)
                else:
                    scene.withdraw(each, act, provider_id or None)
            await locked.save(connection, now)

        done = await self._desk.once("consent.withdraw", request, request.consent_id, run)
        consent = await self._own(request.consent_id)
        return responses.WithdrawConsent(consent=wire.consent_to_wire(consent), replayed=done is not None)

    async def _own(self, consent_id: str) -> Consent:
        async with self._desk.read() as connection:
            consent = await consents.find(connection, current_principal().client_id, consent_id)
        if consent is None:
            raise absent()
        return consent


def _withdrawn(consent: Consent, way: Withdrawal, provider_id: str, now: Any) -> Consent:
    if way is Withdrawal.THIS_RECEIVER:
        return replace(consent, withdrawn_provider_ids=tuple(sorted({*consent.withdrawn_provider_ids, provider_id})))
    return replace(consent, withdrawn_time=consent.withdrawn_time or now)


async def standing(
    connection: Connection, client_id: str, consent_id: str | None, case_ref: str, *, lock: bool
) -> Consent:
    """
    Find the consent that a referral names.

    Args:
        connection: In a transaction.

        client_id: Whose.

        consent_id: As the request names it.

        case_ref: The case of the referral.

        lock: Whether nobody may withdraw it until this transaction has ended.

    Raises:
        FailedPrecondition: CONSENT_MISSING, CONSENT_WITHDRAWN, or CONSENT_NOT_COVERING if
            it is of another case.
    """
    consent = await consents.find(connection, client_id, consent_id, lock="FOR SHARE" if lock else "")
    if consent is None:
        raise FailedPrecondition("consent_id names no consent", reason=Reason.CONSENT_MISSING)
    if consent.case_ref != case_ref:
        raise FailedPrecondition("the consent is of another case", reason=Reason.CONSENT_NOT_COVERING)
    if consent.withdrawn_time is not None:
        raise withdrawn()
    return consent
