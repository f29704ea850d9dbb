"""The change feed on the wire."""

from collections.abc import Iterator, Sequence
from typing import Any

from ihala.directory.v1 import directory_pb2 as pb
from ihala.directory.v1 import directory_service_pb2 as service_pb
from services.directory.model import Stored
from services.directory.wire.nouns_wire import PROVIDER
from services.directory.wire.requests_wire import MAX_PAGE_BYTES, refuse_unknown


def cursor_of(request: service_pb.WatchProvidersRequest) -> tuple[str, int]:
    """Read where to go on: epoch and revision."""
    refuse_unknown(request)
    return request.epoch, request.after_revision


def batches(epoch: str, rows: Sequence[Stored], revision: int, *, caught_up: bool) -> Iterator[Any]:
    """
    Write a page of the feed as messages that the transport carries, one at least.

    Args:
        epoch: The present one.

        rows: The changes, ascending.

        revision: Resume after this, once all have been applied.

        caught_up: Nothing newer was committed when the page was read.
    """
    changes: list[service_pb.ProviderChange] = []
    size = 0
    for row in rows:
        change = _change(row)
        row_size = change.ByteSize()
        if changes and size + row_size > MAX_PAGE_BYTES:
            yield service_pb.WatchProvidersResponse(epoch=epoch, changes=changes, revision=changes[-1].revision)
            changes, size = [], 0
        changes.append(change)
        size += row_size
    yield service_pb.WatchProvidersResponse(epoch=epoch, changes=changes, revision=revision, caught_up=caught_up)


def _change(stored: Stored) -> service_pb.ProviderChange:
    if stored.archived:
        return service_pb.ProviderChange(revision=stored.revision, archived_provider_id=stored.record_id)
    areas = pb.Service.FromString(stored.service_doc).service_areas if stored.service_doc else ()
    return service_pb.ProviderChange(revision=stored.revision, provider=PROVIDER.shown(stored), service_areas=areas)
