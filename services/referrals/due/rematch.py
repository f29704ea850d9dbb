"""The next provider by itself: after a decline, an expiry or a rung of the ladder, as far as the consent covers."""

from datetime import datetime
from typing import Any, Final

import structlog

from services.errors import FailedPrecondition, IhalaError, NotFound, Reason
from services.referrals import scene
from services.referrals.clients import Matching
from services.referrals.consent import require_covering
from services.referrals.model import Act, Choice, Consent, Need, NextKind, Referral
from services.referrals.scene import House
from services.referrals.servicer.choosing import PLACES, asks_of, keys_of
from services.referrals.store import consents, exclusions, facts, needs, providers, referrals, scenes
from services.referrals.store.sealing import Sealer
from services.referrals.wire import asking
from services.referrals.wire.asking import Checked
from services.runtime.postgres import Act as AuditAct
from services.runtime.postgres import Connection, Pool, Process, read, transaction

BATCH: Final = 20
ACTOR: Final = Process(client_id="referrals.rematch")

log = structlog.get_logger(__name__)


class Rematcher:
    """
    Looks for the next provider of needs whose clock says so.

    Several replicas may do this at once: a referral that another transaction has is left
    to it, and a need that was gone on with meanwhile is not asked for twice.

    Args:
        pool: Of the service.

        house: The jurisdiction.

        sealer: Opens what was asked.

        matching: Says who comes next.
    """

    def __init__(self, pool: Pool, house: House, sealer: Sealer, matching: Matching) -> None:
        self._pool = pool
        self._house = house
        self._sealer = sealer
        self._matching = matching

    async def look(self, now: datetime) -> int:
        """Look for the next provider of every need whose time has come; return how many were gone on with."""
        async with read(self._pool) as connection:
            due = await needs.due(connection, NextKind.REMATCH, now, BATCH)
        return sum([await self._go_on(need, now) for need in due])

    async def _go_on(self, need: Need, now: datetime) -> bool:
        try:
            candidates = await self._candidates(need)
        except IhalaError as error:
            is_hopeless = error.reason in {Reason.ERASED, Reason.MATCH_STALE, Reason.INVALID_FIELD}
            waited = now - (need.next_time or now)
            if not is_hopeless and waited < self._house.clocks.rematch_patience(need.urgency):
                log.warning("rematch.waits", reason=error.reason)
                return False
            log.warning("rematch.given_up", reason=error.reason)
            candidates = []
        try:
            return await self._ask(need, candidates, now)
        except IhalaError as error:
            log.warning("rematch.failed", reason=error.reason)
            return False

    async def _candidates(self, need: Need) -> list[Checked]:
        """Let matching say who comes next: nobody who was asked for this need, or shall not meet this person."""
        async with read(self._pool) as connection:
            referral = await _referral(connection, need)
            standing = (await referrals.standing(connection, [need.referral_id]))[need.referral_id]
            excluded = await exclusions.of(connection, referral.client_id, referral.case_ref, referral.person_ref)
            kept = await facts.read_part(connection, self._sealer, need.referral_id, facts.REQUEST)
        # who took a number of a group is full for the rest of it
        asked = {offer.provider_id for offer in standing.offers if offer.need_no == need.need_no or need.items}
        request = asking.request_for_next(kept, need, asked | excluded)
        return [] if request is None else await self._matching.find_next(request)

    async def _ask(self, need: Need, candidates: list[Checked], now: datetime) -> bool:
        act = Act(actor=ACTOR.client_id, occurred_time=now, now=now)
        audit = AuditAct(action="need.rematch", object_kind="referral", object_id=need.referral_id)
        async with transaction(self._pool, ACTOR, audit) as connection:
            # the lock of the consent comes first, as in every command: a withdrawal is before or after this
            referral = await _referral(connection, need)
            consent = await consents.find(connection, referral.client_id, referral.consent_id, lock="FOR SHARE")
            covered = await self._covered(connection, consent, need, candidates, now)
            locked = await scenes.lock(
                connection, self._house, [need.referral_id], more_places=keys_of(covered), skip_busy=True
            )
            for present in locked.scenes:
                if not scene.is_due(present, need.need_no, NextKind.REMATCH, act):
                    continue
                if consent is None or consent.withdrawn_time is not None or now >= consent.end_time:
                    scene.wait_again(present, need.need_no, act)
                else:
                    scene.ask_next(present, need.need_no, covered, act)
            await locked.save(connection, now)
        return bool(locked.scenes)

    async def _covered(
        self, connection: Connection, consent: Consent | None, need: Need, candidates: list[Checked], now: datetime
    ) -> list[scene.Ask]:
        if consent is None:
            return []
        briefing = await facts.read_part(connection, self._sealer, need.referral_id, facts.BRIEFING)
        fields = asking.briefing_fields(asking.briefing_of(briefing))
        known = await providers.find(connection, {each.choice.provider_id for each in candidates})
        covered = []
        for each in candidates:
            provider = known.get(each.choice.provider_id)
            if provider is None or any(constraint != PLACES for constraint in each.turned):
                continue
            try:
                require_covering(consent, provider, need.code, fields=fields, now=now)
            except FailedPrecondition:
                continue
            covered.append(_of_need(each, need))
        return asks_of(known, covered)


def _of_need(each: Checked, need: Need) -> Checked:
    return Checked(Choice(need.need_no, each.choice.provider_id), each.turned, each.items, each.needed_fields)


async def _referral(connection: Connection, need: Need) -> Referral:
    found: Any = await referrals.find(connection, need.referral_id)
    if found is None:
        raise NotFound("the referral is gone")
    return found  # type: ignore[no-any-return]
