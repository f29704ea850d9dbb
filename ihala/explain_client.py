"""Ask why providers match or do not, and what would change that."""

from ihala.answer import MatchToken
from ihala.explain_wire import explanations_from_wire
from ihala.explanation import ExplainAnswer
from ihala.matching.v1 import matching_pb2 as pb
from ihala.matching.v1 import matching_pb2_grpc as match_grpc


class Explanations:
    """The part of `Ihala` that asks why."""

    _matching: match_grpc.MatchingServiceStub

    async def explain_matches(
        self, token: MatchToken, *, need_no: int = 0, provider_id: str = "", limit: int | None = None
    ) -> ExplainAnswer:
        """
        Explain one need of a search: one provider, or the nearest that offer the service or might.

        Args:
            token: Of an answer; its search is explained, at the directory's present revision.

            need_no: Which need, by its number in the answer: one that was asked for, or that a rule added.

            provider_id: Whom; empty: the nearest.

            limit: How many of the nearest, in [1, 100]; None: as the search.

        Raises:
            InvalidInput: the answer to the search can have no such need.

            NotFound: there is no such provider.
        """
        search: pb.FindMatchesRequest = token.request  # type: ignore[assignment]  # opaque to callers
        request = pb.ExplainMatchRequest(request=search, provider_id=provider_id, need_no=need_no)
        if limit is not None:
            request.request.limit = limit
        return explanations_from_wire(await self._matching.ExplainMatch(request))
