"""
The life of the directory's records, for whoever keeps it true: verify, suspend, review, look back, draw lines.

    async with Records(read_profile(path)) as records:
        async for row in records.stale(): ...

Answers are plain documents with the keys that docs/cli.md names.
"""

import json
import uuid
from collections.abc import AsyncIterator, Sequence
from datetime import datetime
from typing import Any

from ihala.directory.v1 import directory_pb2 as pb
from ihala.directory.v1 import directory_service_pb2 as service_pb
from ihala.directory.v1 import directory_service_pb2_grpc as dir_grpc
from ihala.directory.v1 import record_life_pb2 as life_pb
from ihala.line_client import Lines
from ihala.profile import Profile
from ihala.service_client import ServiceClient

PAGE_SIZE = 100

Document = dict[str, Any]


class Records(Lines, ServiceClient):
    """
    Records and who answers for them; an asynchronous context manager.

    Args:
        profile: Where the directory is and who calls.

        actor: The worker on whose behalf calls are made, opaque.
    """

    def __init__(self, profile: Profile, *, actor: str | None = None) -> None:
        super().__init__(profile, "directory", actor=actor)
        self._stub = dir_grpc.DirectoryServiceStub(self._channel)

    async def suspend(self, provider_id: str, reason: str, *, request_id: str | None = None) -> Document:
        """Raise a safeguarding flag (R33); `reason` is a code."""
        answer = await self._stub.SuspendProvider(
            life_pb.SuspendProviderRequest(
                request_id=request_id or uuid.uuid4().hex, provider_id=provider_id, reason=reason
            )
        )
        return _provider(answer.provider)

    async def verify(
        self,
        provider_id: str,
        at: datetime | None = None,
        *,
        revision: int | None = None,
        request_id: str | None = None,
    ) -> Document:
        """
        Say that a record was checked.

        Args:
            provider_id: Of the record.

            at: When; None: now.

            revision: The state that was checked; None: the present one.

            request_id: Makes a repeat harmless; None: a new one.
        """
        if revision is None:
            seen = await self._stub.GetProvider(service_pb.GetProviderRequest(provider_id=provider_id))
            revision = seen.provider.revision
        request = life_pb.VerifyProviderRequest(
            request_id=request_id or uuid.uuid4().hex, provider_id=provider_id, expected_revision=revision
        )
        if at is not None:
            request.verified_time.FromDatetime(at)
        return _provider((await self._stub.VerifyProvider(request)).provider)

    async def stale(self, before: datetime | None = None, dataset: str = "") -> AsyncIterator[Document]:
        """Yield records that nobody has verified since a time, never verified ones first; None: for 180 days."""
        request = life_pb.ListStaleRequest(dataset=dataset, page_size=PAGE_SIZE)
        if before is not None:
            request.verified_before_time.FromDatetime(before)
        async for page in _pages(self._stub.ListStale, request):
            for provider in page.providers:
                yield _provider(provider)

    async def expiring(self, before: datetime, dataset: str = "") -> AsyncIterator[Document]:
        """Yield records whose vetting ends before a time or has ended, the first to end first (R33)."""
        request = life_pb.ListStaleRequest(dataset=dataset, page_size=PAGE_SIZE)
        request.vetting_expires_before_time.FromDatetime(before)
        async for page in _pages(self._stub.ListStale, request):
            for provider in page.providers:
                yield _provider(provider)

    async def history(self, provider_id: str) -> AsyncIterator[Document]:
        """Yield what became of a record, newest first."""
        request = life_pb.GetProviderHistoryRequest(provider_id=provider_id, page_size=PAGE_SIZE)
        async for page in _pages(self._stub.GetProviderHistory, request):
            for entry in page.entries:
                yield {
                    "revision": entry.revision,
                    "time": entry.change_time.ToJsonString(),
                    "actor": entry.actor,
                    "archived": entry.archived,
                    "changes": _changes(entry.changes),
                }

    async def duplicates(
        self, max_distance_m: float | None = None, least_similarity: float | None = None, dataset: str = ""
    ) -> AsyncIterator[Document]:
        """Yield pairs of public providers that may be one."""
        request = life_pb.ListDuplicatesRequest(
            max_distance_m=max_distance_m, least_similarity=least_similarity, dataset=dataset, page_size=PAGE_SIZE
        )
        async for page in _pages(self._stub.ListDuplicates, request):
            for pair in page.pairs:
                yield {
                    "first": _provider(pair.first),
                    "second": _provider(pair.second),
                    "distance_m": pair.distance_m,
                    "similarity": pair.similarity,
                }

    async def suggestions(self) -> AsyncIterator[Document]:
        """Yield what waits for an editor, oldest first."""
        request = service_pb.ListSuggestionsRequest(page_size=PAGE_SIZE)
        async for page in _pages(self._stub.ListSuggestions, request):
            for each in page.suggestions:
                yield {
                    "suggestion_id": each.suggestion_id,
                    "provider_id": each.provider_id,
                    "provider_revision": each.provider_revision,
                    "actor": each.actor,
                    "time": each.create_time.ToJsonString(),
                    "changes": _changes(each.changes),
                }

    async def review(
        self, suggestion_id: str, *, approved: bool, revision: int = 0, request_id: str | None = None
    ) -> Document:
        """Approve or refuse a suggestion; who approves says which revision of the provider they saw."""
        answer = await self._stub.ReviewSuggestion(
            service_pb.ReviewSuggestionRequest(
                request_id=request_id or uuid.uuid4().hex,
                suggestion_id=suggestion_id,
                approved=approved,
                expected_revision=revision,
            )
        )
        return _provider(answer.provider)


async def _pages(method: Any, request: Any) -> AsyncIterator[Any]:
    while True:
        page = await method(request)
        yield page
        if not page.next_page_token:
            return
        request.page_token = page.next_page_token


def _provider(provider: pb.Provider) -> Document:
    verified = provider.source.verified_time.ToJsonString() if provider.source.HasField("verified_time") else None
    expires = provider.vetting.expire_time.ToJsonString() if provider.vetting.HasField("expire_time") else None
    return {
        "provider_id": provider.provider_id,
        "revision": provider.revision,
        "name": provider.names[0].text if provider.names else "",
        "dataset": provider.source.dataset,
        "source_key": provider.source.source_key,
        "status": pb.Status.Name(provider.status).removeprefix("STATUS_").lower(),
        "vetting": pb.VettingState.Name(provider.vetting.state).removeprefix("VETTING_STATE_").lower(),
        "vetting_expire_time": expires,
        "verified_time": verified,
        "contacts": [contact.value for contact in provider.contacts],
    }


def _changes(changes: Sequence[life_pb.FieldChange]) -> list[Document]:
    return [
        {"field": each.field, "before": json.loads(each.before or "null"), "after": json.loads(each.after or "null")}
        for each in changes
    ]
