"""
Name a place on earth: an exact point, or a coarse area that hides one.

A value that exists is valid. An exact confidential point cannot be written
down here, because an area is a cell and nothing else.
"""

import math
import re
from dataclasses import dataclass
from functools import lru_cache

import h3
from h3.api.basic_int import cell_to_latlng, latlng_to_cell

from services.errors import InvalidInput, Reason, Violation
from services.values import value

FINEST_RESOLUTION = 6  #: H3; cells of about 36 km2. An area is never finer.
COARSEST_RESOLUTION = 3  #: H3; cells of about 12,400 km2

_SPELLING = re.compile("[0-9a-f]{15}", re.ASCII)


@value
class Point:
    """
    A position on the WGS84 ellipsoid.

    Raises:
        InvalidInput: a coordinate is out of range or not a number; both fields
            are named if both are wrong. 0 is as valid as any other value.
    """

    latitude_deg: float  #: in [-90, 90], north positive
    longitude_deg: float  #: in [-180, 180], east positive

    def __post_init__(self) -> None:
        if -90 <= self.latitude_deg <= 90 and -180 <= self.longitude_deg <= 180:  # noqa: PLR2004 -- degrees
            return  # as nearly always; what is not a number is not here
        faults = [
            Violation(field, f"must be in [-{limit}, {limit}]")
            for field, value, limit in (
                ("latitude_deg", self.latitude_deg, 90),
                ("longitude_deg", self.longitude_deg, 180),
            )
            if not (math.isfinite(value) and -limit <= value <= limit)
        ]
        if faults:
            message = "; ".join(f"{fault.field} {fault.rule}" for fault in faults)
            raise InvalidInput(message, fields=faults)


@dataclass(frozen=True, slots=True)
class AreaCell:
    """
    A coarse area: where a confidential site is, as far as anybody may know.

    Raises:
        InvalidInput: the text is not an H3 cell, or its resolution is not
            allowed; a cell that is too fine has the reason FINER_THAN_ALLOWED.
    """

    h3_cell: str  #: H3 index, 15 lower-case hexadecimal digits, resolution 3 to 6

    def __post_init__(self) -> None:
        _check_cell(self.h3_cell)
        if self.resolution > FINEST_RESOLUTION:
            raise InvalidInput(
                f"h3_cell must not be finer than resolution {FINEST_RESOLUTION}", reason=Reason.FINER_THAN_ALLOWED
            )
        if self.resolution < COARSEST_RESOLUTION:
            raise InvalidInput(f"h3_cell must not be coarser than resolution {COARSEST_RESOLUTION}")

    @property
    def resolution(self) -> int:
        """The H3 resolution, in [3, 6]; the greater, the finer."""
        return int(h3.get_resolution(self.h3_cell))

    @property
    def centre(self) -> Point:
        """The middle of the cell: the only position that anything is measured to."""
        return _centre_of(self.h3_cell)


Place = Point | AreaCell  #: where a provider is
Origin = Point | AreaCell  #: where a person is; a town's id is resolved to a point before


def position_of(place: Place | Origin) -> Point:
    """Choose the position that stands for a place: the point itself, or its cell's centre."""
    return place if isinstance(place, Point) else place.centre


def cell_at(point: Point, resolution: int) -> AreaCell:
    """
    Find the cell of a resolution that a point lies in.

    Raises:
        InvalidInput: the resolution is not in [3, 6].
    """
    if not COARSEST_RESOLUTION <= resolution <= FINEST_RESOLUTION:
        raise InvalidInput(f"resolution must be in [{COARSEST_RESOLUTION}, {FINEST_RESOLUTION}]")
    return AreaCell(h3.latlng_to_cell(point.latitude_deg, point.longitude_deg, resolution))


def centre_around(point: Point, resolution: int) -> Point:
    """Find the centre of the cell of a resolution that a point lies in: `cell_at` of it, without naming the cell."""
    return _centre_of_index(latlng_to_cell(point.latitude_deg, point.longitude_deg, resolution))


def finest_cell(place: Place | None) -> str:
    """Name the finest cell of resolution 3 to 6 in which a place surely is; empty for none."""
    if place is None:
        return ""
    return cell_at(place, FINEST_RESOLUTION).h3_cell if isinstance(place, Point) else place.h3_cell


def centre_of(h3_cell: str) -> Point:
    """
    Find the centre of an H3 cell of any resolution from 0 to 15, as origins may be given.

    Raises:
        InvalidInput: the text is not an H3 cell.
    """
    _check_cell(h3_cell)
    return _centre_of(h3_cell)


@lru_cache(maxsize=4096)
def _centre_of(h3_cell: str) -> Point:
    return Point(*h3.cell_to_latlng(h3_cell))


@lru_cache(maxsize=4096)
def _centre_of_index(index: int) -> Point:
    return Point(*cell_to_latlng(index))


def is_cell(text: str) -> bool:
    """Say whether a text is an H3 cell of any resolution, in the one spelling that counts."""
    # h3 itself also accepts capitals, blanks and 0x; two spellings would be two areas. Of more than 16 digits
    # it does not say no, but raises OverflowError
    return _SPELLING.fullmatch(text) is not None and bool(h3.is_valid_cell(text))


def _check_cell(h3_cell: str) -> None:
    if not is_cell(h3_cell):
        raise InvalidInput("h3_cell must be an H3 cell, written as 15 lower-case hexadecimal digits")
