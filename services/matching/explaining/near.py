"""The nearest providers whatever stands in their way, and what several of them have in common."""

from collections import Counter
from collections.abc import Iterable, Sequence
from dataclasses import dataclass

from services.matching.explaining.change import Change, ChangeKind
from services.matching.explaining.least import Explained, explain
from services.matching.explaining.ledger import Standing, first_no
from services.matching.index.bits import count
from services.matching.index.question import Question
from services.matching.index.snapshot import Part, Snapshot
from services.matching.model.provider import Provider
from services.matching.model.request import Asked

_KINDS = tuple(ChangeKind)


@dataclass(frozen=True, slots=True)
class Shared:
    """A change that would do something for several."""

    change: Change  #: the first of its kind; the answers of others may differ
    constraint: str
    turns: tuple[str, ...]
    settled_count: int
    unlocked: tuple[Provider, ...]  #: of whom it alone makes matches, nearest first


@dataclass(frozen=True, slots=True)
class NearlyAll:
    """What is to be said of the nearest."""

    explained: tuple[Explained, ...]  #: nearest first
    changes: tuple[Shared, ...]  #: what makes most of them a match first
    confidential_excluded: tuple[tuple[str, int], ...]  #: constraint and count, largest first


def explain_near(snapshot: Snapshot, asked: Asked, limit: int) -> NearlyAll:
    """
    Explain the nearest that offer a service, or might.

    A confidential site that is excluded is told by nobody's lists, so it is counted and not told singly.
    """
    explained = [explain(asked, each) for each in nearest(snapshot, asked, limit)]
    hidden = [each for each in explained if each.provider.is_confidential and each.standing is Standing.EXCLUDED]
    counted = Counter(first_no(each.lines) for each in hidden)
    shown = tuple(each for each in explained if each not in hidden)
    return NearlyAll(
        explained=shown,
        changes=shared(shown),
        confidential_excluded=tuple(sorted(counted.items(), key=lambda pair: (-pair[1], pair[0]))),
    )


def nearest(snapshot: Snapshot, asked: Asked, limit: int) -> list[Provider]:
    """List the nearest of which a place is known, by cost and then by id."""
    question = Question(asked)
    found = [each for part in snapshot.parts if len(part) for each in _nearest(part, question, limit)]
    return [provider for _, _, provider in sorted(found, key=lambda each: each[:2])[:limit]]


def _nearest(part: Part, question: Question, limit: int) -> Iterable[tuple[int, str, Provider]]:
    shelf, among, number, _ = part.standing(question.asked.need.code)
    if shelf.nowhere is not None:
        among = among & ~shelf.nowhere
        number = count(among)
    ranked = shelf.ranked(question.gauge, among.reshape(1, -1), (min(number, limit), 0))
    for row, _, cost_mm in ranked.tolist():
        provider = shelf.provider(row)
        yield cost_mm, provider.provider_id, provider


def shared(explained: Sequence[Explained]) -> tuple[Shared, ...]:
    """Gather changes by what they have in common; one that helps nobody alone stands behind those that do."""
    gathered: dict[tuple[str, str, str], Shared] = {}
    for each in explained:
        for tried in each.options:
            known = gathered.get(tried.change.key)
            unlocked = (each.provider,) if tried.is_enough else ()
            gathered[tried.change.key] = Shared(
                tried.change if known is None else known.change,
                tried.constraint if known is None else known.constraint,
                tried.turns if known is None else tuple(name for name in known.turns if name in tried.turns),
                1 if known is None else known.settled_count + 1,
                unlocked if known is None else known.unlocked + unlocked,
            )
    return tuple(sorted(gathered.values(), key=_worth))


def _worth(each: Shared) -> tuple[int, int, int, str]:
    return -len(each.unlocked), -each.settled_count, _KINDS.index(each.change.kind), each.change.code
