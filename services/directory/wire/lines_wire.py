"""Lines on the wire."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any, Final

from ihala.directory.v1 import lines_pb2 as line_pb
from services.directory.model import LineKind, each_inside, inside, refuse
from services.directory.model.lines import Line
from services.directory.wire.places_wire import point_from_wire
from services.directory.wire.requests_wire import canonical, refuse_server_set, refuse_unknown
from services.directory.wire.values_wire import period_from_wire, texts_from_wire
from services.directory.wire.words_wire import Words
from services.runtime.times import time_to_wire

LINE_KIND: Final = Words(LineKind, line_pb.LineKind, None)
_SERVER_SET: Final = frozenset({"line_id", "revision", "ended", "create_time", "update_time"})

CreateAnswer: Final[type[Any]] = line_pb.CreateLineResponse
EndAnswer: Final[type[Any]] = line_pb.EndLineResponse


@dataclass(frozen=True, slots=True, kw_only=True)
class StoredLine:
    """A line as the database has it."""

    line_id: str
    revision: int  #: position in the feed of lines
    ended: bool
    doc: bytes
    create_time: datetime
    update_time: datetime


def line_doc(request: line_pb.CreateLineRequest) -> bytes:
    """Check a line that is to be drawn, and write it as it is kept."""
    refuse_unknown(request)
    if not request.HasField("line"):
        raise refuse("line", "must be given")
    refuse_server_set("line", request.line, _SERVER_SET)
    inside("line", _line_from_wire, request.line)
    return canonical(request.line)


def line_answer(kind: type[Any], stored: StoredLine) -> Any:
    return kind(line=_shown(stored))


def lines_page(epoch: str, stored: Sequence[StoredLine], revision: int, *, caught_up: bool) -> Any:
    """Write what has changed, ascending; a reader asks again after `revision`."""
    return line_pb.ListLinesResponse(epoch=epoch, lines=map(_shown, stored), revision=revision, caught_up=caught_up)


def _line_from_wire(message: line_pb.Line) -> Line:
    return Line(
        kind=LINE_KIND.read("kind", message.kind),
        names=texts_from_wire("names", message.names),
        points=each_inside("points", point_from_wire, message.points),
        valid=inside("valid", period_from_wire, message.valid),
        starts_at=message.starts_at,
        ends_at=message.ends_at,
        time_zone=message.time_zone,
    )


def _shown(stored: StoredLine) -> line_pb.Line:
    message = line_pb.Line.FromString(stored.doc)
    message.line_id, message.revision, message.ended = stored.line_id, stored.revision, stored.ended
    message.create_time.CopyFrom(time_to_wire(stored.create_time))
    message.update_time.CopyFrom(time_to_wire(stored.update_time))
    return message
