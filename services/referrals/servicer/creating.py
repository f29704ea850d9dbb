"""A match turned into a referral, in one transaction; and a further provider asked."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from datetime import datetime
from typing import Any

from services.errors import FailedPrecondition, InvalidInput, NotFound, Reason, Unavailable, Violation
from services.referrals import scene
from services.referrals.consent import require_covering
from services.referrals.model import (
    Choice,
    Consent,
    CreatedOffer,
    CreatedReferral,
    Need,
    Offer,
    PlaceKey,
    Provider,
    Referral,
    RequestKey,
    checked_ref,
)
from services.referrals.servicer.consents import standing
from services.referrals.servicer.desk import Desk, act_of
from services.referrals.store import consents, facts, places, providers, referrals, requests, scenes
from services.referrals.wire import asking, responses
from services.referrals.wire.asking import Checked
from services.referrals.wire.basics import occurred_time, request_id
from services.referrals.wire.referrals import created_to_wire
from services.runtime.auth import Principal, absent, current_principal
from services.runtime.postgres import Connection

#: the hold in the transaction decides about places: a lost one is an answer, not an error
PLACES = "places"


class EveryPlaceIsGone(Exception):
    """Nothing is made of a referral whose every place was lost: its transaction is rolled back."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Wish:
    """What a sender asks, read from its request."""

    match_token: str
    match_request: Any
    choices: Sequence[Choice]
    codes: Sequence[str]  #: of the needs, by number
    fields: frozenset[str]  #: what the sender wants told besides the need
    now: datetime


class CreatingMethods:
    """The methods that make offers."""

    def __init__(self, desk: Desk) -> None:
        self._desk = desk

    async def CreateReferral(self, request: Any, context: Any) -> Any:
        principal, now = current_principal(), self._desk.now()
        referral, needs, wish = self._read(request, principal, now)
        done = await self._desk.find_done(request)
        if done is not None and done.answer is not None:
            return created_to_wire(done.answer, replayed=True)
        async with self._desk.read() as connection:
            consent = await standing(connection, principal.client_id, request.consent_id, referral.case_ref, lock=False)
            await self._check_consent(connection, consent, wish)
        checked, next_candidates = await self._check_match(wish)
        try:
            return await self._create(request, referral, needs, wish, checked, next_candidates)
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
            choices=asking.choices_from_wire(request.choices, len(needs), "choices"),
            codes=[need.code for need in needs],
            fields=frozenset(asking.briefing_fields(request.briefing)),
            now=now,
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
        checked: Sequence[Checked],
        next_candidates: Sequence[Choice],
    ) -> Any:
        desk, principal = self._desk, current_principal()
        act = act_of(principal, wish.now, occurred_time=referral.occurred_time)
        key = RequestKey(desk.digest(request), referral.referral_id, referral.referral_id)
        try:
            async with desk.write("referral.create", referral.referral_id, request.request_id) as connection:
                await requests.claim(connection, principal.client_id, request.request_id, key, wish.now)
                consent = await standing(
                    connection, principal.client_id, referral.consent_id, referral.case_ref, lock=True
                )
                known = await self._check_consent(connection, consent, wish)
                asks = _asks(known, checked)
                for each in asks:
                    scene.require_referable(each, act)
                locked_places = await places.lock(connection, _keys(asks))
                made, asked = scene.create(desk.house, referral, needs, dict(locked_places), asks, act)
                created = _created(referral, wish, asked)
                if not created.offers:
                    raise EveryPlaceIsGone  # noqa: TRY301 -- so that the transaction is rolled back
                kept = {facts.REQUEST: asking.request_to_keep(wish.match_request)}
                kept[facts.BRIEFING] = request.briefing.SerializeToString(deterministic=True)
                await facts.add(connection, desk.sealer, referral.referral_id, kept)
                await requests.keep_answer(connection, principal.client_id, request.request_id, created)
                await scenes.Locked.fresh(made, locked_places).save(connection)
        except EveryPlaceIsGone:
            created = CreatedReferral("", (), wish.now, tuple(wish.choices))
        lost_needs = {choice.need_no for choice in created.lost_places}
        following = [choice for choice in next_candidates if choice.need_no in lost_needs]
        return created_to_wire(created, replayed=False, next_candidates=following)

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
            choices=asking.choices_from_wire([request.choice], len(needs), "choice"),
            codes=[need.code for need in needs],
            fields=frozenset(),
            now=now,
        )
        done = await self._desk.find_done(request)
        if done is None:
            async with self._desk.read() as connection:
                consent = await consents.of_referral(connection, referral.referral_id)
                await self._check_consent(connection, consent, wish)
            checked, _next = await self._check_match(wish)
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
                known = await self._check_consent(connection, consent, wish)
                (each,) = _asks(known, checked)
                scene.require_referable(each, act)
                locked = await scenes.lock(connection, desk.house, [referral.referral_id], more_places=_keys([each]))
                asked = scene.ask(locked.scene, _of_need(each, locked.scene, wish), act)
                if asked is None:
                    raise EveryPlaceIsGone  # noqa: TRY301 -- so that the transaction is rolled back
                made = CreatedOffer(asked.offer_id, asked.need_no, asked.provider_id)
                answer = CreatedReferral(referral.referral_id, (made,), wish.now, ())
                await requests.keep_answer(connection, principal.client_id, request.request_id, answer)
                # what is known by now is what the new receiver needs
                kept = asking.request_to_keep(wish.match_request)
                await facts.add_part(connection, desk.sealer, referral.referral_id, facts.REQUEST, kept)
                await locked.save(connection)
        except EveryPlaceIsGone:
            choice = wish.choices[0]
            made = CreatedOffer("", choice.need_no, choice.provider_id)
        return _created_offer(made)

    async def _check_consent(self, connection: Connection, consent: Consent, wish: Wish) -> Mapping[str, Provider]:
        """Check that the consent covers every choice, and return the providers."""
        known = await providers.find(connection, {choice.provider_id for choice in wish.choices})
        for number, choice in enumerate(wish.choices):
            provider = known.get(choice.provider_id)
            if provider is None:
                raise self._unknown(f"choices[{number}].provider_id")
            require_covering(consent, provider, wish.codes[choice.need_no], fields=wish.fields, now=wish.now)
        return known

    def _unknown(self, field: str) -> NotFound | Unavailable:
        if not self._desk.readiness.knows_providers:
            return Unavailable("the directory has not been read whole yet", retry_after_s=1.0)
        return NotFound("there is no such provider", fields=[Violation(field, "must be a provider's id")])

    async def _check_match(self, wish: Wish) -> tuple[list[Checked], list[Choice]]:
        """
        Let matching check the choices again.

        Raises:
            FailedPrecondition: MATCH_STALE, naming the constraint that has turned.
        """
        checked, following = await self._desk.matching.check(wish.match_token, wish.match_request, wish.choices)
        if [each.choice for each in checked] != list(wish.choices):
            raise Unavailable("matching has not answered for every choice", retry_after_s=1.0)
        for each in checked:
            turned = [constraint for constraint in each.turned if constraint != PLACES]
            if turned:
                raise FailedPrecondition(
                    "a constraint has turned since the match",
                    reason=Reason.MATCH_STALE,
                    metadata={"constraint": turned[0]},
                )
        return checked, following


def _asks(known: Mapping[str, Provider], checked: Sequence[Checked]) -> list[scene.Ask]:
    return [scene.Ask(each.choice, known[each.choice.provider_id], each.items, each.needed_fields) for each in checked]


def _keys(asks: Sequence[scene.Ask]) -> set[PlaceKey]:
    return {PlaceKey(each.provider.pool_id, item.population) for each in asks for item in each.items}


def _of_need(each: scene.Ask, present: scene.Scene, wish: Wish) -> scene.Ask:
    """Find the referral's need that the choice is for: of the same number if it is the same, else of the same code."""
    code = wish.codes[each.choice.need_no]
    same = [need.need_no for need in present.needs.values() if need.code == code]
    if not same:
        raise InvalidInput("choice.need_no must name a need that the referral has")
    need_no = each.choice.need_no if each.choice.need_no in same else same[0]
    return replace(each, choice=Choice(need_no, each.choice.provider_id))


def _created(referral: Referral, wish: Wish, asked: Sequence[Offer | None]) -> CreatedReferral:
    return CreatedReferral(
        referral_id=referral.referral_id,
        offers=tuple(
            CreatedOffer(offer.offer_id, offer.need_no, offer.provider_id) for offer in asked if offer is not None
        ),
        create_time=referral.create_time,
        lost_places=tuple(choice for choice, offer in zip(wish.choices, asked, strict=True) if offer is None),
    )


def _created_offer(made: CreatedOffer) -> Any:
    return responses.CreatedOffer(offer_id=made.offer_id, need_no=made.need_no, provider_id=made.provider_id)
