"""
What a case system imports: find who can help, record consent, refer, and hear every answer.

    async with Ihala.from_profile("ministry.toml", actor="worker-118") as ihala:
        answer = await ihala.find_matches(needs=["HEA-SGV"], origin=place("LY", "جنزور"))

Calls fail with the errors of `ihala.exceptions`. A command that is repeated with
the same `request_id` gives its first answer again.
"""

import uuid
from collections.abc import AsyncIterator, Callable, Sequence
from contextlib import AsyncExitStack
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any, Self

from ihala import match_wire, referral_wire
from ihala.answer import Answer, MatchToken, ReceiverClass, Row
from ihala.directory.v1 import directory_service_pb2 as dir_pb
from ihala.directory.v1 import directory_service_pb2_grpc as dir_grpc
from ihala.enum_wire import number_of
from ihala.matching.v1 import matching_pb2_grpc as match_grpc
from ihala.person import (
    Absence,
    AgeBasis,
    NamedPlace,
    Need,
    Origin,
    Person,
    PlaceId,
    Sex,
    Urgency,
    between,
    place,
)
from ihala.profile import Profile, read_profile
from ihala.referral import (
    Assent,
    Briefing,
    Consent,
    ConsentMethod,
    Cursor,
    Event,
    GivenBy,
    Referral,
    Referred,
    Withdrawal,
)
from ihala.referrals.v1 import referrals_pb2 as pb
from ihala.referrals.v1 import referrals_service_pb2 as service_pb
from ihala.referrals.v1 import referrals_service_pb2_grpc as ref_grpc
from ihala.watch_client import watch
from services.errors import NotFound
from services.geo import Point

__all__ = [
    "CONSENT_VALID",
    "DISPUTED",
    "EMERGENCY",
    "FEMALE",
    "IMMEDIATE",
    "MALE",
    "NORMAL",
    "PERSON",
    "SPOKEN",
    "THROUGH_INTERPRETER",
    "URGENT",
    "WRITTEN",
    "Absence",
    "Answer",
    "Assent",
    "Briefing",
    "Consent",
    "ConsentMethod",
    "Cursor",
    "Event",
    "GivenBy",
    "Ihala",
    "MatchToken",
    "Need",
    "Person",
    "PlaceId",
    "Point",
    "ReceiverClass",
    "Referral",
    "Referred",
    "Row",
    "Urgency",
    "Withdrawal",
    "between",
    "place",
]

# the words that stand in nearly every call
IMMEDIATE, EMERGENCY, URGENT, NORMAL = Urgency
FEMALE, MALE = Sex.FEMALE, Sex.MALE
DISPUTED = AgeBasis.DISPUTED
PERSON = GivenBy.PERSON
SPOKEN, WRITTEN, THROUGH_INTERPRETER = (
    ConsentMethod.SPOKEN,
    ConsentMethod.WRITTEN,
    ConsentMethod.THROUGH_INTERPRETER,
)

CONSENT_VALID = timedelta(days=30)  #: how long a consent holds if the caller names no end


def utc_now() -> datetime:
    """Return the time of now, in UTC."""
    return datetime.now(UTC)


def new_request_id() -> str:
    """Make a request id for callers that keep none of their own."""
    return uuid.uuid4().hex


class Ihala:
    """A case system's side of Ihala; an asynchronous context manager."""

    def __init__(self, profile: Profile, *, actor: str | None = None, now: Callable[[], datetime] = utc_now) -> None:
        self._profile = profile
        self._actor = actor
        self._now = now
        self._stack = AsyncExitStack()

    @classmethod
    def from_profile(cls, path: str | Path, *, actor: str | None = None) -> Self:
        """
        Read where the services are and who calls from a profile (`ihala.profile`).

        Args:
            path: The TOML file.

            actor: The worker on whose behalf calls are made, opaque; it stands in the audit log.
        """
        return cls(read_profile(Path(path)), actor=actor)

    async def __aenter__(self) -> Self:
        enter = self._stack.enter_async_context
        opened = {
            name: await enter(self._profile.open_channel(name, actor=self._actor))
            for name in ("directory", "matching", "referrals")
        }
        self._directory = dir_grpc.DirectoryServiceStub(opened["directory"])
        self._matching = match_grpc.MatchingServiceStub(opened["matching"])
        self._referrals = ref_grpc.ReferralsServiceStub(opened["referrals"])
        return self

    async def __aexit__(self, *_: object) -> None:
        await self._stack.aclose()

    async def find_matches(
        self,
        needs: Sequence[str | Need],
        origin: Origin,
        *,
        urgency: Urgency | None = None,
        person: Person | None = None,
        excluded_provider_ids: Sequence[str] = (),
        when_time: datetime | None = None,
        limit: int = 10,
        max_distance_m: float | None = None,
    ) -> Answer:
        """
        Find, for each need, who can meet it and whom to ask first, nearest first.

        Args:
            needs: Service codes, or `Need` where more is to be said.

            origin: Where the person is; used in memory, never stored.

            urgency: How soon, for the needs that do not say.

            person: What rules may need to know; None is a plain search (R2).

            excluded_provider_ids: Whom not to offer, for whatever reason (R8, R32).

            when_time: When the person would be there; None: now.

            limit: Rows per list, in [1, 100].

            max_distance_m: How far at most, in metres; None: no limit.

        Raises:
            InvalidInput: a field breaks its rule, or a code is not in the vocabulary.

            NotFound: no town has the name.

            Unavailable: the index is not warm.
        """
        request = match_wire.request_to_wire(
            [Need(code=need) if isinstance(need, str) else need for need in needs],
            await self._resolved(origin),
            urgency=urgency,
            person=person,
            excluded_provider_ids=excluded_provider_ids,
            when_time=when_time,
            limit=limit,
            max_distance_m=max_distance_m,
        )
        return match_wire.answer_from_wire(await self._matching.FindMatches(request), request)

    async def record_consent(
        self,
        case_ref: str,
        receivers: ReceiverClass | Sequence[str],
        fields: Sequence[str],
        *,
        given_by: GivenBy,
        method: ConsentMethod,
        purposes: Sequence[str] = ("referral",),
        start_time: datetime | None = None,
        end_time: datetime | None = None,
        child_assent: Assent | None = None,
        language: str = "",
        request_id: str | None = None,
    ) -> Consent:
        """
        Record a person's consent: which receivers, fields and purposes, until when (R1).

        Args:
            case_ref: The caller's case, opaque, `[A-Za-z0-9_-]{1,64}`.

            receivers: A class, for example `row.receiver_class`, or provider ids.

            fields: What may be disclosed, for example `row.needed_fields`.

            given_by: Who gave it.

            method: How.

            purposes: What for.

            start_time: From when; None: from now.

            end_time: Until when; None: 30 days from now.

            child_assent: The child's own word (R37).

            language: In which language it was given, BCP 47.

            request_id: Makes a repeat harmless; None: a new one.
        """
        response = await self._referrals.RecordConsent(
            service_pb.RecordConsentRequest(
                request_id=request_id or new_request_id(),
                consent=referral_wire.consent_to_wire(
                    case_ref,
                    receivers,
                    fields=fields,
                    purposes=purposes,
                    start_time=start_time,
                    end_time=end_time or self._now() + CONSENT_VALID,
                    given_by=given_by,
                    child_assent=child_assent,
                    method=method,
                    language=language,
                ),
            )
        )
        return referral_wire.consent_from_wire(response.consent)

    async def withdraw_consent(
        self,
        consent: Consent | str,
        withdrawal: Withdrawal,
        *,
        provider_id: str = "",
        request_id: str | None = None,
    ) -> Consent:
        """Withdraw a consent: for one receiver, for all sharing, or for the service itself (R3)."""
        response = await self._referrals.WithdrawConsent(
            service_pb.WithdrawConsentRequest(
                request_id=request_id or new_request_id(),
                consent_id=_consent_id(consent),
                withdrawal=number_of(pb.Withdrawal, "WITHDRAWAL", withdrawal),
                provider_id=provider_id,
            )
        )
        return referral_wire.consent_from_wire(response.consent)

    async def refer(
        self,
        token: MatchToken,
        rows: Row | Sequence[Row],
        *,
        case_ref: str,
        consent: Consent | str,
        briefing: Briefing | None = None,
        person_ref: str = "",
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

            request_id: Makes a repeat harmless; keep it with the case. None: a new one.

        Raises:
            FailedPrecondition: with the reason CONSENT_…, MATCH_STALE,
                PROVIDER_SUSPENDED or PROVIDER_NOT_REFERABLE.
        """
        chosen = [rows] if isinstance(rows, Row) else rows
        request = service_pb.CreateReferralRequest(
            request_id=request_id or new_request_id(),
            match_token=token.text,
            match_request=token.request,  # type: ignore[arg-type]  # opaque to the caller, ours all the same
            choices=[service_pb.OfferChoice(need_no=row.need_no, provider_id=row.provider_id) for row in chosen],
            case_ref=case_ref,
            person_ref=person_ref,
            consent_id=_consent_id(consent),
            briefing=referral_wire.briefing_to_wire(briefing) if briefing else None,
        )
        return referral_wire.referred_from_wire(await self._referrals.CreateReferral(request))

    async def get_referral(self, referral_id: str) -> Referral:
        """Return a referral as it is now."""
        response = await self._referrals.GetReferral(service_pb.GetReferralRequest(referral_id=referral_id))
        return referral_wire.referral_from_wire(response.referral)

    async def revoke(self, referral_id: str, reason: str, *, request_id: str | None = None) -> Referral:
        """End a referral: open offers are cancelled, their places given back."""
        response = await self._referrals.RevokeReferral(
            service_pb.RevokeReferralRequest(
                request_id=request_id or new_request_id(), referral_id=referral_id, reason=reason
            )
        )
        return referral_wire.referral_from_wire(response.referral)

    def watch(self, after: Cursor | str | None = None) -> AsyncIterator[Event]:
        """
        Hear every event of the caller's referrals, in order and none skipped; never ends by itself.

        Reconnects after any outage. After a restore of the server, events come
        from the start again: each carries the whole present state, so applying
        one twice does no harm.

        Args:
            after: The cursor of the last event that was applied; None: from the start.
        """
        return watch(self._referrals, Cursor.parse(after) if isinstance(after, str) else after or Cursor())

    async def _resolved(self, origin: Origin) -> Any:
        match origin:
            case NamedPlace():
                response = await self._directory.ResolvePlace(
                    dir_pb.ResolvePlaceRequest(text=origin.name, country_code=origin.country_code, limit=1)
                )
                if not response.towns:
                    raise NotFound("no town has the name of the origin")
                return response.towns[0].place_id
            case PlaceId():
                return origin.place_id
            case _:
                return origin


def _consent_id(consent: Consent | str) -> str:
    return consent if isinstance(consent, str) else consent.consent_id
