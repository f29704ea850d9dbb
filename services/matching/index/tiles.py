"""
Lay rows out by where they are: neighbours stand together, 64 to a tile, which is one word of a set of bits.

A ball is drawn around each tile, so that a whole word is near or far at once.
"""

from dataclasses import dataclass
from typing import Final, Self

import numpy as np
import numpy.typing as npt

from services.matching.index.bits import Ecef, Rows

Degrees = npt.NDArray[np.float64]
Boxes = npt.NDArray[np.float64]  #: west, south, east and north in degrees, shape (n, 4)

TILE: Final = 64  #: rows


@dataclass(frozen=True, slots=True)
class Tiles:
    """The balls around the words of a shelf."""

    centre_m: Ecef  #: shape (words, 3)
    radius_m: Ecef  #: straight from the centre to the farthest row; infinite where no ball can be drawn

    @classmethod
    def around(cls, ecef_m: Ecef, is_mixed: Rows) -> Self:
        """
        Draw a ball around each 64 rows.

        Args:
            ecef_m: Of every row, in metres, shape (n, 3).

            is_mixed: Tiles around which no ball is to be drawn.
        """
        missing = -len(ecef_m) % TILE
        # the last row again, so that the last tile is as full as the others
        full_m = np.concatenate([ecef_m, np.repeat(ecef_m[-1:], missing, axis=0)]).reshape(-1, TILE, 3)
        centre_m = (full_m.min(axis=1) + full_m.max(axis=1)) / 2
        away_m = full_m - centre_m[:, None, :]
        radius_m = np.sqrt(np.einsum("ijk,ijk->ij", away_m, away_m)).max(axis=1, initial=0.0)
        radius_m[is_mixed] = np.inf
        return cls(centre_m, radius_m)


def order_of(ecef_m: Ecef) -> Rows:
    """Order rows so that each 64 that follow each other are neighbours: halves of halves, along the longest side."""
    order = np.arange(len(ecef_m))
    waiting = [(0, len(ecef_m))]
    while waiting:
        first, end = waiting.pop()
        if end - first <= TILE:
            continue
        inside = order[first:end]
        there_m = ecef_m[inside]
        axis = int(np.argmax(there_m.max(axis=0) - there_m.min(axis=0)))
        half = -(-(end - first) // TILE) // 2 * TILE
        order[first:end] = inside[np.argpartition(there_m[:, axis], half)]
        waiting += [(first, first + half), (first + half, end)]
    return order


def boxes_around(longitude_deg: Degrees, latitude_deg: Degrees) -> Boxes:
    """Draw a box around each 64 rows: west, south, east and north in degrees, shape (words, 4)."""
    missing = -len(longitude_deg) % TILE
    full_deg = [
        np.concatenate([each, np.repeat(each[-1:], missing)]).reshape(-1, TILE)
        for each in (longitude_deg, latitude_deg)
    ]
    return np.column_stack([*(each.min(axis=1) for each in full_deg), *(each.max(axis=1) for each in full_deg)])
