"""What the sender ends: one offer, or the whole referral."""

from typing import Any

from services.referrals import scene
from services.referrals.servicer.desk import Desk, act_of, require_version
from services.referrals.servicer.viewing import Viewer, is_sender
from services.referrals.store import referrals, scenes
from services.referrals.wire import responses
from services.referrals.wire.basics import occurred_time
from services.referrals.wire.offers import via_from_wire
from services.referrals.wire.referrals import referral_to_wire
from services.runtime.auth import absent, current_principal
from services.runtime.postgres import Connection
from services.taxonomy import Side, decline_reason


class EndingMethods:
    """The methods by which a sender recalls."""

    def __init__(self, desk: Desk) -> None:
        self._desk = desk
        self._viewer = Viewer(desk)

    async def RevokeReferral(self, request: Any, context: Any) -> Any:
        principal = current_principal()
        decline_reason(request.reason, side=Side.PERSON)
        async with self._desk.read() as connection:
            referral = await referrals.find(connection, request.referral_id)
        if referral is None or not is_sender(principal, referral.client_id):
            raise absent()

        async def run(connection: Connection) -> None:
            locked = await scenes.lock(connection, self._desk.house, [request.referral_id])
            require_version(locked.scene.referral.version, request.expected_version)
            now = self._desk.now()
            scene.revoke(locked.scene, act_of(principal, now), reason=request.reason)
            await locked.save(connection, now)

        done = await self._desk.once(
            "referral.revoke", request, request.referral_id, run, referral_id=request.referral_id
        )
        async with self._desk.read(snapshot=True) as connection:
            standing = await referrals.standing(connection, [request.referral_id])
        return responses.RevokeReferral(
            referral=referral_to_wire(standing[request.referral_id]), replayed=done is not None
        )

    async def CancelOffer(self, request: Any, context: Any) -> Any:
        principal = current_principal()
        decline_reason(request.reason, side=Side.PERSON)
        offer = await self._viewer.of_sender(principal, request.offer_id)
        now = self._desk.now()
        act = act_of(principal, now, occurred_time=occurred_time(request, now), via=via_from_wire(request))

        async def run(connection: Connection) -> None:
            locked = await scenes.lock(connection, self._desk.house, [offer.referral_id])
            require_version(locked.scene.offers[offer.offer_id].version, request.expected_version)
            scene.cancel(locked.scene, offer.offer_id, act, reason=request.reason)
            await locked.save(connection, now)

        done = await self._desk.once("offer.cancel", request, offer.offer_id, run, referral_id=offer.referral_id)
        view = await self._viewer.view_for_sender(offer.offer_id)
        return responses.CancelOffer(offer=view, replayed=done is not None)
