"""A further provider asked for a need of an open referral."""

from collections.abc import Sequence
from dataclasses import replace
from typing import Any

from services.errors import FailedPrecondition, InvalidInput, Reason, Unavailable
from services.referrals import scene
from services.referrals.model import Choice, CreatedOffer, CreatedReferral, Referral, RequestKey
from services.referrals.servicer.choosing import Chooser, EveryPlaceIsGone, Wish, asks_of, keys_of
from services.referrals.servicer.consents import standing
from services.referrals.servicer.desk import Desk, act_of
from services.referrals.store import consents, facts, referrals, requests, scenes
from services.referrals.store.together import Together
from services.referrals.wire import asking, responses
from services.referrals.wire.asking import Checked
from services.runtime.auth import absent, current_principal


class AddingMethods:
    """The method that adds an offer."""

    def __init__(self, desk: Desk) -> None:
        self._desk = desk
        self._chooser = Chooser(desk)

    async def AddOffer(self, request: Any, context: Any) -> Any:
        principal, now = current_principal(), self._desk.now()
        async with self._desk.read() as connection:
            referral = await referrals.find(connection, request.referral_id)
        if referral is None or referral.client_id != principal.client_id:
            raise absent()
        needs = asking.needs_from_wire(request.match_request, referral.referral_id)
        wish = Wish(
            match_token=request.match_token,
            match_request=request.match_request,
            choices=asking.choices_from_wire([request.choice], len(needs) + asking.MAX_ADDED, "choice"),
            codes={need.need_no: need.code for need in needs},
            fields=frozenset(),
            now=now,
            person_ref=referral.person_ref,
        )
        done = await self._desk.find_done(request)
        if done is None:
            async with self._desk.read() as connection:
                consent = await consents.of_referral(connection, referral.referral_id)
                if consent is None:
                    raise FailedPrecondition("the referral has no consent yet", reason=Reason.CONSENT_MISSING)
                await self._chooser.check_consent(connection, consent, wish)
            checked = (await self._chooser.check_match(wish)).choices
            wish = replace(wish, codes={each.choice.need_no: each.code for each in checked})
            try:
                return responses.AddOffer(offer=await self._add(request, referral, wish, checked))
            except requests.AlreadyDone:
                done = await self._desk.find_done(request)
        if done is None or done.answer is None:
            raise Unavailable("the same request is being done: ask again", retry_after_s=1.0)
        return responses.AddOffer(offer=_created_offer(done.answer.offers[0]), replayed=True)

    async def _add(self, request: Any, referral: Referral, wish: Wish, checked: Sequence[Checked]) -> Any:
        desk, principal = self._desk, current_principal()
        act = act_of(principal, wish.now)
        key = RequestKey(desk.digest(request), referral.referral_id, referral.referral_id)
        try:
            async with desk.write("offer.add", referral.referral_id, request.request_id) as connection:
                await requests.claim(connection, principal.client_id, request.request_id, key, wish.now)
                consent = await standing(
                    connection, principal.client_id, referral.consent_id, referral.case_ref, lock=True
                )
                known = await self._chooser.check_consent(connection, consent, wish)
                (each,) = asks_of(known, checked)
                scene.require_referable(each, act)
                await self._chooser.check_quota(connection, principal.client_id, [each])
                locked = await scenes.lock(connection, desk.house, [referral.referral_id], more_places=keys_of([each]))
                asked = scene.ask(locked.scene, _of_need(each, locked.scene, wish), act)
                if asked is None:
                    raise EveryPlaceIsGone  # noqa: TRY301 -- so that the transaction is rolled back
                made = CreatedOffer(asked.offer_id, asked.need_no, asked.provider_id)
                answer = CreatedReferral(referral.referral_id, (made,), wish.now, ())
                together = Together()
                requests.keep_answer(together, principal.client_id, request.request_id, answer)
                # what is known by now is what the new receiver needs
                kept = asking.request_to_keep(wish.match_request, locked.scene.needs.values())
                await facts.add_part(connection, desk.sealer, referral.referral_id, facts.REQUEST, kept)
                await locked.save(connection, wish.now, together)
                await self._chooser.require_quota(connection, principal.client_id)
        except EveryPlaceIsGone:
            choice = wish.choices[0]
            made = CreatedOffer("", choice.need_no, choice.provider_id)
        return _created_offer(made)


def _of_need(each: scene.Ask, present: scene.Scene, wish: Wish) -> scene.Ask:
    """Find the referral's need that the choice is for: of the same number if it is the same, else of the same code."""
    code = wish.codes[each.choice.need_no]
    same = [need.need_no for need in present.needs.values() if need.code == code]
    if not same:
        raise InvalidInput("choice.need_no must name a need that the referral has")
    need_no = each.choice.need_no if each.choice.need_no in same else same[0]
    return replace(each, choice=Choice(need_no, each.choice.provider_id))


def _created_offer(made: CreatedOffer) -> Any:
    return responses.CreatedOffer(offer_id=made.offer_id, need_no=made.need_no, provider_id=made.provider_id)
