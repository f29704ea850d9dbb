"""When desks were last heard, over gRPC: for the service that rings them."""

from typing import Any

from services.directory.servicer.commands import Directory
from services.directory.store.heard import note_heard
from services.directory.wire.heard_wire import HeardAnswer, heard_of
from services.runtime.auth import current_principal
from services.runtime.postgres import Act, transaction


class HeardMethods:
    """The method about desks that were heard."""

    def __init__(self, directory: Directory) -> None:
        self._directory = directory

    async def ReportReceiversHeard(self, request: Any, context: Any) -> Any:
        time_by_receiver = heard_of(request, self._directory.now())
        act = Act(action="receiver.heard", object_kind="receiver", object_id="")
        async with transaction(self._directory.pool, current_principal(), act) as connection:
            news = await note_heard(connection, time_by_receiver)
        if news:
            self._directory.waker.wake()
        return HeardAnswer(news_count=len(news))
