"""Suggestions over gRPC: a desk says how its record should be, an editor approves or refuses."""

from dataclasses import replace
from datetime import datetime
from typing import Any

from services.directory.model import Viewer
from services.directory.model.life import check_move
from services.directory.servicer.commands import Directory, viewer_of
from services.directory.servicer.confidential_reads import note_reads
from services.directory.servicer.life import own_desk
from services.directory.store.bodies import check_revision
from services.directory.store.providers import lock, write
from services.directory.store.reading import get
from services.directory.store.suggestions import find_correction, keep, lock_waiting, provider_of, settle, waiting
from services.directory.wire.nouns_wire import PROVIDER
from services.directory.wire.requests_wire import is_record_id, page_size_of
from services.directory.wire.suggestions_wire import (
    CorrectionAnswer,
    ReviewAnswer,
    SuggestAnswer,
    Suggestion,
    correction_of,
    review_answer,
    review_of,
    suggested,
    suggestion_answer,
    suggestion_of,
    suggestions_page,
    suggestions_position,
)
from services.errors import FailedPrecondition, Reason
from services.runtime.auth import absent, current_principal
from services.runtime.postgres import Connection, read


class SuggestionMethods:
    """The methods about suggestions."""

    def __init__(self, directory: Directory) -> None:
        self._directory = directory

    async def SuggestChange(self, request: Any, context: Any) -> Any:
        provider_id, doc, paths = suggestion_of(request)
        principal = current_principal()
        viewer = Viewer(sees_all=False, receiver_ids=viewer_of(principal).receiver_ids)
        suggestion_id = self._directory.make_id()

        async def run(connection: Connection, actor: str, now: datetime) -> Any:
            own_desk(await get(connection, "provider", provider_id, viewer), viewer)
            # locked: a site that becomes confidential meanwhile is seen here, or forgets this with its past
            stored = (await lock(connection, provider_id)).stored
            check_move(PROVIDER.value(stored).status, suggested(stored, doc, paths).status)
            suggestion = Suggestion(
                suggestion_id=suggestion_id,
                provider_id=provider_id,
                doc=doc,
                paths=paths,
                client_id=principal.client_id,
                actor=actor,
                create_time=now,
                state="waiting",
            )
            await keep(connection, suggestion)
            return suggestion_answer(suggestion, stored)

        # the provider, so that the answer is forgotten with it if it becomes confidential
        return await self._directory.command("provider.suggest", request, SuggestAnswer, provider_id, run)

    async def SuggestCorrection(self, request: Any, context: Any) -> Any:
        if not is_record_id(request.provider_id):
            raise absent()
        suggestion_id = self._directory.make_id()

        async def run(connection: Connection, actor: str, now: datetime) -> Any:
            held = await lock(connection, request.provider_id)
            doc, paths = correction_of(request, held.stored)
            if paths and suggested(held.stored, doc, paths) == held.provider:
                return CorrectionAnswer()  # the record says so already
            waits = await find_correction(connection, request.provider_id, request.reason, doc)
            if not waits:
                suggestion = Suggestion(
                    suggestion_id=suggestion_id,
                    provider_id=request.provider_id,
                    doc=doc,
                    paths=paths,
                    client_id=current_principal().client_id,
                    actor=actor,
                    create_time=now,
                    state="waiting",
                    reason=request.reason,
                )
                await keep(connection, suggestion)
            return CorrectionAnswer(suggestion_id=waits or suggestion_id)

        return await self._directory.command("provider.correct", request, CorrectionAnswer, request.provider_id, run)

    async def ListSuggestions(self, request: Any, context: Any) -> Any:
        after, size = suggestions_position(request), page_size_of(request)
        async with read(self._directory.pool, snapshot=True) as connection:
            found = await waiting(connection, after, size + 1)
        page = suggestions_page(request, found, size)
        shown = [suggestion.provider for suggestion in page.suggestions]
        await note_reads(self._directory, context, "provider.list_suggestions", shown)
        return page

    async def ReviewSuggestion(self, request: Any, context: Any) -> Any:
        review_of(request)
        principal = current_principal()

        async def run(connection: Connection, actor: str, now: datetime) -> Any:
            # the provider before the suggestion, as when its site becomes confidential
            held = await lock(connection, await provider_of(connection, request.suggestion_id))
            suggestion = await lock_waiting(connection, request.suggestion_id)
            if request.approved and (suggestion.client_id == principal.client_id or suggestion.actor == actor):
                raise FailedPrecondition(
                    "a suggestion is approved by somebody else", reason=Reason.SECOND_PERSON_NEEDED
                )
            stored = held.stored
            if request.approved:
                check_revision(stored, request.expected_revision)
                after = suggested(held.stored, suggestion.doc, suggestion.paths)
                check_move(held.provider.status, after.status)
            await settle(connection, suggestion.suggestion_id, approved=request.approved, reviewer=actor, now=now)
            if request.approved and after != held.provider:
                (stored,) = await write(connection, [replace(held.change, provider=after)], actor=actor, now=now)
            return review_answer(stored)

        return await self._directory.command("suggestion.review", request, ReviewAnswer, request.suggestion_id, run)
