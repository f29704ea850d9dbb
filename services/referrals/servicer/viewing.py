"""Who may see which offer, and how much of it: object rules and staged views (R10, R15)."""

from dataclasses import dataclass
from typing import Any

from services.errors import InvalidInput
from services.referrals.consent import is_withdrawn
from services.referrals.disclosure import NOTHING, Shown, shown_to_coordinator, shown_to_receiver
from services.referrals.model import PLACED, UNANSWERED, Offer, Via
from services.referrals.servicer.desk import Desk
from services.referrals.store import consents, facts, offers, referrals
from services.referrals.wire.offers import via_from_wire, view_to_wire
from services.runtime.auth import Principal, Role, absent
from services.runtime.postgres import Connection


@dataclass(frozen=True, slots=True)
class Seat:
    """In whose place a caller stands towards an offer."""

    offer: Offer
    role: Role  #: RECEIVER also for a service that acts for one
    on_behalf_of: str  #: the receiver, if somebody else answers for it
    via: Via


class Viewer:
    """Finds offers for those who may see them, and shows what they may see."""

    def __init__(self, desk: Desk) -> None:
        self._desk = desk

    async def seat(self, principal: Principal, request: Any, *, for_sender: bool = False) -> Seat:
        """
        Find the offer of a request for its caller.

        A desk sees its own; a service and a duty coordinator say for whom and by what
        way they act, a duty coordinator on unanswered and escalated offers only.

        Args:
            principal: The caller.

            request: With `offer_id`, `on_behalf_of` and `via`.

            for_sender: Whether the sender may do it too.

        Raises:
            NotFound: It is absent or another's, which look the same.

            InvalidInput: It is not said for whom or by what way.
        """
        via = via_from_wire(request)
        async with self._desk.read() as connection:
            offer = await offers.find(connection, request.offer_id)
            if offer is None:
                raise absent()
            if principal.has(Role.RECEIVER) and offer.receiver_id in principal.receiver_ids:
                if request.on_behalf_of not in {"", offer.receiver_id}:
                    raise absent()
                return Seat(offer, Role.RECEIVER, "", via)
            if for_sender and principal.has(Role.CASE_SYSTEM):
                referral = await referrals.find(connection, offer.referral_id)
                if referral is not None and is_sender(principal, referral.client_id):
                    return Seat(offer, Role.CASE_SYSTEM, "", via)
            if not principal.has(Role.SERVICE, Role.DUTY_COORDINATOR):
                raise absent()
            _require_said(request, via)
            is_service = principal.has(Role.SERVICE)
            # a provider without a receiver is spoken for by its own id
            named = offer.receiver_id or ("" if is_service else offer.provider_id)
            if not named or request.on_behalf_of != named:
                raise absent()
            if is_service:
                return Seat(offer, Role.RECEIVER, request.on_behalf_of, via)
            is_alone = not offer.receiver_id  # no desk will ever say that she has arrived
            if (
                not is_alone
                and offer.state not in UNANSWERED
                and not await offers.is_escalated(connection, offer.offer_id)
            ):
                raise absent()
            return Seat(offer, Role.DUTY_COORDINATOR, request.on_behalf_of, via)

    async def side(self, principal: Principal, offer_id: str) -> Seat:
        """
        Find an offer for its receiver or its sender.

        Raises:
            NotFound: It is absent or another's.
        """
        async with self._desk.read() as connection:
            offer = await offers.find(connection, offer_id)
            referral = None if offer is None else await referrals.find(connection, offer.referral_id)
        if offer is not None and principal.has(Role.RECEIVER) and offer.receiver_id in principal.receiver_ids:
            return Seat(offer, Role.RECEIVER, "", Via.SYSTEM)
        if offer is not None and referral is not None and is_sender(principal, referral.client_id):
            return Seat(offer, Role.CASE_SYSTEM, "", Via.SYSTEM)
        raise absent()

    async def of_sender(self, principal: Principal, offer_id: str) -> Offer:
        """
        Find an offer of a sender's own.

        Raises:
            NotFound: It is absent or another's.
        """
        async with self._desk.read() as connection:
            offer = await offers.find(connection, offer_id)
            referral = None if offer is None else await referrals.find(connection, offer.referral_id)
        if offer is None or referral is None or not is_sender(principal, referral.client_id):
            raise absent()
        return offer

    async def view(self, seat: Seat) -> Any:
        """Show an offer, as it is now, to who sits there; what is opened is in the audit."""
        async with self._desk.write("offer.read", seat.offer.offer_id) as connection:
            offer = await offers.find(connection, seat.offer.offer_id)
            if offer is None:
                raise absent()
            held = await referrals.holds_of(connection, [offer])
            hold = held.get(offer.offer_id)
            shown = await self._shown(connection, seat, offer)
            sealer = self._desk.sealer
            if shown.area:
                area = await facts.read_part(connection, sealer, offer.referral_id, facts.AREA)
                return view_to_wire(offer, hold, shown, area_cell=area.decode())
            if not shown.person and not shown.briefing:
                return view_to_wire(offer, hold, shown)
            return view_to_wire(
                offer,
                hold,
                shown,
                request=await facts.read_part(connection, sealer, offer.referral_id, facts.REQUEST),
                briefing=await facts.read_part(connection, sealer, offer.referral_id, facts.BRIEFING),
            )

    async def view_for_sender(self, offer_id: str) -> Any:
        """Show an offer to its sender, who knows the facts: its state alone."""
        async with self._desk.read() as connection:
            offer = await offers.find(connection, offer_id)
            if offer is None:
                raise absent()
            held = await referrals.holds_of(connection, [offer])
        return view_to_wire(offer, held.get(offer_id), Shown(code=True))

    async def _shown(self, connection: Connection, seat: Seat, offer: Offer) -> Shown:
        if seat.role is Role.CASE_SYSTEM:
            return Shown(code=True)
        if seat.role is Role.DUTY_COORDINATOR:
            return shown_to_coordinator(offer)
        consent = await consents.of_referral(connection, offer.referral_id)
        if consent is None or offer.is_question:
            return shown_to_receiver(offer, ())
        stands = not is_withdrawn(consent, offer.provider_id) and self._desk.now() < consent.end_time
        # who has her on the way or in care keeps what care tonight needs (R3)
        return shown_to_receiver(offer, consent.fields if stands or offer.state in PLACED else ())


def listed(offer: Offer) -> Any:
    """Show an offer in a list: nothing of what only reading shows."""
    return view_to_wire(offer, None, NOTHING)


def is_sender(principal: Principal, client_id: str) -> bool:
    """Say whether a caller made what a client made."""
    return principal.has(Role.CASE_SYSTEM) and principal.client_id == client_id


def _require_said(request: Any, via: Via) -> None:
    if not request.on_behalf_of:
        raise InvalidInput("on_behalf_of must name the receiver for whom a service or duty coordinator acts")
    if via is Via.SYSTEM and not request.via:
        raise InvalidInput("via must be given by a service or duty coordinator")
