"""The services that referrals call: matching, which checks a choice again, and the directory, which is followed."""

from collections.abc import AsyncIterator, Sequence
from contextlib import aclosing
from dataclasses import dataclass
from typing import Any, Protocol

from ihala.directory.v1 import calendar_pb2 as calendar_pb
from ihala.directory.v1 import directory_service_pb2 as directory_pb
from ihala.directory.v1.directory_service_pb2_grpc import DirectoryServiceStub
from ihala.matching.v1.matching_pb2_grpc import MatchingServiceStub
from services.hours import Entry
from services.referrals.model import Choice, Provider
from services.referrals.wire.asking import Checked, CheckedMatch, best_of, check_to_wire, checked_from_wire
from services.referrals.wire.calendar import closure_from_wire
from services.referrals.wire.plans import CheckedPlan, plan_check_to_wire, plan_from_wire
from services.referrals.wire.providers import provider_from_wire
from services.runtime.channel import Channel


@dataclass(frozen=True, slots=True)
class ProviderPage:
    """A page of the directory's feed."""

    epoch: str
    revision: int  #: resume after this
    caught_up: bool
    providers: tuple[Provider, ...]
    archived: tuple[tuple[str, int], ...]  #: id and revision


class Matching(Protocol):
    """Matching, as far as referrals ask it."""

    async def check(
        self, match_token: str, request: Any, choices: Sequence[Choice], *, with_next: bool = False
    ) -> CheckedMatch: ...

    async def find_next(self, request: Any) -> list[Checked]: ...

    async def check_plan(self, request: Any) -> CheckedPlan: ...


class Directory(Protocol):
    """The directory, as far as it is followed."""

    def watch(self, epoch: str, after_revision: int) -> AsyncIterator[ProviderPage]: ...


class Corrections(Protocol):
    """The directory, as far as it hears what refusals say of its records."""

    async def correct(self, request_id: str, provider_id: str, reason: str, code: str) -> None: ...


class RemoteMatching:
    """The matching service, over a channel with a service's token."""

    def __init__(self, channel: Channel) -> None:
        self._stub = MatchingServiceStub(channel)

    async def check(
        self, match_token: str, request: Any, choices: Sequence[Choice], *, with_next: bool = False
    ) -> CheckedMatch:
        """
        Check choices again, at the present revision.

        Args:
            match_token: From FindMatches.

            request: The match request as it came.

            choices: Whom to check.

            with_next: Whether to look for who comes next, too: most of what a check can cost.

        Returns:
            What is said of each choice, in their order, who comes next, and what a rule added.

        Raises:
            FailedPrecondition: MATCH_STALE: the token is old, or of another request.

            Unavailable: Matching cannot be reached, or is not warm.
        """
        answer = await self._stub.CheckMatch(check_to_wire(match_token, request, choices, with_next=with_next))
        return checked_from_wire(answer)

    async def find_next(self, request: Any) -> list[Checked]:
        """
        Find who comes next for the only need of a request, with all that referring needs.

        Args:
            request: A match request without those who were asked.

        Returns:
            Providers that can take her as far as is known, best first; none is an answer.

        Raises:
            Unavailable: Matching cannot be reached, or is not warm.
        """
        answer = await self._stub.FindMatches(request)
        choices = best_of(answer)
        if not choices:
            return []
        return (await self.check(answer.match_token, request, choices)).choices

    async def check_plan(self, request: Any) -> CheckedPlan:
        """
        Check the parts of a plan again, at the present revision.

        Args:
            request: To make the referrals of a plan.

        Returns:
            What each provider is asked for, all of it at once, and what nobody is asked for.

        Raises:
            FailedPrecondition: MATCH_STALE: the token is old, or of another plan.

            Unavailable: Matching cannot be reached, or is not warm.
        """
        return plan_from_wire(await self._stub.CheckPlan(plan_check_to_wire(request)))


class RemoteDirectory:
    """The directory service, over a channel with a service's token."""

    def __init__(self, channel: Channel) -> None:
        self._stub = DirectoryServiceStub(channel)

    async def correct(self, request_id: str, provider_id: str, reason: str, code: str) -> None:
        """
        Say what a refusal says of a provider's record; a repeat changes nothing.

        Raises:
            NotFound: There is no such provider any more.

            Unavailable: The directory cannot be reached.
        """
        await self._stub.SuggestCorrection(
            directory_pb.SuggestCorrectionRequest(
                request_id=request_id, provider_id=provider_id, reason=reason, code=code
            )
        )

    async def closures(self) -> list[Entry]:
        """
        Read which days are announced at present on which nobody works.

        Raises:
            Unavailable: The directory cannot be reached.
        """
        entries: list[Entry] = []
        request = calendar_pb.ListCalendarEntriesRequest(page_size=500)
        while True:
            answer = await self._stub.ListCalendarEntries(request)
            entries += filter(None, map(closure_from_wire, answer.calendar_entries))
            if not answer.next_page_token:
                return entries
            request.page_token = answer.next_page_token

    async def watch(self, epoch: str, after_revision: int) -> AsyncIterator[ProviderPage]:
        """
        Follow the providers, from a snapshot if `after_revision` is 0.

        Raises:
            FailedPrecondition: The cursor is of another epoch (EPOCH_CHANGED).

            Unavailable: The directory cannot be reached, or ended the stream.
        """
        request = directory_pb.WatchProvidersRequest(epoch=epoch, after_revision=after_revision)
        async with aclosing(self._stub.WatchProviders(request)) as pages:  # type: ignore[type-var]
            async for page in pages:
                yield _page(page)


def _page(message: directory_pb.WatchProvidersResponse) -> ProviderPage:
    providers, archived = [], []
    for change in message.changes:
        if change.WhichOneof("change") == "provider":
            providers.append(provider_from_wire(change.provider, change.revision))
        else:
            archived.append((change.archived_provider_id, change.revision))
    return ProviderPage(message.epoch, message.revision, message.caught_up, tuple(providers), tuple(archived))
