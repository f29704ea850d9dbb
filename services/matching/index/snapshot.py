"""The directory at one revision: a large block, and a small one of what has changed since."""

from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from typing import Final, Self

import numpy as np

from services.matching.index.block import Block, Mask
from services.matching.model.provider import Provider

# A delta is laid out anew with every change, so it stays small; a rebuild reads everything, so it is rare.
_LEAST_DELTA: Final = 256
_LARGEST_DELTA: Final = 4096
_DELTA_SHARE: Final = 16  #: between the two, this part of the whole


@dataclass(frozen=True, slots=True)
class Part:
    """A block and which of its providers still stand."""

    block: Block
    is_current: Mask | None  #: None: all of them

    def __len__(self) -> int:
        return len(self.block) if self.is_current is None else int(np.count_nonzero(self.is_current))


@dataclass(frozen=True, slots=True)
class Snapshot:
    """What one answer is made from. It never changes: a change makes another, swapped at once."""

    epoch: str
    revision: int  #: every change up to here is in it
    base: Part
    changed: Mapping[str, Provider | None]  #: since the base was built, by id; None: archived
    delta: Part

    @classmethod
    def of(cls, epoch: str, revision: int, providers: Iterable[Provider]) -> Self:
        """Lay out a whole directory."""
        return cls(epoch, revision, Part(Block(providers), None), {}, Part(Block(()), None))

    def with_changes(self, revision: int, changes: Mapping[str, Provider | None]) -> Self:
        """Apply changes, by id; None archives. The cost grows with the delta, not with the directory."""
        changed = {**self.changed, **changes}
        is_current = np.ones(len(self.base.block), dtype=np.bool_)
        is_current[[self.base.block.row_of[each] for each in changed if each in self.base.block.row_of]] = False
        delta = Block(each for each in changed.values() if each is not None)
        base = Part(self.base.block, is_current)
        return type(self)(self.epoch, revision, base, changed, Part(delta, None))

    @property
    def wants_rebuild(self) -> bool:
        """Whether the delta has grown so much that one block would answer sooner."""
        share = len(self.base.block) // _DELTA_SHARE
        return len(self.changed) > min(max(_LEAST_DELTA, share), _LARGEST_DELTA)

    def rebuilt(self) -> Self:
        """Lay the same directory out anew, in one block; slow, so off the serving path."""
        return self.of(self.epoch, self.revision, self.providers())

    @property
    def parts(self) -> tuple[Part, Part]:
        """What has to be asked."""
        return self.base, self.delta

    def __len__(self) -> int:
        return len(self.base) + len(self.delta)

    def providers(self) -> Iterable[Provider]:
        """List every provider, in no order."""
        for each in self.base.block.providers:
            if each.provider_id not in self.changed:
                yield each
        yield from self.delta.block.providers

    def provider(self, provider_id: str) -> Provider | None:
        """Look a provider up by its id."""
        if provider_id in self.changed:
            return self.changed[provider_id]
        row = self.base.block.row_of.get(provider_id)
        return None if row is None else self.base.block.providers[row]
