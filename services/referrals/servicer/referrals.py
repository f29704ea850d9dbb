"""Referrals as their senders see them, and counts of them for coordinators."""

from typing import Any, Final

from services.errors import InvalidInput
from services.referrals.model import checked_id, checked_ref
from services.referrals.servicer.desk import Desk
from services.referrals.servicer.summary import month_from_wire, summary
from services.referrals.servicer.viewing import is_sender
from services.referrals.store import events, referrals, requests
from services.referrals.wire import responses
from services.referrals.wire.basics import page_size, page_start, page_token
from services.referrals.wire.referrals import events_to_wire, referral_to_wire, states_from_wire
from services.runtime.auth import absent, current_principal

HISTORY: Final = 500


class ReferralMethods:
    """The methods that read referrals."""

    def __init__(self, desk: Desk) -> None:
        self._desk = desk

    async def GetReferral(self, request: Any, context: Any) -> Any:
        async with self._desk.read(snapshot=True) as connection:
            standing = (await referrals.standing(connection, [request.referral_id])).get(request.referral_id)
            if standing is None or not is_sender(current_principal(), standing.referral.client_id):
                raise absent()
            history = await events.history(connection, request.referral_id, HISTORY)
        return responses.GetReferral(
            referral=referral_to_wire(standing), history=events_to_wire(history, {request.referral_id: standing})
        )

    async def LookUpRequest(self, request: Any, context: Any) -> Any:
        request_id = checked_id(request.request_id, "request_id")
        async with self._desk.read() as connection:
            found = await requests.find(connection, current_principal().client_id, request_id)
        if found is None:
            raise absent()
        if found.digest is None:
            raise requests.erased()
        return responses.LookUpRequest(referral_id=found.referral_id or "")

    async def ListReferrals(self, request: Any, context: Any) -> Any:
        size = page_size(request)
        async with self._desk.read(snapshot=True) as connection:
            ids = await referrals.of_client(
                connection,
                current_principal().client_id,
                case_ref=checked_ref(request.case_ref, "case_ref") if request.case_ref else "",
                states=states_from_wire(request),
                after=page_start(request),
                limit=size + 1,
            )
            standing = await referrals.standing(connection, ids[:size])
        page = [standing[each] for each in ids[:size]]
        token = ""
        if len(ids) > size:
            token = page_token(request, page[-1].referral.create_time, page[-1].referral.referral_id)
        return responses.ListReferrals(referrals=map(referral_to_wire, page), next_page_token=token)

    async def SummarizeReferrals(self, request: Any, context: Any) -> Any:
        start_time, end_time = month_from_wire(request, "start_time"), month_from_wire(request, "end_time")
        if start_time is not None and end_time is not None and end_time <= start_time:
            raise InvalidInput("end_time must be after start_time")
        async with self._desk.read() as connection:
            counts = await referrals.count_by_area(connection, start_time, end_time)
        return summary(counts)
