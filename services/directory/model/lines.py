"""Lines on the ground that nobody can cross while they are in force (R60)."""

import re
from dataclasses import dataclass
from typing import Final

from services.directory.model.checks import check_zone, refuse
from services.directory.model.values import Period, Texts, check_texts
from services.directory.model.words import LineKind
from services.geo import Point

MAX_POINTS: Final = 1000
_LOCAL_TIME: Final = re.compile(r"([01]\d|2[0-3]):[0-5]\d", re.ASCII)
_ANYTIME: Final = Period()


@dataclass(frozen=True, slots=True, kw_only=True)
class Line:
    """A line that a coordinator has drawn."""

    kind: LineKind
    names: Texts  #: at least one
    points: tuple[Point, ...]  #: 2 to 1000; no two that follow each other are the same
    valid: Period = _ANYTIME
    starts_at: str = ""  #: local HH:MM; empty: all day
    ends_at: str = ""  #: local HH:MM, on the next day if not after `starts_at`
    time_zone: str = ""  #: IANA; given with the hours

    def __post_init__(self) -> None:
        check_texts("names", self.names, required=True)
        if not 2 <= len(self.points) <= MAX_POINTS:  # noqa: PLR2004 -- a line has two ends
            raise refuse("points", f"must have 2 to {MAX_POINTS} entries")
        for index, (one, next_one) in enumerate(zip(self.points, self.points[1:], strict=False), 1):
            if one == next_one:
                raise refuse(f"points[{index}]", "must not repeat the point before it")
        if bool(self.starts_at) != bool(self.ends_at):
            raise refuse("ends_at", "must be given with starts_at, and only with it")
        for field, value in (("starts_at", self.starts_at), ("ends_at", self.ends_at)):
            if value and not _LOCAL_TIME.fullmatch(value):
                raise refuse(field, "must be a local time HH:MM")
        if bool(self.starts_at) != bool(self.time_zone):
            raise refuse("time_zone", "must be given with the hours, and only with them")
        check_zone("time_zone", self.time_zone)
