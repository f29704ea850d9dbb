"""Reported places over gRPC."""

from collections.abc import Sequence
from dataclasses import replace
from datetime import datetime, timedelta
from typing import Any, Final

from services.directory.model import PlaceReport, Viewer, refuse
from services.directory.servicer.commands import Directory
from services.directory.store.places import report
from services.directory.store.providers import write
from services.directory.store.reading import get
from services.directory.wire.nouns_wire import PROVIDER
from services.directory.wire.reports_wire import receiver_of, report_answer, report_answer_type, reports_of
from services.runtime.auth import Role, current_principal, require_receiver
from services.runtime.postgres import Connection

CLOCK_SKEW: Final = timedelta(minutes=5)  #: how far ahead of ours a reporter's clock may be
_ANY_PROVIDER: Final = (Role.DUTY_COORDINATOR, Role.DIRECTORY_EDITOR, Role.SERVICE)


class PlaceMethods:
    """The method that reports places."""

    def __init__(self, directory: Directory) -> None:
        self._directory = directory

    async def ReportPlaces(self, request: Any, context: Any) -> Any:
        told = reports_of(request)
        _check_times(told, self._directory.now())
        principal = current_principal()

        async def run(connection: Connection, actor: str, now: datetime) -> Any:
            seen = await get(connection, "provider", request.provider_id, Viewer(sees_all=True))
            if not principal.has(*_ANY_PROVIDER):
                require_receiver(principal, receiver_of(seen.doc))
            pool_id = PROVIDER.value(seen).pool_id
            held, reports = await report(connection, pool_id, told, actor=actor, now=now)
            changes = [
                replace(each.change, provider=replace(each.provider, place_reports=reports))
                for each in held
                if each.provider.place_reports != reports
            ]
            written = await write(connection, changes, actor=actor, now=now)
            stored = {each.stored.record_id: each.stored for each in held}
            stored |= {each.record_id: each for each in written}
            return report_answer(stored[request.provider_id])

        return await self._directory.command(
            "provider.report_places", request, report_answer_type(), request.provider_id, run
        )


def _check_times(told: Sequence[PlaceReport], now: datetime) -> None:
    for index, each in enumerate(told):
        if each.report_time > now + CLOCK_SKEW:
            raise refuse(f"reports[{index}].report_time", "must not be in the future")
