"""A match turned into a referral, in one transaction."""

from collections.abc import Sequence
from dataclasses import replace
from datetime import datetime
from typing import Any

from services.errors import FailedPrecondition, Reason, Unavailable
from services.referrals import scene
from services.referrals.model import (
    CreatedOffer,
    CreatedReferral,
    Need,
    Offer,
    Referral,
    RequestKey,
    checked_ref,
)
from services.referrals.servicer.choosing import Chooser, EveryPlaceIsGone, Wish, asks_of, keys_of
from services.referrals.servicer.consents import standing
from services.referrals.servicer.desk import Desk, act_of
from services.referrals.store import facts, places, requests, scenes
from services.referrals.store.together import Together
from services.referrals.wire import asking
from services.referrals.wire.asking import CheckedMatch
from services.referrals.wire.basics import occurred_time, request_id
from services.referrals.wire.referrals import created_to_wire
from services.runtime import failpoints
from services.runtime.auth import Principal, current_principal


class CreatingMethods:
    """The method that makes a referral."""

    def __init__(self, desk: Desk) -> None:
        self._desk = desk
        self._chooser = Chooser(desk)

    async def CreateReferral(self, request: Any, context: Any) -> Any:
        principal, now = current_principal(), self._desk.now()
        referral, needs, wish = self._read(request, principal, now)
        failpoints.reach("M1")
        async with self._desk.read() as connection:
            done = await self._desk.find_done_in(connection, request)
            if done is not None and done.answer is not None:
                return created_to_wire(done.answer, replayed=True)
            consent = await standing(connection, principal.client_id, request.consent_id, referral.case_ref, lock=False)
            await self._chooser.check_consent(connection, consent, wish)
        match = await self._chooser.check_match(wish)
        needs = [*needs, *asking.added_needs(needs, match, request.arranged_codes)]
        wish = replace(wish, codes={need.need_no: need.code for need in needs})
        try:
            return await self._create(request, referral, needs, wish, match)
        except requests.AlreadyDone:
            done = await self._desk.find_done(request)
            if done is None or done.answer is None:
                raise Unavailable("the same request is being done: ask again", retry_after_s=1.0) from None
            return created_to_wire(done.answer, replayed=True)

    def _read(self, request: Any, principal: Principal, now: datetime) -> tuple[Referral, list[Need], Wish]:
        request_id(request)
        referral = Referral(
            referral_id=self._desk.house.new_id(),
            client_id=principal.client_id,
            case_ref=checked_ref(request.case_ref, "case_ref"),
            person_ref=checked_ref(request.person_ref, "person_ref") if request.person_ref else "",
            consent_id=request.consent_id,
            create_time=now,
            occurred_time=occurred_time(request, now),
        )
        needs = asking.needs_from_wire(request.match_request, referral.referral_id)
        wish = Wish(
            match_token=request.match_token,
            match_request=request.match_request,
            choices=asking.choices_from_wire(request.choices, len(needs) + asking.MAX_ADDED, "choices"),
            codes={need.need_no: need.code for need in needs},
            fields=frozenset(asking.briefing_fields(request.briefing)),
            now=now,
            person_ref=referral.person_ref,
        )
        if not request.consent_id:
            raise FailedPrecondition("consent_id must be given", reason=Reason.CONSENT_MISSING)
        return referral, needs, wish

    async def _create(
        self,
        request: Any,
        referral: Referral,
        needs: Sequence[Need],
        wish: Wish,
        match: CheckedMatch,
    ) -> Any:
        desk, principal = self._desk, current_principal()
        act = act_of(principal, wish.now, occurred_time=referral.occurred_time)
        key = RequestKey(desk.digest(request), referral.referral_id, referral.referral_id)
        try:
            async with desk.write("referral.create", referral.referral_id, request.request_id) as connection:
                await requests.claim(connection, principal.client_id, request.request_id, key, wish.now)
                failpoints.reach("M2")
                consent = await standing(
                    connection, principal.client_id, referral.consent_id, referral.case_ref, lock=True
                )
                known = await self._chooser.check_consent(connection, consent, wish)
                asks = asks_of(known, match.choices)
                for each in asks:
                    scene.require_referable(each, act)
                await self._chooser.check_quota(connection, principal.client_id, asks)
                locked_places = await places.lock(connection, keys_of(asks))
                made, asked = scene.create(desk.house, referral, needs, dict(locked_places), asks, act)
                created = _created(referral, wish, asked)
                if not created.offers:
                    raise EveryPlaceIsGone  # noqa: TRY301 -- so that the transaction is rolled back
                kept = {facts.REQUEST: asking.request_to_keep(wish.match_request, needs)}
                kept[facts.BRIEFING] = request.briefing.SerializeToString(deterministic=True)
                together = Together()
                facts.add(together, desk.sealer, {referral.referral_id: kept})
                requests.keep_answer(together, principal.client_id, request.request_id, created)
                await scenes.Locked.fresh([made], locked_places).save(connection, wish.now, together)
                if made.holds:
                    await self._chooser.require_quota(connection, principal.client_id)
                failpoints.reach("M4")
            failpoints.reach("M5")
        except EveryPlaceIsGone:
            created = CreatedReferral("", (), wish.now, tuple(wish.choices))
        following = await self._chooser.who_follows(wish, {choice.need_no for choice in created.lost_places})
        return created_to_wire(created, replayed=False, next_candidates=following)


def _created(referral: Referral, wish: Wish, asked: Sequence[Offer | None]) -> CreatedReferral:
    return CreatedReferral(
        referral_id=referral.referral_id,
        offers=tuple(
            CreatedOffer(offer.offer_id, offer.need_no, offer.provider_id) for offer in asked if offer is not None
        ),
        create_time=referral.create_time,
        lost_places=tuple(choice for choice, offer in zip(wish.choices, asked, strict=True) if offer is None),
    )
