"""Measure matching in process: the index beside a full scan of the same columns, whose answers must be equal."""

from collections.abc import Callable, Iterator
from dataclasses import asdict, dataclass
from datetime import UTC, datetime
from random import Random
from statistics import median, quantiles
from time import perf_counter

import numpy as np

from services.geo import PlaceArray, Point, costs_mm
from services.matching.constraints.table import CONSTRAINTS
from services.matching.index.snapshot import Snapshot
from services.matching.model.person import AgeRange, Person
from services.matching.model.provider import (
    Claim,
    LanguageOffer,
    Provider,
    ReachOut,
    Reporting,
    Rule,
    RuleKind,
    VettingState,
)
from services.matching.model.request import Asked, Need
from services.matching.model.verdicts import Verdict
from services.matching.ranking import find
from services.taxonomy import service, services

NOON = datetime(2026, 11, 21, 12, tzinfo=UTC)
LIMIT = 10
QUESTIONS = 200
#: seven facts of ten are not known, as in a directory that was put together from lists
UNKNOWN_SHARE = 0.7


@dataclass(frozen=True, slots=True)
class Measured:
    """One row of the table."""

    work: str
    provider_count: int
    median_ms: float
    ninety_ninth_ms: float
    peer: str
    peer_median_ms: float

    def as_json(self) -> dict[str, object]:
        return asdict(self)


def measure(count: int) -> Iterator[Measured]:
    """Measure a made-up directory of a size, with a person of whom much is known and with none."""
    random = Random(count)
    providers = [_provider(random, number) for number in range(count)]
    snapshot = Snapshot.of("bench", 1, providers)
    scan = FullScan(snapshot)
    man = Person(
        age=AgeRange(20, 25), gender="man", languages=frozenset({"ar"}), family=frozenset(), has_documents=False
    )
    for code, person, work in (
        ("HEA-EMG", None, "plain search, emergency care"),
        ("LEG-ADV", man, "legal advice for a man, all constraints"),
        ("ACC-EMG", man, "a bed for a man, all constraints"),
    ):
        need = Need(service=service(code))
        asked = [
            Asked(
                need=need,
                origin=_point(random),
                when_time=NOON,
                now_time=NOON,
                country_code="LY",
                person=person,
                taken={},
            )
            for _ in range(QUESTIONS)
        ]
        ours = _timed(lambda each: find(snapshot, each, LIMIT), asked)
        theirs = _timed(scan.nearest, asked[: QUESTIONS // 10])
        for each in asked[:10]:
            answer = find(snapshot, each, LIMIT)
            listed = [[row.provider.provider_id for row in rows] for rows in (answer.matches, answer.ask_first)]
            assert listed == list(scan.nearest(each)), "the index must answer as a full scan"
        yield Measured(work, count, median(ours), quantiles(ours, n=100)[98], "full numpy scan", median(theirs))


class FullScan:
    """Judges by the same columns, then measures every provider that is left and sorts them all."""

    def __init__(self, snapshot: Snapshot) -> None:
        self._block = snapshot.base.block
        self._places = PlaceArray.of(each.place for each in self._block.providers if each.place is not None)
        self._ids = np.array([each.provider_id for each in self._block.providers])

    def nearest(self, asked: Asked) -> tuple[list[str], list[str]]:
        rows = np.arange(len(self._block))
        stays = np.ones(len(rows), dtype=np.bool_)
        is_unsure = np.zeros(len(rows), dtype=np.bool_)
        for constraint in CONSTRAINTS:
            if constraint.applies(asked):
                verdicts = self._block.judge(constraint, asked, rows)
                is_unsure |= verdicts == Verdict.UNKNOWN
                if constraint.excludes(asked.need.service):
                    stays &= verdicts != Verdict.NO
        costs = costs_mm(asked.origin, self._places)
        order = rows[np.lexsort((self._ids, costs))]
        order = order[stays[order]]
        if asked.need.service.life_first:
            is_unsure[:] = False
        sure, unsure = order[~is_unsure[order]], order[is_unsure[order]]
        return self._ids[sure[:LIMIT]].tolist(), self._ids[unsure[:LIMIT]].tolist()


def _timed(act: Callable[[Asked], object], asked: list[Asked]) -> list[float]:
    act(asked[0])  # what is read once is not measured
    times_ms = []
    for each in asked:
        started = perf_counter()
        act(each)
        times_ms.append((perf_counter() - started) * 1000)
    return times_ms


def _point(random: Random) -> Point:
    return Point(random.uniform(19, 36), random.uniform(-12, 30))


def _provider(random: Random, number: int) -> Provider:
    """Make up a provider of one service in North Africa."""

    def known(*values: Rule) -> list[Rule]:
        return [] if random.random() < UNKNOWN_SHARE else [random.choice(values)]

    rules = [
        *known(Rule(kind=RuleKind.AGE, claim=Claim.YES), Rule(kind=RuleKind.AGE, claim=Claim.YES, min_years=18)),
        *known(Rule(kind=RuleKind.GENDER, claim=Claim.YES), Rule(kind=RuleKind.GENDER, claim=Claim.NO, codes=_MEN)),
        *known(Rule(kind=RuleKind.DOCUMENTS, claim=Claim.NO), Rule(kind=RuleKind.DOCUMENTS, claim=Claim.YES)),
    ]
    claims = [Claim.YES, Claim.YES, Claim.UNKNOWN, Claim.NO]
    speaks = [frozenset[LanguageOffer](), frozenset({LanguageOffer(tag="ar")}), frozenset({LanguageOffer(tag="fr")})]
    return Provider(
        provider_id=f"p-{number:07}",
        pool_id=f"p-{number:07}",
        place=_point(random),
        country_code="LY",
        time_zone="Africa/Tripoli",
        claims=((random.choice(_CODES), random.choice(claims)),),
        rules=frozenset(rules),
        languages=random.choice(speaks),
        vetting=random.choice([VettingState.UNVETTED, VettingState.LISTED, VettingState.VETTED]),
        reporting=random.choice([Reporting.NONE, Reporting.UNKNOWN]),
        reach_out=ReachOut.TELEPHONE,
    )


_MEN = frozenset({"man"})
_CODES = (*tuple(services())[:20], "LEG-ADV")
