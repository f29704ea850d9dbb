"""Sets of rows as bits: one bit a row, 64 rows a word, so that a million are sifted in microseconds."""

import numpy as np
import numpy.typing as npt

from services.matching.index.compiling import ONE, compiled, count_of

Words = npt.NDArray[np.uint64]  #: bit b of word w is row 64 w + b; bits beyond the last row are 0
Mask = npt.NDArray[np.bool_]
Rows = npt.NDArray[np.intp]
Ecef = npt.NDArray[np.float64]  #: metres, earth-centred: shape (n, 3), or (n,) for lengths

_BYTE = 8  #: bits
_WORD = 64
_WORD_BYTES = 8


def words_of(length: int) -> int:
    """Count the words of a set among so many rows."""
    return -(-length // _WORD)


def pack(mask: Mask) -> Words:
    """Turn one boolean a row into bits."""
    packed = np.zeros(words_of(len(mask)) * _WORD_BYTES, dtype=np.uint8)
    packed[: -(-len(mask) // _BYTE)] = np.packbits(mask, bitorder="little")
    return packed.view(np.uint64)


@compiled("i8(u8[::1])")
def count(words: Words) -> int:
    """Count the rows of a set."""
    number = 0
    for word in words:
        number += count_of(word)
    return number


def rows_of(words: Words) -> Rows:
    """List the rows of a set, ascending."""
    chosen = np.flatnonzero(words)
    places = np.flatnonzero(np.unpackbits(words[chosen].view(np.uint8), bitorder="little").view(np.bool_))
    rows: Rows = (chosen << 6)[places >> 6] + (places & 63)
    return rows


@compiled("u8[::1](i8[::1], i8)", makes_arrays=True)
def of_rows(rows: Rows, length: int) -> Words:
    """Make the set of some rows among `length`."""
    words = np.zeros((length + 63) >> 6, dtype=np.uint64)
    for row in rows:
        words[row >> 6] |= ONE << np.uint64(row & 63)
    return words
