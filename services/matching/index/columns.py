"""What is known of each provider of a block, in columns."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field

import numpy as np

from services.geo import PlaceArray
from services.matching.index.arena import Bytes
from services.matching.index.facets import PLACE_OF, Attributes, Column, Table
from services.matching.index.facts import Facts
from services.matching.index.kin import Hashes
from services.matching.index.times import Microseconds
from services.matching.model.provider import Provider


@dataclass(frozen=True, slots=True)
class Columns:
    """The columns of a block that its shelves share."""

    providers: Sequence[Provider]
    table: Table  #: the numbers of facets
    facts: Facts
    places: PlaceArray  #: with `NOWHERE` in place of a resolution
    times_us: Mapping[str, Microseconds]  #: by attribute
    kin: Hashes  #: of what providers share
    table_bytes: Bytes = field(init=False, repr=False)  #: the table as passes read it, whichever its type
    number_size: int = field(init=False, repr=False)  #: how many of these bytes a number takes

    def __post_init__(self) -> None:
        object.__setattr__(self, "table_bytes", self.table.view(np.uint8))
        object.__setattr__(self, "number_size", self.table.itemsize)

    def numbers(self, facet: Attributes) -> Column:
        """Say which number each provider has of a facet."""
        column: Column = self.table[:, PLACE_OF[facet]]
        return column
