"""
Write what providers say of themselves, once: before anybody is told of them if there is time for it.

A row that is told for the first time costs several times as much as one that was written before.
"""

import asyncio
from collections.abc import Sequence
from typing import Final

import numpy as np

from services.matching.index.bits import Rows
from services.matching.index.block import Block
from services.matching.index.facts import NOT_WRITTEN
from services.matching.wire.provider_bytes import provider_to_bytes

_AT_ONCE: Final = 32  #: providers, between two answers
_PAUSE_S: Final = 0.002


async def write_ahead(block: Block) -> None:
    """Write of a block what is not written yet, a little at a time, so that answers go on."""
    waiting = unwritten(block)
    for first in range(0, len(waiting), _AT_ONCE):
        write(block, waiting[first : first + _AT_ONCE])
        await asyncio.sleep(_PAUSE_S)


def unwritten(block: Block) -> Rows:
    """List the rows of a block of which nothing is written yet."""
    return np.flatnonzero(block.columns.facts["begin"] == NOT_WRITTEN)


def write(block: Block, rows: Rows) -> None:
    """Write rows of a block."""
    arena = block.vocabulary.arena
    note(block, rows, [arena.add(provider_to_bytes(block.providers[row])) for row in rows.tolist()])


def note(block: Block, rows: Rows, spans: Sequence[tuple[int, int]]) -> None:
    """Note where rows of a block are written: where each begins, and its length."""
    facts = block.columns.facts
    facts["length"][rows] = [length for _, length in spans]
    facts["begin"][rows] = [begin for begin, _ in spans]  # the last, since it says that there is something
