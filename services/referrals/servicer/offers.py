"""Offers as their receivers meet them: listed without content, read by stages."""

from typing import Any

from services.referrals.model import checked_id
from services.referrals.servicer.desk import Desk
from services.referrals.servicer.viewing import Viewer, listed
from services.referrals.store import offers
from services.referrals.wire import responses
from services.referrals.wire.basics import page_size, page_start, page_token
from services.runtime.auth import current_principal, require_receiver


class OfferMethods:
    """The methods that read offers."""

    def __init__(self, desk: Desk) -> None:
        self._desk = desk
        self._viewer = Viewer(desk)

    async def ListOffers(self, request: Any, context: Any) -> Any:
        receiver_id = checked_id(request.receiver_id, "receiver_id")
        require_receiver(current_principal(), receiver_id)
        size = page_size(request)
        async with self._desk.read() as connection:
            found = await offers.open_of_receiver(connection, receiver_id, page_start(request), size + 1)
        page = found[:size]
        token = ""
        if len(found) > size and page[-1].due_time is not None:
            token = page_token(request, page[-1].due_time, page[-1].offer_id)
        return responses.ListOffers(offers=map(listed, page), next_page_token=token)

    async def ReadOffer(self, request: Any, context: Any) -> Any:
        seat = await self._viewer.seat(current_principal(), request)
        return responses.ReadOffer(offer=await self._viewer.view(seat))
