"""Measure why: one provider explained, and all that are near, beside the plain answer to the same questions."""

from collections.abc import Callable
from dataclasses import dataclass
from functools import partial
from statistics import median
from time import process_time
from typing import Final

from bench import directory
from bench.matching import answered
from bench.rows import Line
from services.matching.explanations import explained
from services.matching.index.snapshot import Snapshot

NEAR: Final = 50
MOST_NEAR_MS: Final = 50.0
MOST_ONE_MS: Final = 1.0
_QUESTIONS: Final = 60


@dataclass(frozen=True, slots=True, kw_only=True)
class Explaining:
    """What explanations cost, in milliseconds of the processor at the median, wire included."""

    provider_count: int
    one_ms: float
    near_ms: float
    answer_ms: float  #: of the plain answer to the same questions, to its bytes
    response_bytes: float  #: of an answer about all that are near, at the median


def measure(snapshot: Snapshot) -> Explaining:
    """Measure questions of different people; each is answered once before, so that all are warm alike."""
    asked = list(directory.questions(_QUESTIONS, seed=17))
    nearest = []
    sizes = []
    for each in asked:
        near = explained(snapshot, each, "", NEAR)
        sizes.append(near.ByteSize())
        nearest += [(each, one.provider_id) for one in near.explanations[:1]]
        answered(snapshot, each)
    return Explaining(
        provider_count=len(snapshot),
        one_ms=median(_cpu_ms(partial(explained, snapshot, each, who, 1)) for each, who in nearest),
        near_ms=median(_cpu_ms(partial(explained, snapshot, each, "", NEAR)) for each in asked),
        answer_ms=median(_cpu_ms(partial(answered, snapshot, each)) for each in asked),
        response_bytes=median(sizes),
    )


def lines(measured: Explaining) -> list[Line]:
    """Lay out what was measured."""
    rows = (
        ("one provider", MOST_ONE_MS, measured.one_ms),
        (f"{NEAR} near, {measured.response_bytes:,.0f} bytes", MOST_NEAR_MS, measured.near_ms),
    )
    return [
        Line(
            work=f"ExplainMatch, {what}, {measured.provider_count:,}",
            bar=f"<= {most_ms:.0f} ms of CPU",
            figure=f"{figure_ms:.2f} ms",
            peer="the same questions, ten rows, not explained",
            peer_figure=f"{measured.answer_ms:.2f} ms",
            ratio=f"{figure_ms / measured.answer_ms:.1f}x",
            holds="yes" if figure_ms <= most_ms else "no",
        )
        for what, most_ms, figure_ms in rows
    ]


def _cpu_ms(act: Callable[[], object]) -> float:
    began = process_time()
    act()
    return (process_time() - began) * 1000
