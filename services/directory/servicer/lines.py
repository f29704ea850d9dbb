"""Lines over gRPC: drawn and ended by coordinators, followed by matching (R60)."""

from datetime import datetime
from typing import Any

from services.directory.servicer.commands import Directory
from services.directory.store.lines import FEED, changed_after, draw, end
from services.directory.wire.lines_wire import CreateAnswer, EndAnswer, line_answer, line_doc, lines_page
from services.directory.wire.requests_wire import is_record_id, refuse_unknown
from services.runtime.auth import absent
from services.runtime.feed import PAGE_LIMIT, check_cursor, state
from services.runtime.postgres import Connection, read


class LineMethods:
    """The methods about lines."""

    def __init__(self, directory: Directory) -> None:
        self._directory = directory

    async def CreateLine(self, request: Any, context: Any) -> Any:
        doc = line_doc(request)
        line_id = self._directory.make_id()

        async def run(connection: Connection, actor: str, now: datetime) -> Any:
            return line_answer(CreateAnswer, await draw(connection, line_id, doc, actor=actor, now=now))

        return await self._directory.command("line.create", request, CreateAnswer, line_id, run)

    async def EndLine(self, request: Any, context: Any) -> Any:
        refuse_unknown(request)
        if not is_record_id(request.line_id):
            raise absent()

        async def run(connection: Connection, actor: str, now: datetime) -> Any:
            return line_answer(EndAnswer, await end(connection, request.line_id, actor=actor, now=now))

        return await self._directory.command("line.end", request, EndAnswer, request.line_id, run)

    async def ListLines(self, request: Any, context: Any) -> Any:
        refuse_unknown(request)
        async with read(self._directory.pool, snapshot=True) as connection:
            at = await state(connection, FEED)
            check_cursor(at, request.epoch, request.after_revision)
            found = await changed_after(connection, request.after_revision, PAGE_LIMIT)
        caught_up = len(found) < PAGE_LIMIT
        # lines that ended before are not told to a new reader, but it has heard of them
        revision = at.revision if caught_up else found[-1].revision
        return lines_page(at.epoch, found, revision, caught_up=caught_up)
