"""The directory at one revision: a large block, and a small one of what has changed since."""

from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field
from typing import Final, NamedTuple, Self

import numpy as np

from services.matching.index.bits import Rows, Words, of_rows
from services.matching.index.block import Block
from services.matching.index.shelf import Shelf
from services.matching.model.provider import Provider

# A delta is laid out anew with every change, so it stays small; a rebuild reads everything, so it is rare.
_LEAST_DELTA: Final = 256
_LARGEST_DELTA: Final = 4096
_MOST_WORDS: Final = 50_000  #: beyond one a provider; then the vocabulary is read anew, without what has gone
_MOST_BYTES: Final = 64_000_000  #: beyond twice those that stand; the same of what was written of providers
_DELTA_SHARE: Final = 16  #: between the two, this part of the whole


class Standing(NamedTuple):
    """Who of a part is asked for a service."""

    shelf: Shelf
    who: Words  #: not to be written to
    who_count: int
    other_count: int  #: of those of the part who are not on the shelf


@dataclass(frozen=True, slots=True)
class Part:
    """A block and which of its providers still stand."""

    block: Block
    gone: Rows  #: rows of the block that a change has replaced
    _standing: dict[str, Standing] = field(default_factory=dict)  #: by service, as far as it was asked for

    @classmethod
    def of(cls, block: Block, gone_ids: Iterable[str] = ()) -> Self:
        """Take a block without some of its providers; ids that it does not have do no harm."""
        rows = [row for row in map(block.row_of, gone_ids) if row is not None]
        return cls(block, np.array(rows, dtype=np.intp))

    def standing(self, code: str) -> Standing:
        """Find who is asked for a service."""
        known = self._standing.get(code)
        if known is None:
            shelf = self.block.shelf(code)
            gone = shelf.places_of(self.gone)
            who = shelf.everybody & ~of_rows(gone, len(shelf)) if len(gone) else shelf.everybody
            count = len(shelf) - len(gone)
            known = self._standing[code] = Standing(shelf, who, count, len(self) - count)
        return known

    def __len__(self) -> int:
        return len(self.block) - len(self.gone)


@dataclass(frozen=True, slots=True)
class Snapshot:
    """What one answer is made from. It never changes: a change makes another, swapped at once."""

    epoch: str
    revision: int  #: every change up to here is in it
    base: Part
    changed: Mapping[str, Provider | None]  #: since the base was built, by id; None: archived
    delta: Part
    asked: tuple[Part, ...] = field(init=False, repr=False)  #: the parts in which anybody is

    def __post_init__(self) -> None:
        object.__setattr__(self, "asked", tuple(each for each in self.parts if len(each)))

    @classmethod
    def of(cls, epoch: str, revision: int, providers: Iterable[Provider]) -> Self:
        """Lay out a whole directory."""
        return cls.on(epoch, revision, Block.of(providers))

    @classmethod
    def on(cls, epoch: str, revision: int, base: Block) -> Self:
        """Take a block as the whole directory."""
        return cls(epoch, revision, Part.of(base), {}, Part.of(Block.of((), sharing=base)))

    def with_changes(self, revision: int, changes: Mapping[str, Provider | None]) -> Self:
        """Apply changes, by id; None archives. The cost grows with the delta, not with the directory."""
        changed = {**self.changed, **changes}
        delta = Block.of((each for each in changed.values() if each is not None), sharing=self.base.block)
        base = Part.of(self.base.block, changed)
        return type(self)(self.epoch, revision, base, changed, Part.of(delta))

    def changed_since(self, earlier: Self) -> Mapping[str, Provider | None]:
        """List what has changed since an earlier snapshot on the same base."""
        return {
            each: provider
            for each, provider in self.changed.items()
            if each not in earlier.changed or earlier.changed[each] is not provider
        }

    @property
    def wants_rebuild(self) -> bool:
        """Whether the delta has grown so much that one block would answer sooner."""
        share = len(self.base.block) // _DELTA_SHARE
        return len(self.changed) > min(max(_LEAST_DELTA, share), _LARGEST_DELTA)

    def rebuilt(self) -> Self:
        """
        Lay the same directory out anew, in one block; slow, so off the serving path.

        What was read of the providers is used again, unless much of what it names has gone since.
        """
        base = self.base.block
        stands = int(base.columns.facts["length"].sum())
        if len(base.vocabulary) > _MOST_WORDS + len(self) or base.vocabulary.arena.size > _MOST_BYTES + 2 * stands:
            return self.of(self.epoch, self.revision, self.providers())
        return self.on(self.epoch, self.revision, base.merged(self.base.gone, self.delta.block))

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
        row = self.base.block.row_of(provider_id)
        return None if row is None else self.base.block.providers[row]
