"""
What a case system imports: find who can help, record consent, refer, and hear every answer.

    async with Ihala.from_profile("ministry.toml", actor="worker-118") as ihala:
        answer = await ihala.find_matches(needs=["HEA-SGV"], origin=place("LY", "جنزور"))

Calls fail with the errors of `ihala.exceptions`. A command that is repeated with
the same `request_id` gives its first answer again.
"""

from collections.abc import Callable, Mapping, Sequence
from contextlib import AsyncExitStack
from datetime import UTC, datetime
from pathlib import Path
from typing import Any, Self

from ihala import match_wire, plan_wire
from ihala.answer import Answer, MatchToken, ReceiverClass, Row
from ihala.consent_client import CONSENT_VALID, Consents
from ihala.directory_client import Directory
from ihala.draft_client import Drafts
from ihala.matching.v1 import matching_pb2_grpc as match_grpc
from ihala.person import (
    Absence,
    AgeBasis,
    Need,
    Origin,
    Person,
    PlaceId,
    Sex,
    Urgency,
    between,
    place,
)
from ihala.plan import PlanAnswer
from ihala.plan_referral_client import PlanReferrals
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
from ihala.referral_client import Referrals
from ihala.referrals.v1 import referrals_service_pb2_grpc as ref_grpc
from ihala.terms_client import Bargains, OverrideGround
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
    "OverrideGround",
    "Person",
    "PlaceId",
    "PlanAnswer",
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
PLAN_TIMEOUT_S = 29.0  #: a plan in which many groups bind is looked for so long; below the longest that is served
PERSON = GivenBy.PERSON
SPOKEN, WRITTEN, THROUGH_INTERPRETER = (
    ConsentMethod.SPOKEN,
    ConsentMethod.WRITTEN,
    ConsentMethod.THROUGH_INTERPRETER,
)


def utc_now() -> datetime:
    """Return the time of now, in UTC."""
    return datetime.now(UTC)


class Ihala(Bargains, Consents, Drafts, PlanReferrals, Referrals):
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
        #: the same caller's way to the directory: towns, words, providers
        self.directory = await enter(Directory(self._profile, actor=self._actor))
        to_matching = await enter(self._profile.open_channel("matching", actor=self._actor))
        to_referrals = await enter(self._profile.open_channel("referrals", actor=self._actor))
        self._matching = match_grpc.MatchingServiceStub(to_matching)
        self._referrals = ref_grpc.ReferralsServiceStub(to_referrals)
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
            await self.directory.resolved(origin),
            urgency=urgency,
            person=person,
            excluded_provider_ids=excluded_provider_ids,
            when_time=when_time,
            limit=limit,
            max_distance_m=max_distance_m,
        )
        return match_wire.answer_from_wire(await self._matching.FindMatches(request), request)

    async def find_matches_for(
        self, case: Mapping[str, Any], *, when_time: datetime | None = None, limit: int | None = None
    ) -> Answer:
        """
        Find matches for a case that is written down, a `FindMatchesRequest` in protobuf's JSON.

        Args:
            case: As it was read from its file.

            when_time: Instead of the case's own.

            limit: Instead of the case's own.

        Raises:
            InvalidInput: the case is not well formed (MALFORMED, UNKNOWN_FIELD), or as `find_matches`.
        """
        request = match_wire.request_from_json(case)
        if when_time is not None:
            request.MergeFrom(match_wire.at_time(when_time))
        if limit is not None:
            request.limit = limit
        return match_wire.answer_from_wire(await self._matching.FindMatches(request), request)

    async def plan_matches_for(
        self, document: Mapping[str, Any], *, origin: Origin | None = None, when_time: datetime | None = None
    ) -> PlanAnswer:
        """
        Plan for many people who are written down, a `PlanMatchesRequest` in protobuf's JSON.

        Args:
            document: As it was read from its file.

            origin: Instead of the document's own.

            when_time: Instead of the document's own.

        Raises:
            InvalidInput: the document is not well formed (MALFORMED, UNKNOWN_FIELD), or a field breaks its rule.
        """
        start = None if origin is None else await self.directory.resolved(origin)
        request = plan_wire.plan_from_json(document, start, when_time)
        return plan_wire.plan_from_wire(await self._matching.PlanMatches(request, timeout=PLAN_TIMEOUT_S), request)
