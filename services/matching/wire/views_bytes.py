"""Write how many places seem free at those who are listed, from bytes that were written before."""

from collections.abc import Iterable
from functools import lru_cache
from typing import Final

import numpy as np

from ihala.matching.v1 import matching_pb2 as pb
from services.matching.index import viewing
from services.matching.index.putting import Pieces, below_each_other
from services.matching.index.viewing import COUNTED, NOT_COUNTED, UNKNOWN, Views
from services.matching.model.answer import PlacesKind
from services.matching.wire.fragments import PLACES_KINDS
from services.matching.wire.writing import tag_of, text

_BYTE: Final = np.dtype(np.uint8)
_END: Final = np.dtype(np.int64)
_KINDS: Final = {COUNTED: PlacesKind.COUNTED, NOT_COUNTED: PlacesKind.NOT_COUNTED, UNKNOWN: PlacesKind.UNKNOWN}


def views_to_bytes(views: Views, populations: Iterable[str]) -> Pieces:
    """Write what is told of each, given the populations by number."""
    forms, room = _forms(tuple(populations))
    written = Pieces(np.empty(len(views) * room, _BYTE), np.empty(len(views) + 1, _END))
    viewing.write(views, *forms, *written)
    return written


@lru_cache(maxsize=16)
def _forms(populations: tuple[str, ...]) -> tuple[Pieces, int]:
    """List what is alike in all views, in the order of `viewing`, and say how many bytes suffice for each."""
    named = [text(tag_of(pb.PlacesView, "population"), each) for each in populations]
    forms = below_each_other(
        (
            *[pb.PlacesView(kind=PLACES_KINDS[_KINDS[each]]).SerializeToString() for each in sorted(_KINDS)],
            tag_of(pb.Match, "places"),
            tag_of(pb.PlacesView, "free_place_count"),
            tag_of(pb.PlacesView, "report_time"),
            *named,
        )
    )
    return forms, viewing.ROOM + max(map(len, named))
