"""Sets of rows as bits: one bit a row, 64 rows a word, so that a million are sifted in microseconds."""

import numpy as np
import numpy.typing as npt

Words = npt.NDArray[np.uint64]  #: bit b of word w is row 64 w + b; bits beyond the last row are 0
Mask = npt.NDArray[np.bool_]
Rows = npt.NDArray[np.intp]
Ecef = npt.NDArray[np.float64]  #: metres, earth-centred: shape (n, 3), or (n,) for lengths

_BYTE = 8  #: bits
_WORD = 64
_WORD_BYTES = 8


def pack(mask: Mask) -> Words:
    """Turn one boolean a row into bits."""
    packed = np.zeros(-(-len(mask) // _WORD) * _WORD_BYTES, dtype=np.uint8)
    packed[: -(-len(mask) // _BYTE)] = np.packbits(mask, bitorder="little")
    return packed.view(np.uint64)


def count(words: Words) -> int:
    """Count the rows of a set."""
    return int(np.add.reduce(np.bitwise_count(words), dtype=np.int64))


def rows_of(words: Words) -> Rows:
    """List the rows of a set, ascending."""
    chosen = np.flatnonzero(words)
    places = np.flatnonzero(np.unpackbits(words[chosen].view(np.uint8), bitorder="little").view(np.bool_))
    rows: Rows = (chosen << 6)[places >> 6] + (places & 63)
    return rows


def of_rows(rows: Rows, length: int) -> Words:
    """Make the set of some rows among `length`."""
    mask = np.zeros(length, dtype=np.bool_)
    mask[rows] = True
    return pack(mask)
