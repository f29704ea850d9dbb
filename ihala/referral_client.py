"""Refer, see what became of it, and hear every event."""

from collections.abc import AsyncGenerator, AsyncIterator, Collection, Sequence

from ihala import referral_wire
from ihala.answer import MatchToken, Row
from ihala.consent_client import PAGE_SIZE, consent_id_of, new_request_id
from ihala.referral import Briefing, Consent, Cursor, Event, Referral, Referred
from ihala.referrals.v1 import referrals_service_pb2 as service_pb
from ihala.referrals.v1 import referrals_service_pb2_grpc as ref_grpc
from ihala.watch_client import watch


class Referrals:
    """The part of `Ihala` that is about referrals."""

    _referrals: ref_grpc.ReferralsServiceStub

    async def refer(
        self,
        token: MatchToken,
        rows: Row | Sequence[Row],
        *,
        case_ref: str,
        consent: Consent | str,
        briefing: Briefing | None = None,
        person_ref: str = "",
        gates_confirmed: Collection[str] = (),
        arranged: Collection[str] = (),
        request_id: str | None = None,
    ) -> Referred:
        """
        Ask the providers of one or more rows to take the person.

        Args:
            token: `answer.token`, at most 30 minutes old.

            rows: Whom to ask: rows of that answer.

            case_ref: The caller's case, the same as the consent's.

            consent: Covers every row.

            briefing: What receivers are told besides.

            person_ref: The caller's person, opaque.

            gates_confirmed: Providers to whose front gate somebody has spoken; needed where a row
                asks the question `front_gate`.

            arranged: Codes of needs that a rule adds and that are met elsewhere, for example LEG-GRD;
                others stay open without a row (R35, R40).

            request_id: Makes a repeat harmless; keep it with the case. None: a new one.

        Raises:
            FailedPrecondition: with the reason CONSENT_…, MATCH_STALE,
                PROVIDER_SUSPENDED, PROVIDER_NOT_REFERABLE or GATE_NOT_CONFIRMED.
        """
        chosen = [rows] if isinstance(rows, Row) else rows
        return await self.refer_choices(
            token,
            [(row.need_no, row.provider_id) for row in chosen],
            case_ref=case_ref,
            consent=consent,
            briefing=briefing,
            person_ref=person_ref,
            gates_confirmed=gates_confirmed,
            arranged=arranged,
            request_id=request_id,
        )

    async def refer_choices(
        self,
        token: MatchToken,
        choices: Sequence[tuple[int, str]],
        *,
        case_ref: str,
        consent: Consent | str,
        briefing: Briefing | None = None,
        person_ref: str = "",
        gates_confirmed: Collection[str] = (),
        arranged: Collection[str] = (),
        request_id: str | None = None,
    ) -> Referred:
        """Do as `refer`, with (need number, provider id) for each row, for callers that kept no rows."""
        request = service_pb.CreateReferralRequest(
            request_id=request_id or new_request_id(),
            match_token=token.text,
            match_request=token.request,  # type: ignore[arg-type]  # opaque to the caller, ours all the same
            choices=referral_wire.choices_to_wire(choices, gates_confirmed),
            case_ref=case_ref,
            person_ref=person_ref,
            consent_id=consent_id_of(consent),
            briefing=referral_wire.briefing_to_wire(briefing) if briefing else None,
            arranged_codes=arranged,
        )
        return referral_wire.referred_from_wire(await self._referrals.CreateReferral(request))

    async def add_offer(
        self,
        token: MatchToken,
        row: Row,
        *,
        referral_id: str,
        gate_confirmed: bool = False,
        request_id: str | None = None,
    ) -> str:
        """
        Ask a further provider for a need of an open referral.

        Returns:
            The offer's id; empty if its place was lost in the race.

        Raises:
            FailedPrecondition: as `refer`; ALREADY_PLACED.
        """
        response = await self._referrals.AddOffer(
            service_pb.AddOfferRequest(
                request_id=request_id or new_request_id(),
                referral_id=referral_id,
                match_token=token.text,
                match_request=token.request,  # type: ignore[arg-type]  # as in `refer`
                choice=service_pb.OfferChoice(
                    need_no=row.need_no, provider_id=row.provider_id, gate_confirmed=gate_confirmed
                ),
            )
        )
        return str(response.offer.offer_id)

    async def get_referral(self, referral_id: str) -> Referral:
        """Return a referral as it is now."""
        response = await self._referrals.GetReferral(service_pb.GetReferralRequest(referral_id=referral_id))
        return referral_wire.referral_from_wire(response.referral)

    async def get_history(self, referral_id: str) -> tuple[Referral, list[Event]]:
        """Return a referral as it is now and its events, oldest first, at most the last 500."""
        response = await self._referrals.GetReferral(service_pb.GetReferralRequest(referral_id=referral_id))
        events = [referral_wire.event_from_wire(event, "") for event in response.history]
        return referral_wire.referral_from_wire(response.referral), events

    async def list_referrals(self, *, case_ref: str = "", states: Sequence[str] = ()) -> AsyncIterator[Referral]:
        """
        Yield the caller's referrals, the newest first.

        Args:
            case_ref: Only of this case.

            states: Only in these states; none given: all.

        Raises:
            InvalidInput: there is no such state (UNKNOWN_CODE).
        """
        request = service_pb.ListReferralsRequest(
            case_ref=case_ref, states=referral_wire.states_to_wire(states), page_size=PAGE_SIZE
        )
        while True:
            response = await self._referrals.ListReferrals(request)
            for referral in response.referrals:
                yield referral_wire.referral_from_wire(referral)
            if not response.next_page_token:
                return
            request.page_token = response.next_page_token

    async def look_up_request(self, request_id: str) -> str:
        """Return the id of the referral that a request of the caller's made or changed; empty if it was of none."""
        response = await self._referrals.LookUpRequest(service_pb.LookUpRequestRequest(request_id=request_id))
        return str(response.referral_id)

    async def cancel(self, offer_id: str, reason: str, *, request_id: str | None = None) -> None:
        """Recall one offer, with a code of the person's side; its place is given back."""
        await self._referrals.CancelOffer(
            service_pb.CancelOfferRequest(request_id=request_id or new_request_id(), offer_id=offer_id, reason=reason)
        )

    async def revoke(self, referral_id: str, reason: str, *, request_id: str | None = None) -> Referral:
        """End a referral: open offers are cancelled, their places given back."""
        response = await self._referrals.RevokeReferral(
            service_pb.RevokeReferralRequest(
                request_id=request_id or new_request_id(), referral_id=referral_id, reason=reason
            )
        )
        return referral_wire.referral_from_wire(response.referral)

    def watch(self, after: Cursor | str | None = None) -> AsyncGenerator[Event]:
        """
        Hear every event of the caller's referrals, in order and none skipped; never ends by itself.

        Reconnects after any outage. After a restore of the server, events come
        from the start again: each carries the whole present state, so applying
        one twice does no harm.

        Args:
            after: The cursor of the last event that was applied; None: from the start.
        """
        return watch(self._referrals, Cursor.parse(after) if isinstance(after, str) else after or Cursor())
