"""Measure plans for many people: a thousand who compete for the places of two thousand providers."""

from collections.abc import Iterator
from dataclasses import dataclass, replace
from random import Random
from time import perf_counter, process_time
from typing import Final

from bench.directory import NOON
from bench.rows import Line
from services.geo import Point
from services.matching.index.snapshot import Snapshot
from services.matching.model.person import AgeRange, Person
from services.matching.model.provider import (
    Claim,
    LanguageOffer,
    PlaceReport,
    Provider,
    ReachOut,
    Reporting,
    Rule,
    RuleKind,
    VettingState,
)
from services.matching.model.request import Asked, Need
from services.matching.planning.groups import Group
from services.matching.planning.planner import plan_for
from services.taxonomy import service

PEOPLE: Final = 1000
PROVIDERS: Final = 2000
MOST_S: Final = 5.0
LIMIT_S: Final = 20.0
BED: Final = "ACC-EMG"
CARE: Final = "HEA-PRI"
_ORIGIN: Final = Point(32.89, 13.19)
_LANGUAGES: Final = ("ar", "fr", "en", "ti", "am", "so")


@dataclass(frozen=True, slots=True, kw_only=True)
class Planned:
    """What one plan cost."""

    what: str
    people: int
    placed: int
    wall_s: float
    cpu_s: float
    method: str
    is_optimal: bool
    total_km: float
    bound_km: float
    greedy_km: float
    greedy_placed: int


def measure() -> list[Planned]:
    """Plan the same number of people in three ways: each one different, a tally, and with families."""
    snapshot = Snapshot.of("bench", 1, providers())
    random = Random(5)
    different = [_group(str(number), 1, random) for number in range(PEOPLE)]
    tally = [_group(str(number), PEOPLE // 25, random) for number in range(25)]
    families = [
        replace(
            _group(str(number), 1, random),
            together=frozenset({f"family {number // 4}"} if number < PEOPLE // 5 else ()),
        )
        for number in range(PEOPLE // 2)
    ]
    return [
        _measured("1,000 different people", snapshot, different),
        _measured("1,000 in 25 groups", snapshot, tally),
        _measured("500 with 50 families of 4", snapshot, families),
    ]


def lines() -> list[Line]:
    """Lay out what was measured."""
    return [
        Line(
            work=f"plan, {each.what}, {PROVIDERS:,} providers",
            bar="<= 5 s, proven" if each.people == PEOPLE else "proven",
            figure=f"{each.wall_s:.1f} s ({each.cpu_s:.1f} s of CPU), {each.method}",
            peer="greedy",
            peer_figure=f"{each.greedy_placed} placed, {each.greedy_km:,.0f} km",
            ratio=f"{each.placed} placed, {each.total_km:,.0f} km, bound {each.bound_km:,.0f} km",
            holds="yes" if each.is_optimal and (each.people < PEOPLE or each.wall_s <= MOST_S) else "no",
        )
        for each in measure()
    ]


def providers() -> Iterator[Provider]:
    """Make two thousand shelters up, of which some hundreds have a place for any one person."""
    random = Random(7)
    for number in range(PROVIDERS):
        populations = random.choice((("women", "girls"), ("men",), ("men", "boys"), ("anyone",), ("women",)))
        yield Provider(
            provider_id=f"p-{number:05}",
            pool_id=f"pool-{number // 2 if number % 5 == 0 else number}",
            place=Point(random.uniform(30, 33), random.uniform(10, 24)),
            country_code="LY",
            time_zone="Africa/Tripoli",
            claims=tuple((code, Claim.YES) for code in ((BED, CARE) if number % 9 == 0 else (BED,))),
            rules=frozenset(
                {
                    Rule(kind=RuleKind.AGE, claim=Claim.YES),
                    Rule(kind=RuleKind.GENDER, claim=Claim.YES),
                    Rule(kind=RuleKind.FAMILY, claim=Claim.YES),
                    Rule(kind=RuleKind.UNACCOMPANIED_CHILD, claim=Claim.YES),
                    Rule(kind=RuleKind.DOCUMENTS, claim=Claim.NO),
                }
            ),
            languages=frozenset(LanguageOffer(tag=tag) for tag in random.sample(_LANGUAGES, 3)),
            vetting=VettingState.VETTED if random.random() < 0.9 else VettingState.UNVETTED,  # noqa: PLR2004 -- a share
            reporting=Reporting.NONE,
            co_located=Claim.NO,
            reach_out=ReachOut.ENROLLED,
            place_reports=tuple(
                PlaceReport(population=each, total=6, occupied=random.choice((0, 3, 4, 5, 6, 6)), report_time=NOON)
                for each in populations
            ),
            wheelchair=random.choice((Claim.YES, Claim.YES, Claim.NO)),
        )


def _group(label: str, count: int, random: Random) -> Group:
    age = random.randrange(18, 70)
    person = Person(
        age=AgeRange(age, age + random.choice((0, 2))),
        gender=random.choice(("woman", "woman", "man", "man", "man")),
        languages=frozenset(random.sample(_LANGUAGES, 2)),
        family=frozenset({"alone"}),
        process="tip_presumed",
        exploitation=frozenset(),
        no_reason_to_believe_child=True,
        accessibility=random.choice((frozenset[str](), frozenset[str](), frozenset({"step_free"}))),
        has_documents=True,
        accepts_reporting=True,
        status_class="irregular",
    )
    codes = (BED, CARE) if random.random() < 0.3 else (BED,)  # noqa: PLR2004 -- a share
    asked = tuple(
        Asked(
            need=Need(service=service(code)),
            origin=_ORIGIN,
            when_time=NOON,
            now_time=NOON,
            country_code="LY",
            person=person,
            taken={},
        )
        for code in codes
    )
    return Group(label=label, count=count, asked=asked, urgencies=(random.choice((1, 1, 3)), 1)[: len(asked)])


def _measured(what: str, snapshot: Snapshot, groups: list[Group]) -> Planned:
    wall_s, cpu_s = perf_counter(), process_time()
    plan = plan_for(snapshot, groups, LIMIT_S)
    return Planned(
        what=what,
        people=sum(each.count for each in groups),
        placed=plan.placed_count,
        wall_s=perf_counter() - wall_s,
        cpu_s=process_time() - cpu_s,
        method=plan.method.replace("_", " "),
        is_optimal=plan.is_optimal,
        total_km=plan.total_mm / 1e6,
        bound_km=plan.bound_mm / 1e6,
        greedy_km=plan.greedy_mm / 1e6,
        greedy_placed=plan.greedy_placed_count,
    )
