"""How a command on an offer is done: once, on the version that was meant, by who may, and shown to who did it."""

from collections.abc import Awaitable, Callable
from typing import Any

from services.errors import InvalidInput
from services.referrals.consent import require_standing
from services.referrals.model import Act, Offer
from services.referrals.scene import Scene
from services.referrals.servicer.desk import Desk, act_of, require_version
from services.referrals.servicer.viewing import Viewer
from services.referrals.store import consents, facts, scenes
from services.referrals.wire.basics import occurred_time
from services.runtime.auth import current_principal
from services.runtime.postgres import Connection
from services.taxonomy import DeclineReason

Apply = Callable[[Scene, str, Act], None]
IsSaid = Callable[[Scene, str], bool]
Guard = Callable[[Connection, Offer], Awaitable[None]]


class Commands:
    """What the methods that command offers share."""

    def __init__(self, desk: Desk) -> None:
        self._desk = desk
        self._viewer = Viewer(desk)

    async def answer(
        self,
        request: Any,
        verb: str,
        response: Callable[..., Any],
        apply: Apply,
        *,
        guard: Guard | None = None,
        is_said: IsSaid | None = None,
        for_sender: bool = False,
    ) -> Any:
        """
        Do a command on an offer once, and show the offer as it is then.

        Args:
            request: What came.

            verb: For the audit.

            response: Makes the answer.

            apply: Does it.

            guard: What must hold besides.

            is_said: Whether the very same was said before, under another request id: then
                nothing happens, whatever version was meant, and the answer is the one of then.

            for_sender: Whether the sender may do it too.
        """
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

        was_said = False

        async def run(connection: Connection) -> None:
            nonlocal was_said
            locked = await scenes.lock(connection, self._desk.house, [referral_id])
            offer = locked.scene.offers[offer_id]
            if is_said is not None and is_said(locked.scene, offer_id):
                was_said = True
                return
            require_version(offer.version, request.expected_version)
            if guard is not None:
                await guard(connection, offer)
            apply(locked.scene, offer_id, act)
            await locked.save(connection, now)

        done = await self._desk.once(f"offer.{verb}", request, offer_id, run, referral_id=referral_id)
        return response(offer=await self._viewer.view(seat), replayed=done is not None or was_said)

    async def consent_stands(self, connection: Connection, offer: Offer) -> None:
        # read after the locks: a withdrawal that came before has ended the offer, one that comes after sees the yes
        consent = await consents.of_referral(connection, offer.referral_id)
        if consent is not None:  # a probe has none: nobody was told of a person
            require_standing(consent, offer.provider_id, self._desk.now())

    async def keep_reason(self, connection: Connection, offer: Offer, reason: DeclineReason) -> None:
        if reason.sealed:
            await facts.add_part(
                connection,
                self._desk.sealer,
                offer.referral_id,
                facts.reason_of(offer.offer_id),
                reason.code.encode(),
            )
