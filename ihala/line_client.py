"""Lines that no way may cross: list, draw and end them."""

import uuid
from collections.abc import Sequence
from datetime import datetime
from typing import Any

from google.protobuf.json_format import MessageToDict

from ihala.directory.v1 import directory_pb2 as pb
from ihala.directory.v1 import directory_service_pb2_grpc as dir_grpc
from ihala.directory.v1 import lines_pb2 as line_pb
from ihala.shape_wire import point_to_wire
from services.geo import Point

Document = dict[str, Any]


class Lines:
    """The part of `Records` that is about lines."""

    _stub: dir_grpc.DirectoryServiceStub

    async def lines(self) -> list[Document]:
        """List the lines that are drawn now."""
        request, found = line_pb.ListLinesRequest(), []
        while True:
            page = await self._stub.ListLines(request)
            found += [_line(line) for line in page.lines]
            if page.caught_up:
                return found
            request.epoch, request.after_revision = page.epoch, page.revision

    async def draw_line(
        self,
        kind: str,
        name: str,
        points: Sequence[Point],
        *,
        language: str = "und",
        start_time: datetime | None = None,
        end_time: datetime | None = None,
        starts_at: str = "",
        ends_at: str = "",
        time_zone: str = "",
        request_id: str | None = None,
    ) -> Document:
        """
        Draw a line that nobody can cross (R60).

        Args:
            kind: closed_border, front_line or curfew.

            name: What coordinators call it.

            points: In order.

            language: Of the name, BCP 47.

            start_time: When it comes into force; None: at once.

            end_time: The first moment after; None: until it is ended.

            starts_at: Local HH:MM from which it is in force each day, with the next two; empty: all day.

            ends_at: Local HH:MM at which it opens.

            time_zone: IANA.

            request_id: Makes a repeat harmless; None: a new one.
        """
        line = line_pb.Line(
            kind=line_pb.LineKind.Value(f"LINE_KIND_{kind.upper()}"),
            names=[pb.LocalizedText(language=language, text=name)],
            points=map(point_to_wire, points),
            starts_at=starts_at,
            ends_at=ends_at,
            time_zone=time_zone,
        )
        if start_time is not None:
            line.valid.start_time.FromDatetime(start_time)
        if end_time is not None:
            line.valid.end_time.FromDatetime(end_time)
        request = line_pb.CreateLineRequest(request_id=request_id or uuid.uuid4().hex, line=line)
        return _line((await self._stub.CreateLine(request)).line)

    async def end_line(self, line_id: str, *, request_id: str | None = None) -> Document:
        """End a line."""
        request = line_pb.EndLineRequest(request_id=request_id or uuid.uuid4().hex, line_id=line_id)
        return _line((await self._stub.EndLine(request)).line)


def _line(line: line_pb.Line) -> Document:
    return {
        "line_id": line.line_id,
        "kind": line_pb.LineKind.Name(line.kind).removeprefix("LINE_KIND_").lower(),
        "name": line.names[0].text if line.names else "",
        "points": [[point.latitude_deg, point.longitude_deg] for point in line.points],
        "valid": MessageToDict(line.valid, preserving_proto_field_name=True),
        "starts_at": line.starts_at,
        "ends_at": line.ends_at,
        "time_zone": line.time_zone,
        "ended": line.ended,
    }
