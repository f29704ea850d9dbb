"""Offers as their receivers meet them: listed without content, read by stages."""

from collections.abc import Sequence
from typing import Any

from services.referrals.model import Offer, Vetting, checked_id
from services.referrals.servicer.desk import Desk
from services.referrals.servicer.viewing import Viewer, listed
from services.referrals.store import offers, providers
from services.referrals.wire import responses
from services.referrals.wire.basics import page_size, page_start, page_token
from services.runtime.auth import absent, current_principal, require_receiver


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
        return _page(responses.ListOffers, request, found, size)

    async def ListSuspendedOffers(self, request: Any, context: Any) -> Any:
        provider_id = checked_id(request.provider_id, "provider_id")
        size = page_size(request)
        async with self._desk.read() as connection:
            known = (await providers.find(connection, [provider_id])).get(provider_id)
            if known is None or known.vetting is not Vetting.SUSPENDED:
                raise absent()
            found = await offers.open_of_provider(connection, provider_id, page_start(request), size + 1)
        return _page(responses.ListSuspendedOffers, request, found, size)

    async def ReadOffer(self, request: Any, context: Any) -> Any:
        seat = await self._viewer.seat(current_principal(), request)
        return responses.ReadOffer(offer=await self._viewer.view(seat))


def _page(answer: Any, request: Any, found: Sequence[Offer], size: int) -> Any:
    """Write a page of offers; `found` has one more than fits if there is more."""
    page = found[:size]
    token = ""
    if len(found) > size and page[-1].due_time is not None:
        token = page_token(request, page[-1].due_time, page[-1].offer_id)
    return answer(offers=map(listed, page), next_page_token=token)
