"""When desks were last heard, over gRPC: for the service that rings them."""

from datetime import datetime
from typing import Any

from services.directory.servicer.commands import Directory
from services.directory.store.heard import note_heard
from services.directory.wire.heard_wire import HeardAnswer, heard_of
from services.runtime.postgres import Connection


class HeardMethods:
    """The method about desks that were heard."""

    def __init__(self, directory: Directory) -> None:
        self._directory = directory

    async def ReportReceiversHeard(self, request: Any, context: Any) -> Any:
        time_by_receiver = heard_of(request, self._directory.now())
        report_id = self._directory.make_id()

        async def run(connection: Connection, actor: str, now: datetime) -> Any:
            return HeardAnswer(news_count=len(await note_heard(connection, time_by_receiver)))

        return await self._directory.command("receiver.heard", request, HeardAnswer, report_id, run)
