"""Between yes and no: yes if, a question, a waiting list, and what the sender says for the person."""

from typing import Any

from services.errors import FailedPrecondition, InvalidInput, Reason
from services.referrals import scene
from services.referrals.model import Act, Offer
from services.referrals.scene import Scene
from services.referrals.servicer.commands import Commands
from services.referrals.store import consents, facts
from services.referrals.wire import responses, telling
from services.referrals.wire.basics import time_from_wire
from services.runtime.postgres import Connection
from services.taxonomy import Side, decline_reason


class BargainingMethods(Commands):
    """The commands by which provider and sender come to terms."""

    async def ProposeOffer(self, request: Any, context: Any) -> Any:
        yes_if = scene.YesIf(
            conditions=tuple(dict.fromkeys(request.conditions)),
            arrive_start_time=time_from_wire(request, "arrive_start_time"),
            stay_end_time=time_from_wire(request, "stay_end_time"),
        )

        def apply(present: Scene, offer_id: str, act: Act) -> None:
            scene.propose(present, offer_id, act, yes_if, beyond_report=request.accept_beyond_report)

        return await self.answer(request, "propose", responses.ProposeOffer, apply, guard=self.consent_stands)

    async def AgreeOffer(self, request: Any, context: Any) -> Any:
        return await self.answer(
            request, "agree", responses.AgreeOffer, scene.agree, guard=self.consent_stands, for_sender=True
        )

    async def RefuseOffer(self, request: Any, context: Any) -> Any:
        reason = decline_reason(request.reason, side=Side.PERSON)

        def apply(present: Scene, offer_id: str, act: Act) -> None:
            scene.refuse(present, offer_id, act, reason=reason.code)

        async def keep(connection: Connection, offer: Offer) -> None:
            await self.keep_reason(connection, offer, reason)

        return await self.answer(request, "refuse", responses.RefuseOffer, apply, guard=keep, for_sender=True)

    async def RequestInfo(self, request: Any, context: Any) -> Any:
        def apply(present: Scene, offer_id: str, act: Act) -> None:
            scene.ask_info(present, offer_id, act, question=request.question)

        return await self.answer(request, "ask_info", responses.RequestInfo, apply)

    async def AnswerInfo(self, request: Any, context: Any) -> Any:
        fields = telling.fields_told(request)

        def apply(present: Scene, offer_id: str, act: Act) -> None:
            scene.answer_info(present, offer_id, act, answer=request.answer)

        async def keep(connection: Connection, offer: Offer) -> None:
            consent = await consents.of_referral(connection, offer.referral_id)
            await self.consent_stands(connection, offer)
            if consent is None or not fields <= set(consent.fields):
                raise FailedPrecondition(
                    "the consent does not cover what would be told", reason=Reason.CONSENT_NOT_COVERING
                )
            if fields:
                await self._tell(connection, offer, request)

        return await self.answer(request, "answer_info", responses.AnswerInfo, apply, guard=keep, for_sender=True)

    async def WaitlistOffer(self, request: Any, context: Any) -> Any:
        until = time_from_wire(request, "wait_until_time")
        if until is None:
            raise InvalidInput("wait_until_time must be given")

        def apply(present: Scene, offer_id: str, act: Act) -> None:
            scene.waitlist(present, offer_id, act, until=until)

        return await self.answer(request, "waitlist", responses.WaitlistOffer, apply)

    async def _tell(self, connection: Connection, offer: Offer, request: Any) -> None:
        """Seal what is new in the place of what was known."""
        sealer, referral_id = self._desk.sealer, offer.referral_id
        known = await facts.read_part(connection, sealer, referral_id, facts.REQUEST)
        briefed = await facts.read_part(connection, sealer, referral_id, facts.BRIEFING)
        request_now, briefing_now = telling.told(known, briefed, request)
        await facts.add_part(connection, sealer, referral_id, facts.REQUEST, request_now)
        await facts.add_part(connection, sealer, referral_id, facts.BRIEFING, briefing_now)
