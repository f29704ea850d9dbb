"""
The pass that lists the nearest: tiles in the order of their nearness, rows of near tiles, ways to near rows.

Straight lines narrow until hardly anybody is left who is not among the nearest; those are measured.
"""

from math import inf
from typing import Final

import numpy as np
import numpy.typing as npt
from numba.core import types

from services.geo import Position
from services.matching.index.bits import Ecef, Words
from services.matching.index.compiling import ONE, compiled, first_of, part
from services.matching.index.measuring import UNSURE, Numbers, settled_mm
from services.matching.index.nearing import LAND, ROUNDING_M, Land, kind_of, longest_way_m, row_m, tile_m

Ranked = npt.NDArray[np.int64]  #: a row of three numbers for each who is listed

#: the columns of `Ranked`: the row on the shelf, the row in the block, what the way costs in whole millimetres
ON_SHELF, IN_BLOCK, AWAY_MM = range(3)
ELSEWHERE: Final = -2  #: in place of a cost, as `UNSURE`: it is not known where it is measured from
MISSING: Final = -1  #: in place of a number of rows: some are `ELSEWHERE`

_POSITION: Final = types.UniTuple(types.float64, 3)  # type: ignore[no-untyped-call]


@part
def _sink_tile(tiles: Ecef, size: int, place: int, least_m: Ecef) -> None:
    """Let a tile sink below those that are nearer."""
    tile = tiles[place]
    while 2 * place + 1 < size:
        below = 2 * place + 1
        if below + 1 < size and least_m[int(tiles[below + 1])] < least_m[int(tiles[below])]:
            below += 1
        if least_m[int(tiles[below])] >= least_m[int(tile)]:
            break
        tiles[place] = tiles[below]
        place = below
    tiles[place] = tile


@part
def _by_nearness(among: Words, start_m: Position, land: Land, least_m: Ecef, tiles: Ecef) -> int:
    """Say how far the tiles of a set are at least, and heap them up, the nearest first; say how many they are."""
    size = 0
    for tile in range(len(among)):
        if among[tile]:
            least_m[tile], _ = tile_m(tile, start_m, land)
            tiles[size] = tile
            size += 1
    for place in range(size // 2 - 1, -1, -1):
        _sink_tile(tiles, size, place, least_m)
    return size


@part
def _hold(lengths_m: Ecef, held: int, length_m: float) -> int:
    """Keep the shortest of many lengths, the longest of them first; say how many they are."""
    if held < len(lengths_m):
        place = held
        while place and lengths_m[(place - 1) >> 1] < length_m:
            lengths_m[place] = lengths_m[(place - 1) >> 1]
            place = (place - 1) >> 1
        lengths_m[place] = length_m
        return held + 1
    place = 0
    while 2 * place + 1 < held:
        below = 2 * place + 1
        if below + 1 < held and lengths_m[below + 1] > lengths_m[below]:
            below += 1
        if lengths_m[below] <= length_m:
            break
        lengths_m[place] = lengths_m[below]
        place = below
    lengths_m[place] = length_m
    return held


@part
def _look(
    among: Words, start_m: Position, land: Land, least_m: Ecef, tiles: Ecef, size: int, shortest_m: Ecef
) -> tuple[int, float]:
    """
    Look at the rows of tiles, the nearest first, until no other can hold somebody who is wanted.

    Returns:
        The place in `tiles` from which on they were looked at, and how far somebody who is wanted can be at most.
    """
    held, reach_m = 0, inf
    while size and least_m[int(tiles[0])] <= reach_m:
        size -= 1
        tile = int(tiles[0])
        tiles[0], tiles[size] = tiles[size], tile
        _sink_tile(tiles, size, 0, least_m)
        left = among[tile]
        while left:
            _, most_m = row_m((tile << 6) + first_of(left), start_m, land)
            left &= left - ONE
            if held < len(shortest_m) or most_m < shortest_m[0]:
                held = _hold(shortest_m, held, most_m)
        if held == len(shortest_m):
            reach_m = longest_way_m(shortest_m[0]) + ROUNDING_M
    return size, reach_m


@part
def _cost_mm(row: int, start_m: Position, starts_m: Ecef, land: Land) -> int:
    """Measure a row; `UNSURE` and `ELSEWHERE` are below 0."""
    kind = kind_of(row, land)
    if land.margins_m[kind, 0] > 0.0:  # an area
        start_m = starts_m[kind, 0], starts_m[kind, 1], starts_m[kind, 2]
        if start_m[0] == inf:
            return ELSEWHERE
    return settled_mm(start_m, land.ecef_m[row], land.margins_m[kind, 1])


@part
def _is_before(ranked: Ranked, one: int, other: int) -> bool:
    if ranked[one, AWAY_MM] == ranked[other, AWAY_MM]:
        return bool(ranked[one, IN_BLOCK] < ranked[other, IN_BLOCK])
    return bool(ranked[one, AWAY_MM] < ranked[other, AWAY_MM])


@part
def _swap(ranked: Ranked, one: int, other: int) -> None:
    for column in range(3):
        ranked[one, column], ranked[other, column] = ranked[other, column], ranked[one, column]


@part
def _sink(ranked: Ranked, size: int) -> None:
    """Let the first of a list sink below those that come after it."""
    place = 0
    while 2 * place + 1 < size:
        below = 2 * place + 1
        if below + 1 < size and _is_before(ranked, below, below + 1):
            below += 1
        if not _is_before(ranked, place, below):
            break
        _swap(ranked, place, below)
        place = below


@part
def put(ranked: Ranked, size: int, row: int, number: int, cost_mm: int) -> int:
    """Keep the best of many rows, as many as there is room for, the last of them first; say how many they are."""
    if size == len(ranked):
        if cost_mm > ranked[0, AWAY_MM] or (cost_mm == ranked[0, AWAY_MM] and number > ranked[0, IN_BLOCK]):
            return size
        ranked[0, ON_SHELF], ranked[0, IN_BLOCK], ranked[0, AWAY_MM] = row, number, cost_mm
        _sink(ranked, size)
        return size
    ranked[size, ON_SHELF], ranked[size, IN_BLOCK], ranked[size, AWAY_MM] = row, number, cost_mm
    place = size
    while place and _is_before(ranked, (place - 1) >> 1, place):
        _swap(ranked, (place - 1) >> 1, place)
        place = (place - 1) >> 1
    return size + 1


@part
def put_in_order(ranked: Ranked, size: int) -> None:
    """Put the rows that are kept in order, by cost and then by number."""
    while size > 1:
        size -= 1
        _swap(ranked, 0, size)
        _sink(ranked, size)


@compiled(
    types.UniTuple(types.int64, 3)(  # type: ignore[no-untyped-call]
        types.uint64[:, ::1],
        types.UniTuple(types.int64, 2),  # type: ignore[no-untyped-call]
        _POSITION,
        types.float64[:, ::1],
        *LAND,
        types.int32[::1],
        types.float64[::1],
        types.int64,
        types.int64[:, ::1],
    )
)
def rank(
    sets: Words,
    wanted: tuple[int, int],
    start_m: Position,
    starts_m: Ecef,
    balls_m: Ecef,
    firsts: npt.NDArray[np.intp],
    margins_m: Ecef,
    ecef_m: Ecef,
    of_block: Numbers,
    room_m: Ecef,
    middle: int,
    ranked: Ranked,
) -> tuple[int, int, int]:
    """
    List the nearest of one set or two behind each other, each by cost and then by number in the block.

    Args:
        sets: The last of them is listed first, the one before it last.

        wanted: How many of each; at most as many as there are.

        start_m: Where the person is.

        starts_m: By kind of place where areas are measured from; infinite where that is not known.

        balls_m: The first of the fields of `Land`.

        firsts: The second of them.

        margins_m: The third of them.

        ecef_m: The last of them.

        of_block: The number in the block of each row.

        room_m: To work in: room for twice the words of a set, and for the larger of the wanted.

        middle: How many of the first set there is room for.

        ranked: Becomes the lists; the second of them begins in the middle, and has the rest of the room.

    Returns:
        How many of each set can be among its nearest, as far as straight lines can say, and how many of them are
        unsure. If some are, the lists are right only as far as there was room for everybody, and the unsure are first.
        Or `MISSING`, and a bit for each kind of place of which it is not known where it is measured from.
    """
    land = Land(balls_m, firsts, margins_m, ecef_m)
    words = sets.shape[1]
    least_m, tiles = room_m[:words], room_m[words : 2 * words]
    missing = unsure = of_first = of_second = 0
    for second in range(2):
        if not wanted[second]:
            continue
        among, listed = sets[len(sets) - 1 - second], ranked[middle:] if second else ranked[:middle]
        size = _by_nearness(among, start_m, land, least_m, tiles)
        shortest_m = room_m[2 * words : 2 * words + wanted[second]]
        begin, reach_m = _look(among, start_m, land, least_m, tiles, size, shortest_m)
        found = kept = 0
        for place in range(begin, size):
            tile = int(tiles[place])
            left = among[tile]
            while left:
                row = (tile << 6) + first_of(left)
                left &= left - ONE
                least_row_m, _ = row_m(row, start_m, land)
                if least_row_m <= reach_m:
                    cost_mm = _cost_mm(row, start_m, starts_m, land)
                    missing |= int(cost_mm == ELSEWHERE) << kind_of(row, land)
                    unsure += cost_mm == UNSURE
                    kept = put(listed, kept, row, of_block[row], cost_mm)
                    found += 1
        put_in_order(listed, kept)
        of_first, of_second = (of_first, found) if second else (found, 0)
    return (MISSING, missing, 0) if missing else (of_first, of_second, unsure)
