"""R22-R36: over many random persons and providers no answer holds what the oracle forbids."""

from dataclasses import replace
from datetime import timedelta
from random import Random
from typing import Any

import pytest

from services.geo import Place, Point, cell_at
from services.geo.outlines import laid_out, laid_out_disc
from services.geo.shadows import Enclosure
from services.matching.companions import settled
from services.matching.index.snapshot import Snapshot
from services.matching.model.person import AgeRange, Person
from services.matching.model.provider import Claim, Provider, Reporting, RuleKind, VettingState
from services.matching.model.request import Asked, Enquiry, Need
from services.matching.model.safety import Envelope, Placed, Zone
from services.matching.ranking import find
from services.taxonomy import service
from tests.matching.oracle import Told, Wall, violations
from tests.matching.samples import FOR_ALL, NOON, a_provider, a_report, a_rule

CODES = ["ACC-EMG", "ACC-HOT", "TRN-ESC", "HEA-EMG", "LEG-ADV"]
AGE_RULES: list[set[Any]] = [
    {a_rule(RuleKind.AGE)},
    {a_rule(RuleKind.AGE, ages=(18, None))},
    {a_rule(RuleKind.AGE, ages=(0, 17))},
    {a_rule(RuleKind.AGE, ages=(12, 25))},
    set(),
]


def a_directory(random: Random, count: int) -> list[Provider]:
    return [_drawn(random, number) for number in range(count)]


def _drawn(random: Random, number: int) -> Provider:
    point = Point(random.uniform(31.5, 33.5), random.uniform(12.0, 15.0))
    place: Place = cell_at(point, random.choice([4, 5, 6])) if random.random() < 0.3 else point
    rules = {each for each in FOR_ALL if each.kind not in {RuleKind.AGE, RuleKind.UNACCOMPANIED_CHILD}}
    rules |= random.choice(AGE_RULES)
    rules |= random.choice([set(), *({a_rule(RuleKind.UNACCOMPANIED_CHILD, claim)} for claim in Claim)])
    return a_provider(
        f"p-{number:04}",
        pool_id=f"pool-{number // 3}",
        location_id=f"l-{number // 5}" if random.random() < 0.5 else "",
        place=place,
        is_confidential=not isinstance(place, Point),
        claims=tuple(sorted((code, Claim.YES) for code in random.sample(CODES, 3))),
        rules=frozenset(rules),
        vetting=random.choice([VettingState.VETTED] * 4 + list(VettingState)),
        vetting_expire_time=random.choice([None, None, NOON - timedelta(days=1), NOON + timedelta(hours=1)]),
        reporting=random.choice([Reporting.NONE, Reporting.NONE, *Reporting]),
        co_located=random.choice([Claim.NO, Claim.NO, Claim.YES]),
        is_detention=random.random() < 0.1,
        place_reports=random.choice([(), (a_report("girls"), a_report("boys")), (a_report("anyone"),)]),
    )


def a_person(random: Random) -> Person:
    youngest = random.choice([5, 14, 16, 17, 18, 25, 40])
    age = random.choice([None, AgeRange(youngest, youngest + random.choice([0, 0, 3]), random.random() < 0.1)])
    return Person(
        age=age,
        gender=random.choice([None, "woman", "man", "transgender_woman"]),
        languages=frozenset({"en"}),
        family=random.choice([None, frozenset({"alone"})]),
        is_unaccompanied=random.choice([None, True, False]),
        no_reason_to_believe_child=random.random() < 0.3,
        has_documents=True,
        status_class=random.choice([None, "irregular", "national"]),
        accepts_reporting=random.random() < 0.2,
    )


def some_walls(random: Random, here: Point) -> list[tuple[Wall, Zone]]:
    drawn = []
    for _ in range(random.choice([0, 1, 1, 2, 3])):
        middle = Point(random.uniform(31.8, 33.2), random.uniform(12.3, 14.7))
        if random.random() < 0.2:
            middle = here
        times = random.choice(
            [(None, None)] * 3
            + [
                (NOON - timedelta(days=2), NOON - timedelta(days=1)),
                (NOON - timedelta(hours=1), NOON + timedelta(hours=1)),
            ]
            + [(NOON + timedelta(days=3), NOON + timedelta(days=9))]
        )
        if random.random() < 0.6:
            radius_m = random.choice([500.0, 5_000.0, 30_000.0])
            drawn.append(
                (Wall(middle, radius_m, (), *times), Zone(Enclosure.of(laid_out_disc(middle, radius_m)), *times))
            )
        else:
            size = random.uniform(0.02, 0.3)
            ring = [(-1, -1), (1, -1), (1, 1), (0, random.uniform(-0.5, 0.9)), (-1, 1), (-1, -1)]
            corners = tuple((middle.longitude_deg + x * size, middle.latitude_deg + y * size) for x, y in ring)
            shape = laid_out(tuple(Point(y, x) for x, y in corners))
            drawn.append((Wall(middle, 0.0, corners, *times), Zone(Enclosure.of(shape), *times)))
    return drawn


def an_enquiry(random: Random, ids: list[str]) -> tuple[Enquiry, Told]:
    here = Point(random.uniform(31.8, 33.2), random.uniform(12.3, 14.7))
    walls = some_walls(random, here)
    apart = frozenset(random.sample(ids, random.choice([0, 0, 1, 4])))
    together = tuple(frozenset(random.sample(ids, 3)) for _ in range(random.choice([0, 0, 0, 1])))
    is_escorted = random.random() < 0.2
    enquiry = Enquiry(
        needs=(Need(service=service(random.choice(CODES))),),
        origin=here,
        country_code="LY",
        person=a_person(random) if random.random() < 0.9 else None,
        excluded_provider_ids=frozenset(random.sample(ids, random.choice([0, 2, 9]))),
        envelope=Envelope(zones=tuple(zone for _, zone in walls), start=here, is_escorted=is_escorted),
        apart=(Placed("enforcer", apart),) if apart else (),
        together=tuple(Placed(f"sibling-{number}", each) for number, each in enumerate(together)),
        when_time=random.choice([None, NOON + timedelta(hours=6)]),
    )
    return enquiry, Told(tuple(wall for wall, _ in walls), is_escorted, apart, together)


def judge(seed: int, provider_count: int, person_count: int) -> tuple[int, int, list[str]]:
    """Answer many persons over one directory; say how many pairs, how many rows, and what is wrong."""
    random = Random(seed)
    providers = a_directory(random, provider_count)
    by_id = {each.provider_id: each for each in providers}
    snapshot = Snapshot.of("epoch", 1, providers)
    row_count, found = 0, []
    for _ in range(person_count):
        enquiry, told = an_enquiry(random, list(by_id))
        enquiry, _ = settled(enquiry, snapshot.provider)
        question = Asked.of(enquiry, enquiry.needs[0], NOON, {})
        answer = find(snapshot, question, provider_count)
        listed = [(row.provider, True) for row in answer.matches] + [(row.provider, False) for row in answer.ask_first]
        row_count += len(listed)
        found += violations(question, told, listed, by_id)
    return provider_count * person_count, row_count, found


def test_20_000_pairs_of_person_and_provider_without_a_violation() -> None:
    pairs, rows, found = judge(20261122, 400, 50)

    assert pairs == 20_000
    assert rows > 1_000
    assert found == []


@pytest.mark.long
def test_1_000_000_pairs_of_person_and_provider_without_a_violation() -> None:
    pairs = rows = 0
    found: list[str] = []
    for seed in range(25):
        more, listed, wrong = judge(seed, 1_000, 40)
        pairs, rows, found = pairs + more, rows + listed, found + wrong

    assert pairs == 1_000_000
    assert rows > 50_000
    assert found == []


@pytest.mark.parametrize("left_out", ["zones", "apart", "together", "excluded_provider_ids", "person"])
def test_the_oracle_sees_what_an_answer_without_a_part_of_the_request_does_wrong(left_out: str) -> None:
    random = Random(7)
    providers = a_directory(random, 150)
    by_id = {each.provider_id: each for each in providers}
    snapshot = Snapshot.of("epoch", 1, providers)
    found = []
    for _ in range(25):
        enquiry, told = an_enquiry(random, list(by_id))
        blind: dict[str, dict[str, Any]] = {
            "zones": {"envelope": Envelope()},
            "apart": {"apart": ()},
            "together": {"together": ()},
            "excluded_provider_ids": {"excluded_provider_ids": frozenset()},
            "person": {"person": None},
        }
        careless, _ = settled(replace(enquiry, **blind[left_out]), snapshot.provider)
        answer = find(snapshot, Asked.of(careless, careless.needs[0], NOON, {}), 150)
        question = Asked.of(enquiry, enquiry.needs[0], NOON, {})
        listed = [(row.provider, True) for row in answer.matches] + [(row.provider, False) for row in answer.ask_first]
        found += violations(question, told, listed, by_id)

    assert found
