"""A plan of many people turned into referrals, in one transaction: each provider is asked once, for all of its part."""

from collections import Counter
from collections.abc import Mapping, Sequence
from dataclasses import replace
from datetime import datetime
from typing import Any

from services.errors import FailedPrecondition, NotFound, Reason, Unavailable, Violation
from services.referrals import scene
from services.referrals.consent import require_covering
from services.referrals.model import (
    Choice,
    Consent,
    CreatedOffer,
    CreatedReferral,
    Need,
    PlaceKey,
    Provider,
    Referral,
    RequestKey,
    checked_ref,
)
from services.referrals.servicer.choosing import EXCLUDED, PLACES, Chooser, EveryPlaceIsGone
from services.referrals.servicer.consents import standing
from services.referrals.servicer.desk import Desk, act_of
from services.referrals.store import exclusions, facts, places, providers, requests, scenes
from services.referrals.store.together import Together
from services.referrals.wire import asking, responses
from services.referrals.wire.basics import occurred_time, request_id
from services.referrals.wire.plans import CheckedPlan, Share
from services.referrals.wire.referrals import created_to_wire
from services.runtime.auth import current_principal
from services.runtime.postgres import Connection


class PlanningMethods:
    """The method that makes the referrals of a plan."""

    def __init__(self, desk: Desk) -> None:
        self._desk = desk
        self._chooser = Chooser(desk)

    async def CreateReferrals(self, request: Any, context: Any) -> Any:
        principal, now = current_principal(), self._desk.now()
        request_id(request)
        case_ref = checked_ref(request.case_ref, "case_ref")
        fields = frozenset(asking.briefing_fields(request.briefing))
        occurred = occurred_time(request, now)
        if not request.consent_id:
            raise FailedPrecondition("consent_id must be given", reason=Reason.CONSENT_MISSING)
        done = await self._desk.find_done(request)
        if done is None:
            async with self._desk.read() as connection:
                await standing(connection, principal.client_id, request.consent_id, case_ref, lock=False)
            plan = await self._desk.matching.check_plan(request)
            _require_held(plan.shares)
            try:
                made = await self._create(request, plan, case_ref, fields, now, occurred)
                return _to_wire(made, replayed=False)
            except EveryPlaceIsGone:
                return _to_wire([_lost(share, now) for share in plan.shares], replayed=False)
            except requests.AlreadyDone:
                done = await self._desk.find_done(request)
        if done is None or not done.answers:
            raise Unavailable("the same request is being done: ask again", retry_after_s=1.0)
        return _to_wire(done.answers, replayed=True)

    async def _create(
        self,
        request: Any,
        plan: CheckedPlan,
        case_ref: str,
        fields: frozenset[str],
        now: datetime,
        occurred: datetime,
    ) -> list[CreatedReferral]:
        desk, principal, shares = self._desk, current_principal(), plan.shares
        act = act_of(principal, now, occurred_time=occurred)
        ids = [desk.house.new_id() for _share in shares]
        key = RequestKey(desk.digest(request), ids[0], ids[0])
        async with desk.write("referral.create_plan", ids[0], request.request_id) as connection:
            await requests.claim(connection, principal.client_id, request.request_id, key, now)
            consent = await standing(connection, principal.client_id, request.consent_id, case_ref, lock=True)
            known = await self._known(connection, consent, shares)
            asks = self._asks(shares, known)
            for share, each in zip(shares, asks, strict=True):
                require_covering(consent, each.provider, share.code, fields=fields, now=now)
                scene.require_referable(each, act)
            keys = {PlaceKey(each.provider.pool_id, item.population) for each in asks for item in each.items}
            locked = await places.lock(connection, keys)
            shared, made, answers = dict(locked), [], []
            briefing = request.briefing.SerializeToString(deterministic=True)
            kept: dict[str, dict[str, bytes]] = {}
            blank = Referral(
                referral_id="",
                client_id=principal.client_id,
                case_ref=case_ref,
                consent_id=consent.consent_id,
                create_time=now,
                occurred_time=occurred,
            )
            for referral_id, share, each in zip(ids, shares, asks, strict=True):
                referral = replace(blank, referral_id=referral_id)
                need = Need(
                    referral_id=referral_id,
                    need_no=0,
                    code=share.code,
                    urgency=share.urgency,
                    items=share.items if share.is_divisible else (),
                )
                present, (offer,) = scene.create(desk.house, referral, [need], shared, [each], act)
                if offer is None:
                    answers.append(_lost(share, now))
                    continue
                made.append(present)
                created = CreatedOffer(offer.offer_id, 0, offer.provider_id, share.labels)
                answers.append(CreatedReferral(referral_id, (created,), now, ()))
                kept[referral_id] = {facts.REQUEST: asking.request_to_keep(share.request), facts.BRIEFING: briefing}
            if not made:
                raise EveryPlaceIsGone
            for open_need in plan.open_needs:
                if open_need.code in request.arranged_codes:
                    continue
                # nobody is asked, and it is a need all the same: its sender's clock runs (R35, R62)
                referral = replace(blank, referral_id=desk.house.new_id())
                need = Need(referral_id=referral.referral_id, need_no=0, code=open_need.code, urgency=open_need.urgency)
                made.append(scene.leave_open(desk.house, referral, [need], shared, act))
                answers.append(CreatedReferral(referral.referral_id, (), now, ()))
                request_to_keep = asking.request_to_keep(open_need.request)
                kept[referral.referral_id] = {facts.REQUEST: request_to_keep, facts.BRIEFING: briefing}
            together = Together()
            facts.add(together, desk.sealer, kept)
            requests.keep_answers(together, principal.client_id, request.request_id, answers)
            await scenes.Locked.fresh(made, locked).save(connection, now, together)
            await self._chooser.require_quota(connection, principal.client_id)
        return answers

    def _asks(self, shares: Sequence[Share], known: Mapping[str, Provider]) -> list[scene.Ask]:
        """Ask each provider for its shares; those of a provider that has several are told by one alert (R52)."""
        count = Counter(share.provider_id for share in shares)
        part_ids = {provider_id: self._desk.house.new_id() for provider_id in count if count[provider_id] > 1}
        return [
            scene.Ask(
                Choice(0, share.provider_id),
                known[share.provider_id],
                share.items,
                share.needed_fields,
                part_ids.get(share.provider_id, ""),
            )
            for share in shares
        ]

    async def _known(self, connection: Connection, consent: Consent, shares: Sequence[Share]) -> Mapping[str, Provider]:
        known = await providers.find(connection, {share.provider_id for share in shares})
        excluded = await exclusions.of(connection, consent.client_id, consent.case_ref, "")
        for share in shares:
            if share.provider_id in excluded:
                raise _stale(EXCLUDED)
            if share.provider_id not in known:
                rule = "must be a provider's id"
                raise NotFound("there is no such provider", fields=[Violation("assignments.provider_id", rule)])
        return known


def _require_held(shares: Sequence[Share]) -> None:
    """Refuse a plan of which a part has turned since; places are decided by the hold."""
    for share in shares:
        turned = [constraint for constraint in share.turned if constraint != PLACES]
        if turned:
            raise _stale(turned[0])
        if share.asks_gate:
            raise FailedPrecondition("somebody must speak to the front gate first", reason=Reason.GATE_NOT_CONFIRMED)


def _stale(constraint: str) -> FailedPrecondition:
    return FailedPrecondition(
        "a constraint has turned since the plan", reason=Reason.MATCH_STALE, metadata={"constraint": constraint}
    )


def _lost(share: Share, now: datetime) -> CreatedReferral:
    return CreatedReferral("", (), now, (Choice(0, share.provider_id),))


def _to_wire(answers: Sequence[CreatedReferral], *, replayed: bool) -> Any:
    return responses.CreateReferrals(
        referrals=[created_to_wire(each, replayed=replayed) for each in answers], replayed=replayed
    )
