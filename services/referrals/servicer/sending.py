"""Drafts that are sent, deferred, or were made by mistake: what a sender does before and after anybody is told."""

from datetime import datetime
from typing import Any

from services.errors import FailedPrecondition, InvalidInput, Reason
from services.referrals import scene
from services.referrals.model import Choice, Offer, OfferState, Referral
from services.referrals.servicer.choosing import Chooser, Wish, asks_of
from services.referrals.servicer.consents import standing
from services.referrals.servicer.desk import Desk, act_of, actor_of, require_version
from services.referrals.servicer.viewing import Viewer, is_sender
from services.referrals.store import events, facts, overrides, referrals, scenes
from services.referrals.wire import asking, responses
from services.referrals.wire.asking import Checked
from services.referrals.wire.basics import offer_state_from_wire
from services.referrals.wire.referrals import referral_to_wire
from services.runtime.auth import absent, current_principal
from services.runtime.postgres import Connection


class SendingMethods:
    """The methods of a sender on its drafts and its mistakes."""

    def __init__(self, desk: Desk) -> None:
        self._desk = desk
        self._chooser = Chooser(desk)
        self._viewer = Viewer(desk)

    async def SendOffer(self, request: Any, context: Any) -> Any:
        principal, now = current_principal(), self._desk.now()
        offer = await self._viewer.of_sender(principal, request.offer_id)
        async with self._desk.read() as connection:
            referral = await self._referral(connection, offer.referral_id)
        wish = _wish(request, offer, referral, now)
        checked: list[Checked] = []
        if await self._desk.find_done(request) is None:
            checked = (await self._chooser.check_match(wish)).choices

        async def run(connection: Connection) -> None:
            known_referral = await self._referral(connection, offer.referral_id)
            consent_id = known_referral.consent_id or request.consent_id or None
            if request.consent_id and request.consent_id != consent_id:
                raise InvalidInput("consent_id must be that of the referral, or be left out")
            consent = await standing(connection, principal.client_id, consent_id, referral.case_ref, lock=True)
            known = await self._chooser.check_consent(connection, consent, wish)
            (each,) = asks_of(known, checked)
            act = act_of(principal, now)
            scene.require_referable(each, act)
            locked = await scenes.lock(connection, self._desk.house, [offer.referral_id])
            present = locked.scene.offers[offer.offer_id]
            require_version(present.version, request.expected_version)
            if present.state is OfferState.AWAITING_APPROVAL:
                await self._require_other(connection, offer.offer_id)
            locked.scene.tell_by(consent.consent_id, offer.offer_id, each.needed_fields)
            scene.send(locked.scene, offer.offer_id, act)
            kept = asking.request_to_keep(wish.match_request, locked.scene.needs.values())
            await facts.add_part(connection, self._desk.sealer, offer.referral_id, facts.REQUEST, kept)
            if request.HasField("briefing"):
                briefing = request.briefing.SerializeToString(deterministic=True)
                await facts.add_part(connection, self._desk.sealer, offer.referral_id, facts.BRIEFING, briefing)
            await locked.save(connection, now)
            await self._chooser.require_quota(connection, principal.client_id)

        done = await self._desk.once("offer.send", request, offer.offer_id, run, referral_id=offer.referral_id)
        view = await self._viewer.view_for_sender(offer.offer_id)
        return responses.SendOffer(offer=view, replayed=done is not None)

    async def DeferOffer(self, request: Any, context: Any) -> Any:
        principal, now = current_principal(), self._desk.now()
        awaiting = offer_state_from_wire(request, "awaiting")
        if awaiting not in {OfferState.AWAITING_CONSENT, OfferState.AWAITING_APPROVAL}:
            raise InvalidInput("awaiting must be OFFER_STATE_AWAITING_CONSENT or OFFER_STATE_AWAITING_APPROVAL")
        offer = await self._viewer.of_sender(principal, request.offer_id)

        async def run(connection: Connection) -> None:
            locked = await scenes.lock(connection, self._desk.house, [offer.referral_id])
            require_version(locked.scene.offers[offer.offer_id].version, request.expected_version)
            for_approval = awaiting is OfferState.AWAITING_APPROVAL
            scene.defer(locked.scene, offer.offer_id, act_of(principal, now), for_approval=for_approval)
            await locked.save(connection, now)

        done = await self._desk.once("offer.defer", request, offer.offer_id, run, referral_id=offer.referral_id)
        view = await self._viewer.view_for_sender(offer.offer_id)
        return responses.DeferOffer(offer=view, replayed=done is not None)

    async def VoidOffer(self, request: Any, context: Any) -> Any:
        principal, now = current_principal(), self._desk.now()
        offer = await self._viewer.of_sender(principal, request.offer_id)

        async def run(connection: Connection) -> None:
            locked = await scenes.lock(connection, self._desk.house, [offer.referral_id])
            require_version(locked.scene.offers[offer.offer_id].version, request.expected_version)
            scene.void_offer(locked.scene, offer.offer_id, act_of(principal, now))
            await locked.save(connection, now)

        done = await self._desk.once("offer.void", request, offer.offer_id, run, referral_id=offer.referral_id)
        view = await self._viewer.view_for_sender(offer.offer_id)
        return responses.VoidOffer(offer=view, replayed=done is not None)

    async def VoidReferral(self, request: Any, context: Any) -> Any:
        principal, now, referral_id = current_principal(), self._desk.now(), request.referral_id
        async with self._desk.read() as connection:
            await self._referral(connection, referral_id)

        async def run(connection: Connection) -> None:
            locked = await scenes.lock(connection, self._desk.house, [referral_id])
            require_version(locked.scene.referral.version, request.expected_version)
            scene.void(locked.scene, act_of(principal, now))
            await locked.save(connection, now)

        done = await self._desk.once("referral.void", request, referral_id, run, referral_id=referral_id)
        async with self._desk.read(snapshot=True) as connection:
            standing_now = await referrals.standing(connection, [referral_id])
        return responses.VoidReferral(referral=referral_to_wire(standing_now[referral_id]), replayed=done is not None)

    async def _referral(self, connection: Connection, referral_id: str) -> Referral:
        found = await referrals.find(connection, referral_id)
        if found is None or not is_sender(current_principal(), found.client_id):
            raise absent()
        return found

    async def _require_other(self, connection: Connection, offer_id: str) -> None:
        """Let nobody approve what they have asked to be approved."""
        asked_by = await events.last_actor(connection, offer_id, OfferState.AWAITING_APPROVAL)
        if asked_by == actor_of(current_principal()):
            raise overrides.second_person_needed()


def _wish(request: Any, offer: Offer, referral: Referral, now: datetime) -> Wish:
    needs = asking.needs_from_wire(request.match_request, referral.referral_id)
    same = [need.need_no for need in needs if need.code == offer.code]
    if not same:
        raise InvalidInput("match_request.needs must have the offer's need")
    if not request.consent_id and referral.consent_id is None:
        raise FailedPrecondition("consent_id must be given", reason=Reason.CONSENT_MISSING)
    need_no = offer.need_no if offer.need_no in same else same[0]
    return Wish(
        match_token=request.match_token,
        match_request=request.match_request,
        choices=[Choice(need_no, offer.provider_id, request.gate_confirmed)],
        codes={need.need_no: need.code for need in needs},
        fields=frozenset(asking.briefing_fields(request.briefing)),
        now=now,
        person_ref=referral.person_ref,
    )
