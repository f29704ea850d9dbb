"""Ask who can help: one person, a case that is written down, or many people at once."""

from collections.abc import Mapping, Sequence
from datetime import datetime
from typing import Any, Final

from ihala import case_wire, match_wire, plan_wire, request_wire
from ihala.answer import Answer
from ihala.directory_client import Directory
from ihala.matching.v1 import matching_pb2_grpc as match_grpc
from ihala.person import Need, Origin, Person, TravelMode, Urgency
from ihala.plan import PlanAnswer
from ihala.safety import Safety
from ihala.safety_wire import safety_to_wire

_PLAN_TIMEOUT_S: Final = 29.0  #: a plan in which many groups bind is looked for so long; below the longest served


class Matches:
    """The part of `Ihala` that asks matching."""

    directory: Directory  #: the same caller's way to the directory: towns, words, providers
    _matching: match_grpc.MatchingServiceStub

    async def find_matches(
        self,
        needs: Sequence[str | Need],
        origin: Origin,
        *,
        urgency: Urgency | None = None,
        person: Person | None = None,
        safety: Safety | None = None,
        excluded_provider_ids: Sequence[str] = (),
        when_time: datetime | None = None,
        limit: int = 10,
        max_distance_m: float | None = None,
        travel_mode: TravelMode | None = None,
    ) -> Answer:
        """
        Find, for each need, who can meet it and whom to ask first, nearest first.

        Args:
            needs: Service codes, or `Need` where more is to be said.

            origin: Where the person is; used in memory, never stored.

            urgency: How soon, for the needs that do not say.

            person: What rules may need to know; None is a plain search (R2).

            safety: What to keep out of, who apart and who together (R22-R26); never stored by matching.

            excluded_provider_ids: Whom not to offer, besides those of `safety` (R8, R32).

            when_time: When the person would be there; None: now.

            limit: Rows per list, in [1, 100].

            max_distance_m: How far at most, in metres; None: no limit.

            travel_mode: How the person would get there; None: by car.

        Raises:
            InvalidInput: a field breaks its rule, or a code is not in the vocabulary.

            NotFound: no town has the name, of the origin or of a zone.

            Unavailable: the index is not warm.
        """
        envelope = await safety_to_wire(safety or Safety(), self.directory.located)
        envelope.excluded_provider_ids.extend(excluded_provider_ids)
        request = request_wire.request_to_wire(
            [Need(code=need) if isinstance(need, str) else need for need in needs],
            await self.directory.resolved(origin),
            urgency=urgency,
            person=person,
            safety=envelope,
            when_time=when_time,
            limit=limit,
            max_distance_m=max_distance_m,
            travel_mode=travel_mode,
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
        request = case_wire.search_from_json(case)
        if when_time is not None:
            request.MergeFrom(request_wire.at_time(when_time))
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
        return plan_wire.plan_from_wire(await self._matching.PlanMatches(request, timeout=_PLAN_TIMEOUT_S), request)
