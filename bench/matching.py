"""Measure matching in process: the whole answer beside a full scan of the same directory, and how both grow."""

import gc
import sys
from collections import Counter
from collections.abc import Callable, Sequence
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass
from random import Random
from statistics import fmean, median, quantiles
from time import perf_counter, process_time, thread_time
from typing import Any

import numpy as np

from bench import directory, envelopes, memory
from services.geo import PlaceArray, Point, costs_mm
from services.matching.__main__ import SWITCH_INTERVAL_S
from services.matching.constraints.table import CONSTRAINTS, Constraint
from services.matching.index.facets import look
from services.matching.index.snapshot import Snapshot
from services.matching.listing import NeedAnswer
from services.matching.model.provider import Provider
from services.matching.model.request import Asked
from services.matching.model.verdicts import Verdict
from services.matching.ranking import find
from services.matching.wire.ahead import unwritten, write
from services.matching.wire.answer_wire import need_to_bytes

LIMIT = 10
QUESTIONS = 2000
WARM_UP = 1000
SCANS = 12
CHANGES = 2000  # since the index was laid out
KIND_QUESTIONS = 1200


@dataclass(frozen=True, slots=True)
class Times:
    """How long each of some things took, by the clock on the wall and by the processor's own."""

    wall_ms: list[float]
    cpu_ms: list[float]  #: of the thread that did it: what others took of the processor is not in it

    @property
    def medians_ms(self) -> tuple[float, float]:
        """The medians, by the wall and by the processor."""
        return median(self.wall_ms), median(self.cpu_ms)

    @property
    def ninety_ninths_ms(self) -> tuple[float, float]:
        """The 99th percentiles, by the wall and by the processor."""
        return quantiles(self.wall_ms, n=100)[98], quantiles(self.cpu_ms, n=100)[98]


@dataclass(frozen=True, slots=True, kw_only=True)
class Kind:
    """What questions of a kind cost beside others without, by turns; pairs are by the wall and by the processor."""

    name: str
    medians_ms: tuple[float, float]
    ninety_ninths_ms: tuple[float, float]
    plain_medians_ms: tuple[float, float]


@dataclass(frozen=True, slots=True, kw_only=True)
class Measured:
    """What one size of directory costs; pairs are by the wall and by the processor."""

    provider_count: int
    medians_ms: tuple[float, float]
    ninety_ninths_ms: tuple[float, float]
    mean_ms: float
    scan_median_ms: float
    equal_count: int  #: answers that were compared with the scan's, all equal
    kinds: tuple[Kind, ...]
    build_s: tuple[float, float]
    index_bytes: float  #: a provider, when warm
    record_bytes: float  #: a provider: what the feed told, held once
    rebuild_99th_ms: float  #: of answers while the index is laid out anew beside them, by the wall
    changed_medians_ms: tuple[float, float]  #: of answers with many changes not laid out yet
    change_ms: float  #: from one change to the snapshot that answers with it, at worst


def measure(count: int) -> tuple[Measured, Snapshot]:
    """Measure a made-up directory of a size, with questions of different people, each asked for the first time."""
    before = memory.resident_bytes()
    providers = list(directory.providers(count))
    gc.collect()
    gc.freeze()
    held = memory.resident_bytes()
    started, cpu_started = perf_counter(), process_time()
    snapshot = Snapshot.of("bench", 1, providers)
    build_s = perf_counter() - started, process_time() - cpu_started
    asked = directory.questions(WARM_UP + 2 * QUESTIONS, seed=count)
    plain, asked = asked, envelopes.all_on(asked, seed=count)
    write(snapshot.base.block, unwritten(snapshot.base.block))  # as the service does by and by, once it answers
    for each in asked[:WARM_UP]:
        answered(snapshot, each)
    index_bytes = (memory.resident_bytes() - held) / count
    gc.freeze()  # as the service does once it is warm
    new, newer = asked[WARM_UP : WARM_UP + QUESTIONS], asked[WARM_UP + QUESTIONS :]
    times = timed(lambda each: answered(snapshot, each), new)
    changed = snapshot.with_changes(2, {each.provider_id: each for each in providers[:CHANGES]})
    changed_times = timed(lambda each: answered(changed, each), newer)
    scan = FullScan(providers)
    scanned = new[:SCANS]
    scan_times = timed(lambda each: scan.answer(each, LIMIT), scanned)
    for each in scanned:
        for one in (snapshot, changed):
            assert reduced(find(one, each, LIMIT)) == scan.answer(each, LIMIT), "the index must answer as a full scan"
    kinds = tuple(kind_of(snapshot, name, plain[-KIND_QUESTIONS:]) for name in envelopes.KINDS)
    return Measured(
        provider_count=count,
        medians_ms=times.medians_ms,
        ninety_ninths_ms=times.ninety_ninths_ms,
        mean_ms=fmean(times.wall_ms),
        scan_median_ms=median(scan_times.wall_ms),
        equal_count=2 * len(scanned),
        kinds=kinds,
        build_s=build_s,
        index_bytes=index_bytes,
        record_bytes=(held - before) / count,
        rebuild_99th_ms=quantiles(rebuilding_ms(changed, asked), n=100)[98],
        changed_medians_ms=changed_times.medians_ms,
        change_ms=max(changes_ms(snapshot, providers)),
    ), snapshot


def answered(snapshot: Snapshot, asked: Asked) -> bytes:
    """Answer a question, to the bytes that are sent."""
    return need_to_bytes(0, find(snapshot, asked, LIMIT))


def kind_of(snapshot: Snapshot, name: str, questions: Sequence[Asked]) -> Kind:
    """Ask each second question as one of a kind, and the others as they are; the first third warms up."""
    random = Random(len(snapshot))
    asked = [envelopes.KINDS[name](each, random) if number % 2 else each for number, each in enumerate(questions)]
    times = timed(lambda each: answered(snapshot, each), asked)
    first = len(asked) // 6 * 2
    plain, kind = (Times(times.wall_ms[start::2], times.cpu_ms[start::2]) for start in (first, first + 1))
    return Kind(
        name=name,
        medians_ms=kind.medians_ms,
        ninety_ninths_ms=kind.ninety_ninths_ms,
        plain_medians_ms=plain.medians_ms,
    )


def changes_ms(snapshot: Snapshot, providers: Sequence[Provider]) -> list[float]:
    """Change providers one by one, with a delta that is nearly full, and measure each."""
    full = {each.provider_id: each for each in providers[:4000]}
    snapshot = snapshot.with_changes(2, dict(full))
    return timed(lambda each: snapshot.with_changes(3, {each.provider_id: each}), providers[4000:4010]).wall_ms


def rebuilding_ms(snapshot: Snapshot, asked: Sequence[Asked]) -> list[float]:
    """Answer while another thread lays the same directory out anew, with the service's switch interval."""
    before_s = sys.getswitchinterval()
    sys.setswitchinterval(SWITCH_INTERVAL_S)
    times_ms: list[float] = []
    with ThreadPoolExecutor(1) as pool:
        rebuilt = pool.submit(snapshot.rebuilt)
        while not rebuilt.done() or len(times_ms) < QUESTIONS // 10:
            times_ms += timed(lambda each: answered(snapshot, each), asked[WARM_UP : WARM_UP + 10]).wall_ms
    sys.setswitchinterval(before_s)
    return times_ms


Listed = list[tuple[int, str]]


def reduced(answer: NeedAnswer) -> tuple[Listed, Listed, dict[str, int]]:
    """Reduce an answer to costs, ids and counts."""
    matches, ask_first = (
        [(row.cost_mm, row.provider.provider_id) for row in rows] for rows in (answer.matches, answer.ask_first)
    )
    return matches, ask_first, dict(answer.excluded)


class FullScan:
    """Every provider by every constraint and every distance in numpy columns of its own, without the index."""

    def __init__(self, providers: Sequence[Provider]) -> None:
        self._providers = providers
        self._ids = np.array([each.provider_id for each in providers])
        self._places = PlaceArray.of(each.place or Point(0.0, 0.0) for each in providers)
        self._has_place = np.array([each.place is not None for each in providers])
        self._columns: dict[tuple[str, ...], tuple[Any, list[Provider]]] = {}
        for names in {each.looks_at for each in CONSTRAINTS}:
            self._columns[names] = _column(providers, names)

    def answer(self, asked: Asked, limit: int) -> tuple[Listed, Listed, dict[str, int]]:
        """List the nearest of both lists and count the excluded."""
        stays = np.ones(len(self._ids), dtype=np.bool_)
        is_unsure = np.zeros(len(self._ids), dtype=np.bool_)
        excluded: Counter[str] = Counter()
        costs = costs_mm(asked.origin, self._places)
        for constraint in CONSTRAINTS:
            if not constraint.applies(asked):
                continue
            verdicts = self._judge(constraint, asked, costs, stays)
            is_unsure |= verdicts == Verdict.UNKNOWN
            if constraint.excludes(asked.need.service):
                left = stays & (verdicts != Verdict.NO)
                if gone := int(np.count_nonzero(stays) - np.count_nonzero(left)):
                    excluded[constraint.name] = gone
                stays = left
        if asked.need.service.life_first:
            is_unsure[:] = False
        lists = []
        for chosen in (stays & ~is_unsure, stays & is_unsure):
            rows = np.flatnonzero(chosen)
            order = rows[np.lexsort((self._ids[rows], costs[rows]))][:limit]
            lists.append([(int(costs[row]), str(self._ids[row])) for row in order])
        return lists[0], lists[1], dict(excluded)

    def _judge(self, constraint: Constraint, asked: Asked, costs: Any, stays: Any) -> Any:
        match constraint.name:
            case "distance":
                limit_mm = costs.max(initial=0) if asked.max_cost_mm is None else asked.max_cost_mm
                return np.where(self._has_place & (costs > limit_mm), Verdict.NO, Verdict.YES)
            case "position":
                return np.where(self._has_place, Verdict.YES, Verdict.NO)
            case "safety" if not (asked.envelope.zones or asked.envelope.apart):
                return np.where(np.isin(self._ids, list(asked.excluded_provider_ids)), Verdict.NO, Verdict.YES)
            case _:
                column, examples = self._columns[constraint.looks_at]
                present = np.unique(column[stays])
                verdict_of = np.zeros(len(examples), dtype=np.int8)
                verdict_of[present] = [constraint.judge(asked, examples[each]).verdict for each in present]
                return verdict_of[column]


def _column(providers: Sequence[Provider], names: tuple[str, ...]) -> tuple[Any, list[Provider]]:
    number_of: dict[Any, int] = {}
    examples: list[Provider] = []
    numbers = np.empty(len(providers), dtype=np.int32)
    for row, provider in enumerate(providers):
        number = number_of.setdefault(tuple(look(provider, name) for name in names), len(number_of))
        if number == len(examples):
            examples.append(provider)
        numbers[row] = number
    return numbers, examples


def timed(act: Callable[[Any], object], things: Sequence[Any]) -> Times:
    """Do something with each thing, and say how long each took."""
    wall_ms, cpu_ms = [], []
    for each in things:
        started, cpu_started = perf_counter(), thread_time()
        act(each)
        cpu_ms.append((thread_time() - cpu_started) * 1000)
        wall_ms.append((perf_counter() - started) * 1000)
    return Times(wall_ms, cpu_ms)
