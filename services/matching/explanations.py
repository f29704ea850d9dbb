"""Explain a provider or the nearest ones: wire in, what would change, wire out."""

from typing import Any

from services.errors import NotFound
from services.matching import ranking
from services.matching.explaining.least import Explained, explain
from services.matching.explaining.near import NearlyAll, explain_near
from services.matching.index.snapshot import Snapshot
from services.matching.model.answer import Row
from services.matching.model.request import Asked
from services.matching.wire import explain_wire


def explained(snapshot: Snapshot, asked: Asked, provider_id: str, limit: int) -> Any:
    """
    Explain; slow enough for a thread of its own.

    Args:
        snapshot: The directory.

        asked: The one need.

        provider_id: Whom; empty: the nearest.

        limit: How many of the nearest.

    Returns:
        An ExplainMatchResponse.

    Raises:
        NotFound: there is no such provider.
    """
    return explain_wire.explanations_to_wire(
        _one(snapshot, asked, provider_id) if provider_id else explain_near(snapshot, asked, limit),
        lambda each: _row(asked, each),
        need=asked.need,
        epoch=snapshot.epoch,
        revision=snapshot.revision,
        evaluated_time=asked.when_time,
    )


def _one(snapshot: Snapshot, asked: Asked, provider_id: str) -> NearlyAll:
    provider = snapshot.provider(provider_id)
    if provider is None:
        raise NotFound("there is no provider with this provider_id")
    return NearlyAll((explain(asked, provider),), (), ())


def _row(asked: Asked, each: Explained) -> Row | None:
    place = each.provider.place
    return None if place is None else ranking.row_of(asked, each.provider, place)
