"""Documents of HSDS over gRPC."""

from collections.abc import AsyncIterator
from typing import Any

from psycopg import Rollback

from services.directory.servicer.commands import Directory, actor_of
from services.directory.store import documents
from services.directory.wire.documents_wire import answer_to_wire, batch_from_wire, document_to_wire, page_to_wire
from services.directory.wire.requests_wire import (
    fitting,
    page_position,
    page_size_of,
    page_token_for,
    refuse_unknown,
)
from services.runtime.auth import current_principal
from services.runtime.postgres import Act, read, transaction


class DocumentServicer:
    """
    Answers DocumentService.

    Args:
        directory: What it shares with the directory's own methods.
    """

    def __init__(self, directory: Directory) -> None:
        self._directory = directory

    async def KeepDocuments(self, requests: AsyncIterator[Any], context: Any) -> AsyncIterator[Any]:
        async for request in requests:
            yield await self._keep(request)

    async def _keep(self, request: Any) -> Any:
        batch, refused = batch_from_wire(request)
        principal = current_principal()
        act = Act(action="directory.keep_documents", object_kind="dataset", object_id=request.dataset)
        async with transaction(self._directory.pool, principal, act) as connection:
            came = await documents.keep(
                connection,
                request.dataset,
                batch,
                actor=actor_of(principal),
                now=self._directory.now(),
                new_id=self._directory.new_id,
            )
            if request.dry_run:
                raise Rollback
        self._directory.waker.wake()
        return answer_to_wire(came.created, came.updated, came.unchanged, [*refused, *came.refused])

    async def ListDocuments(self, request: Any, context: Any) -> Any:
        refuse_unknown(request)
        size = page_size_of(request)
        position = page_position(request, (str,))
        async with read(self._directory.pool) as connection:
            after = position[-1] if position else None
            found = await documents.list_page(connection, request.dataset, after, size + 1)
        count = fitting((each.doc.encode() for each in found), size)
        token = page_token_for(request, [found[count - 1].document_id]) if len(found) > count else ""
        listed = [
            document_to_wire(each.table_name, each.source_key, each.record_id, each.dataset, each.doc)
            for each in found[:count]
        ]
        return page_to_wire(listed, token)
