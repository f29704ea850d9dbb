"""Answers to offers: read, yes, no, on the way, there, not there, done."""

from collections.abc import Awaitable, Callable
from typing import Any

from services.errors import InvalidInput
from services.referrals import scene
from services.referrals.consent import require_standing
from services.referrals.model import Act, Offer
from services.referrals.scene import Scene
from services.referrals.servicer.desk import Desk, act_of, require_version
from services.referrals.servicer.viewing import Viewer
from services.referrals.store import consents, declines, facts, scenes
from services.referrals.wire import responses
from services.referrals.wire.basics import occurred_time
from services.runtime.auth import current_principal
from services.runtime.postgres import Connection
from services.taxonomy import DeclineReason, Kind, Side, decline_reason, term

Apply = Callable[[Scene, str, Act], None]
Guard = Callable[[Connection, Offer], Awaitable[None]]


class AnsweringMethods:
    """The commands on offers by a receiver, or by somebody who has it on the telephone."""

    def __init__(self, desk: Desk) -> None:
        self._desk = desk
        self._viewer = Viewer(desk)

    async def AcknowledgeOffer(self, request: Any, context: Any) -> Any:
        return await self._answer(request, "acknowledge", responses.AcknowledgeOffer, scene.acknowledge)

    async def AcceptOffer(self, request: Any, context: Any) -> Any:
        def apply(present: Scene, offer_id: str, act: Act) -> None:
            scene.accept(present, offer_id, act, beyond_report=request.accept_beyond_report)

        return await self._answer(request, "accept", responses.AcceptOffer, apply, guard=self._consent_stands)

    async def DeclineOffer(self, request: Any, context: Any) -> Any:
        reason = decline_reason(request.reason, side=Side.PROVIDER)
        if request.population:
            term(Kind.POPULATION, request.population, "population")

        def apply(present: Scene, offer_id: str, act: Act) -> None:
            scene.decline(present, offer_id, act, reason=reason.code, population=request.population)

        async def keep(connection: Connection, offer: Offer) -> None:
            await self._keep_reason(connection, offer, reason)
            if not reason.sealed:
                said = declines.Decline(reason, request.population, request.places_without_staff)
                await declines.add(connection, offer, said, self._desk.now())

        return await self._answer(request, "decline", responses.DeclineOffer, apply, guard=keep)

    async def DepartOffer(self, request: Any, context: Any) -> Any:
        return await self._answer(request, "depart", responses.DepartOffer, scene.depart, for_sender=True)

    async def ArriveOffer(self, request: Any, context: Any) -> Any:
        return await self._answer(request, "arrive", responses.ArriveOffer, scene.arrive)

    async def FailOffer(self, request: Any, context: Any) -> Any:
        reason = term(Kind.FAILURE, request.reason, "reason").code

        def apply(present: Scene, offer_id: str, act: Act) -> None:
            scene.fail(present, offer_id, act, reason=reason)

        return await self._answer(request, "fail", responses.FailOffer, apply, for_sender=True)

    async def CompleteOffer(self, request: Any, context: Any) -> Any:
        outcome = term(Kind.OUTCOME, request.outcome, "outcome").code

        def apply(present: Scene, offer_id: str, act: Act) -> None:
            scene.complete(present, offer_id, act, outcome=outcome)

        return await self._answer(request, "complete", responses.CompleteOffer, apply)

    async def _answer(
        self,
        request: Any,
        verb: str,
        response: Callable[..., Any],
        apply: Apply,
        *,
        guard: Guard | None = None,
        for_sender: bool = False,
    ) -> Any:
        """Do a command on an offer once, and show the offer as it is then."""
        principal, now = current_principal(), self._desk.now()
        if request.expected_version < 0:
            raise InvalidInput("expected_version must be 0 or more")
        seat = await self._viewer.seat(principal, request, for_sender=for_sender)
        offer_id, referral_id = seat.offer.offer_id, seat.offer.referral_id
        act = act_of(
            principal,
            now,
            occurred_time=occurred_time(request, now),
            on_behalf_of=seat.on_behalf_of,
            via=seat.via,
        )

        async def run(connection: Connection) -> None:
            locked = await scenes.lock(connection, self._desk.house, [referral_id])
            offer = locked.scene.offers[offer_id]
            require_version(offer.version, request.expected_version)
            if guard is not None:
                await guard(connection, offer)
            apply(locked.scene, offer_id, act)
            await locked.save(connection, now)

        done = await self._desk.once(f"offer.{verb}", request, offer_id, run, referral_id=referral_id)
        return response(offer=await self._viewer.view(seat), replayed=done is not None)

    async def _consent_stands(self, connection: Connection, offer: Offer) -> None:
        # read after the locks: a withdrawal that came before has ended the offer, one that comes after sees the yes
        consent = await consents.of_referral(connection, offer.referral_id)
        require_standing(consent, offer.provider_id, self._desk.now())

    async def _keep_reason(self, connection: Connection, offer: Offer, reason: DeclineReason) -> None:
        if reason.sealed:
            await facts.add_part(
                connection,
                self._desk.sealer,
                offer.referral_id,
                facts.reason_of(offer.offer_id),
                reason.code.encode(),
            )
