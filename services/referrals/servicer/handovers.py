"""Handover: what both sides see between yes and arrival, sealed by one for the other (R20)."""

from typing import Any, Final

from services.errors import FailedPrecondition, InvalidInput, Reason
from services.referrals.model import Handover, checked_id
from services.referrals.servicer.desk import Desk
from services.referrals.servicer.viewing import Viewer
from services.referrals.store import handovers, offers
from services.referrals.wire import responses
from services.referrals.wire.handovers import handover_to_wire
from services.runtime.auth import Role, absent, current_principal
from services.runtime.postgres import Connection
from services.runtime.times import time_to_wire

LONGEST: Final = 16_384  #: bytes, sealed


class HandoverMethods:
    """The methods on handovers; what is sealed is opened by nobody here."""

    def __init__(self, desk: Desk) -> None:
        self._desk = desk
        self._viewer = Viewer(desk)

    async def SubmitHandover(self, request: Any, context: Any) -> Any:
        now, message = self._desk.now(), request.handover
        if not 1 <= len(message.sealed) <= LONGEST:
            raise InvalidInput(f"handover.sealed must have 1 to {LONGEST} bytes")
        seat = await self._viewer.side(current_principal(), message.offer_id)
        left = Handover(
            offer_id=seat.offer.offer_id,
            is_from_sender=seat.role is Role.CASE_SYSTEM,
            sealed=message.sealed,
            key_id=checked_id(message.key_id, "handover.key_id"),
            create_time=now,
        )

        async def run(connection: Connection) -> None:
            # locked, so that an arrival comes before, and this is refused, or after, and destroys it
            offer = await offers.lock(connection, left.offer_id)
            if offer is None or offer.state not in handovers.EXPECTED:
                raise FailedPrecondition(
                    "nobody is expected by this offer",
                    reason=Reason.ILLEGAL_MOVE,
                    metadata={"state": offer.state if offer else "", "move": "submit_handover"},
                )
            await handovers.put(connection, left)

        done = await self._desk.once("handover.submit", request, left.offer_id, run, referral_id=seat.offer.referral_id)
        async with self._desk.read() as connection:
            kept = await handovers.find(connection, left.offer_id, is_from_sender=left.is_from_sender)
        # gone already: she has arrived
        kept_time = time_to_wire(kept.create_time if kept else now)
        return responses.SubmitHandover(create_time=kept_time, replayed=done is not None)

    async def GetHandover(self, request: Any, context: Any) -> Any:
        seat = await self._viewer.seat(current_principal(), request, for_sender=True)
        async with self._desk.write("handover.read", request.offer_id) as connection:
            left = await handovers.find(
                connection, seat.offer.offer_id, is_from_sender=seat.role is not Role.CASE_SYSTEM
            )
        if left is None:
            raise absent()
        return responses.GetHandover(handover=handover_to_wire(left))
