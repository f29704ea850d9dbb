"""Write what became of choices that are checked."""

from collections.abc import Iterable

from ihala.matching.v1 import matching_pb2 as pb
from services.matching.model.answer import Row
from services.matching.model.request import Item
from services.matching.wire.fragments import match_to_wire


def checked_to_wire(
    need_no: int, code: str, provider_id: str, turned: Iterable[str], row: Row | None
) -> pb.CheckedChoice:
    """Write what became of a choice; without a row the provider is not to be found."""
    return pb.CheckedChoice(
        choice=pb.MatchChoice(need_no=need_no, provider_id=provider_id),
        turned=turned,
        unknown=[each.constraint for each in row.unknowns] if row else (),
        match=match_to_wire(row) if row else None,
        items=map(_item, row.items) if row else (),
        code=code,
    )


def check_to_wire(
    choices: Iterable[pb.CheckedChoice], next_candidates: Iterable[tuple[int, str]]
) -> pb.CheckMatchResponse:
    """Write the answer to a check; the candidates as number of the need and provider."""
    return pb.CheckMatchResponse(
        choices=choices,
        next_candidates=[pb.MatchChoice(need_no=need_no, provider_id=each) for need_no, each in next_candidates],
    )


def _item(item: Item) -> pb.PlaceItem:
    return pb.PlaceItem(population=item.population, count=item.count)
