"""What a desk may say between yes and no: yes if, a question, a waiting list, a handover."""

import uuid
from collections.abc import Sequence
from datetime import datetime
from typing import TYPE_CHECKING, Any

from ihala.enum_wire import time_to_wire
from ihala.referrals.v1 import referrals_pb2 as pb
from ihala.referrals.v1 import referrals_service_pb2 as service_pb
from ihala.referrals.v1 import referrals_service_pb2_grpc as ref_grpc
from ihala.terms import Handover, handover_from_wire

if TYPE_CHECKING:
    from ihala.desk_client import OfferView


class DeskTerms:
    """The part of `Desk` that comes to terms."""

    _stub: ref_grpc.ReferralsServiceStub

    async def _command(self, verb: str, offer_id: str, **facts: Any) -> "OfferView":
        raise NotImplementedError

    async def propose(
        self,
        offer_id: str,
        conditions: Sequence[str],
        *,
        arrive_start_time: datetime | None = None,
        stay_end_time: datetime | None = None,
        **more: Any,
    ) -> "OfferView":
        """
        Say "yes, if": the place is kept while the person decides.

        Args:
            offer_id: The offer.

            conditions: Of `earliest_arrival`, `longest_stay`, `escort`, `guardian`, `paper`
                and `interpreter_by_telephone`.

            arrive_start_time: For `earliest_arrival`.

            stay_end_time: For `longest_stay`.

            more: As every command takes: `request_id`, `expected_version`, `occurred_time`.
        """
        return await self._command(
            "Propose",
            offer_id,
            conditions=conditions,
            arrive_start_time=time_to_wire(arrive_start_time, "arrive_start_time"),
            stay_end_time=time_to_wire(stay_end_time, "stay_end_time"),
            **more,
        )

    async def can_take(
        self, offer_id: str, *, assess_first: bool = False, accept_beyond_report: bool = False, **more: Any
    ) -> "OfferView":
        """
        Say to a question without identity that the house could take somebody; a no is `decline`.

        Args:
            offer_id: The offer, in state `probing`.

            assess_first: The house must see the person first, and holds nothing.

            accept_beyond_report: There is a place whatever the last report says.

            more: As every command takes: `request_id`, `expected_version`, `occurred_time`.

        Raises:
            FailedPrecondition: NO_PLACE unless `accept_beyond_report`, or the question is over (ILLEGAL_MOVE).
        """
        return await self._command(
            "AnswerProbe",
            offer_id,
            assess_first=assess_first,
            accept_beyond_report=accept_beyond_report,
            **more,
        )

    async def waitlist(self, offer_id: str, wait_until_time: datetime, **more: Any) -> "OfferView":
        """Put the person on a waiting list until a time, at most 30 days."""
        until = time_to_wire(wait_until_time, "wait_until_time")
        return await self._command("Waitlist", offer_id, wait_until_time=until, **more)

    async def ask(self, offer_id: str, question: str, **more: Any) -> "OfferView":
        """Ask about a field of a consent, such as `age`, `language`, `arrival`, `risk`."""
        return await self._command("RequestInfo", offer_id, question=question, **more)

    async def submit_handover(self, offer_id: str, sealed: bytes, key_id: str) -> None:
        """Leave a handover for the sender, sealed for it: never an address."""
        await self._stub.SubmitHandover(
            service_pb.SubmitHandoverRequest(
                request_id=uuid.uuid4().hex, handover=pb.Handover(offer_id=offer_id, sealed=sealed, key_id=key_id)
            )
        )

    async def get_handover(self, offer_id: str) -> Handover:
        """
        Return what the sender has left.

        Raises:
            NotFound: nothing yet, or not any more.
        """
        response = await self._stub.GetHandover(service_pb.GetHandoverRequest(offer_id=offer_id))
        return handover_from_wire(response.handover)
