"""Providers asked without identity, and what they say: could you take …? (R10)."""

from collections.abc import Sequence
from datetime import datetime
from typing import Any

from services.errors import Exhausted, Reason, Unavailable
from services.referrals import scene
from services.referrals.model import (
    Act,
    CreatedOffer,
    CreatedReferral,
    Need,
    Offer,
    Referral,
    RequestKey,
    checked_ref,
)
from services.referrals.scene import Scene
from services.referrals.servicer.choosing import Chooser, Wish, asks_of
from services.referrals.servicer.commands import Commands
from services.referrals.servicer.desk import Desk, act_of
from services.referrals.store import facts, providers, referrals, requests, scenes
from services.referrals.store.together import Together
from services.referrals.wire import asking, responses
from services.referrals.wire.asking import Checked
from services.referrals.wire.basics import request_id
from services.runtime.auth import Principal, current_principal
from services.runtime.postgres import Connection
from services.runtime.times import time_to_wire


class ProbingMethods(Commands):
    """The methods of a question that carries nobody's identity."""

    def __init__(self, desk: Desk) -> None:
        super().__init__(desk)
        self._chooser = Chooser(desk)

    async def ProbeProviders(self, request: Any, context: Any) -> Any:
        principal, now = current_principal(), self._desk.now()
        referral, needs, wish = self._read(request, principal, now)
        done = await self._desk.find_done(request)
        if done is None:
            async with self._desk.read() as connection:
                await self._chooser.check_known(connection, principal.client_id, referral.case_ref, wish)
            match = await self._chooser.check_match(wish)
            needs = [*needs, *asking.added_needs(needs, match)]
            try:
                return _to_wire(await self._probe(request, referral, needs, wish, match.choices), replayed=False)
            except requests.AlreadyDone:
                done = await self._desk.find_done(request)
        if done is None or done.answer is None:
            raise Unavailable("the same request is being done: ask again", retry_after_s=1.0)
        return _to_wire(done.answer, replayed=True)

    async def AnswerProbe(self, request: Any, context: Any) -> Any:
        def apply(present: Scene, offer_id: str, act: Act) -> None:
            scene.answer_probe(
                present,
                offer_id,
                act,
                assess_first=request.assess_first,
                beyond_report=request.accept_beyond_report,
            )

        return await self.answer(request, "answer_probe", responses.AnswerProbe, apply, guard=self._still_safe)

    async def _still_safe(self, connection: Connection, offer: Offer) -> None:
        """Refuse the yes of a provider that was suspended, or left, since it was asked."""
        known = (await providers.find(connection, [offer.provider_id]))[offer.provider_id]
        scene.require_in_use(known, self._desk.now())

    def _read(self, request: Any, principal: Principal, now: datetime) -> tuple[Referral, list[Need], Wish]:
        request_id(request)
        referral = Referral(
            referral_id=self._desk.house.new_id(),
            client_id=principal.client_id,
            case_ref=checked_ref(request.case_ref, "case_ref"),
            person_ref=checked_ref(request.person_ref, "person_ref") if request.person_ref else "",
            consent_id=None,
            create_time=now,
            occurred_time=now,
        )
        needs = asking.needs_from_wire(request.match_request, referral.referral_id)
        wish = Wish(
            match_token=request.match_token,
            match_request=request.match_request,
            choices=asking.choices_from_wire(request.choices, len(needs), "choices"),
            codes={need.need_no: need.code for need in needs},
            fields=frozenset(),
            now=now,
            person_ref=referral.person_ref,
        )
        return referral, needs, wish

    async def _probe(
        self, request: Any, referral: Referral, needs: Sequence[Need], wish: Wish, checked: Sequence[Checked]
    ) -> CreatedReferral:
        desk, principal = self._desk, current_principal()
        act = act_of(principal, wish.now)
        key = RequestKey(desk.digest(request), referral.referral_id, referral.referral_id)
        async with desk.write("referral.probe", referral.referral_id, request.request_id) as connection:
            await requests.claim(connection, principal.client_id, request.request_id, key, wish.now)
            known = await self._chooser.check_known(connection, principal.client_id, referral.case_ref, wish)
            asks = asks_of(known, checked)
            for each in asks:
                scene.require_referable(each, act)
            if await referrals.count_probing(connection, principal.client_id) + len(asks) > desk.max_held:
                raise Exhausted("too many probes wait: wait for answers", reason=Reason.QUOTA, retry_after_s=60.0)
            made = scene.probe(desk.house, referral, needs, asks, act)
            created = CreatedReferral(
                referral.referral_id,
                tuple(CreatedOffer(each.offer_id, each.need_no, each.provider_id) for each in made.offers.values()),
                wish.now,
                (),
            )
            kept = {
                facts.REQUEST: asking.request_to_keep(wish.match_request, needs),
                facts.AREA: checked[0].area_cell.encode(),
            }
            together = Together()
            facts.add(together, desk.sealer, {referral.referral_id: kept})
            requests.keep_answer(together, principal.client_id, request.request_id, created)
            await scenes.Locked.fresh([made], {}).save(connection, wish.now, together)
        return created


def _to_wire(created: CreatedReferral, *, replayed: bool) -> Any:
    return responses.ProbeProviders(
        referral_id=created.referral_id,
        offers=[
            responses.CreatedOffer(offer_id=each.offer_id, need_no=each.need_no, provider_id=each.provider_id)
            for each in created.offers
        ],
        create_time=time_to_wire(created.create_time),
        replayed=replayed,
    )
