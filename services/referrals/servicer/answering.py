"""Answers to offers: read, yes, no, on the way, there, not there, done."""

from typing import Any

from services.referrals import scene
from services.referrals.model import Act, Offer, PlaceItem
from services.referrals.scene import Scene
from services.referrals.servicer import refusals
from services.referrals.servicer.commands import Commands
from services.referrals.store import declines
from services.referrals.wire import responses
from services.runtime.postgres import Connection
from services.taxonomy import Kind, Side, decline_reason, term


class AnsweringMethods(Commands):
    """The commands on offers by a receiver, or by somebody who has it on the telephone."""

    async def AcknowledgeOffer(self, request: Any, context: Any) -> Any:
        return await self.answer(request, "acknowledge", responses.AcknowledgeOffer, scene.acknowledge)

    async def AcceptOffer(self, request: Any, context: Any) -> Any:
        items = tuple(PlaceItem(item.population, item.count) for item in request.accept_items)

        def apply(present: Scene, offer_id: str, act: Act) -> None:
            scene.accept(present, offer_id, act, beyond_report=request.accept_beyond_report, items=items)

        def is_said(present: Scene, offer_id: str) -> bool:
            return scene.has_accepted(present, offer_id, items)

        return await self.answer(
            request, "accept", responses.AcceptOffer, apply, guard=self.consent_stands, is_said=is_said
        )

    async def DeclineOffer(self, request: Any, context: Any) -> Any:
        reason = decline_reason(request.reason, side=Side.PROVIDER)
        if request.population:
            term(Kind.POPULATION, request.population, "population")

        def apply(present: Scene, offer_id: str, act: Act) -> None:
            scene.decline(present, offer_id, act, reason=reason.code, population=request.population)

        async def keep(connection: Connection, offer: Offer) -> None:
            await self.keep_reason(connection, offer, reason)
            if reason.sealed:
                return
            now = self._desk.now()
            likeness = await refusals.likeness_of(connection, self._desk, offer, reason)
            said = declines.Decline(reason, request.population, request.places_without_staff, likeness)
            await declines.add(connection, offer, said, now)
            await refusals.review(connection, self._desk, offer, likeness, now)

        return await self.answer(request, "decline", responses.DeclineOffer, apply, guard=keep)

    async def DepartOffer(self, request: Any, context: Any) -> Any:
        return await self.answer(request, "depart", responses.DepartOffer, scene.depart, for_sender=True)

    async def ArriveOffer(self, request: Any, context: Any) -> Any:
        return await self.answer(request, "arrive", responses.ArriveOffer, scene.arrive)

    async def FailOffer(self, request: Any, context: Any) -> Any:
        reason = term(Kind.FAILURE, request.reason, "reason").code

        def apply(present: Scene, offer_id: str, act: Act) -> None:
            scene.fail(present, offer_id, act, reason=reason)

        return await self.answer(request, "fail", responses.FailOffer, apply, for_sender=True)

    async def CompleteOffer(self, request: Any, context: Any) -> Any:
        outcome = term(Kind.OUTCOME, request.outcome, "outcome").code

        def apply(present: Scene, offer_id: str, act: Act) -> None:
            scene.complete(present, offer_id, act, outcome=outcome)

        return await self.answer(request, "complete", responses.CompleteOffer, apply)
