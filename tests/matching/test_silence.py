"""A provider that let offers run out unread comes later, never out, and less so every week (ADR 41)."""

from dataclasses import replace
from datetime import timedelta

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from ihala.matching.v1 import matching_pb2 as pb
from services.geo import Point, cell_at
from services.matching.index.snapshot import Snapshot
from services.matching.model.provider import Provider
from services.matching.model.request import Asked
from services.matching.model.silence import SilencePage, Silent
from services.matching.ranking import find
from services.matching.silence import LEAST_OFFERS, MOST_OFFERS, Silences
from tests.matching.houses import House, Open, ids
from tests.matching.samples import NOON, a_provider, asked
from tests.matching.scan import full_scan, lists_of
from tests.matching.test_index import QUESTIONS, directories

WEEK = timedelta(days=7)
NEAR, FAR = Point(32.89, 13.18), Point(32.92, 13.18)  # some 3 km apart


def silent(here: House, *provider_ids: str, count: float = 1.0) -> None:
    here.silences.take(SilencePage({each: Silent(count, here.now) for each in provider_ids}, WEEK))


@settings(max_examples=100, deadline=None)
@given(directories(), QUESTIONS, st.integers(1, 12), st.dictionaries(st.integers(0, 60), st.integers(1, 10**11)))
def test_the_index_answers_as_a_full_scan_whoever_was_silent(
    providers: list[Provider], question: Asked, limit: int, costs: dict[int, int]
) -> None:
    question = replace(question, silence_mm={f"p-{number:03}": cost for number, cost in costs.items()})

    answer = find(Snapshot.of("epoch", 1, providers), question, limit)

    assert lists_of(answer) == full_scan(providers, question, limit)


@pytest.mark.parametrize("silent_count", [1, 5, 399, 400])
def test_it_is_exact_where_nearly_all_of_a_town_were_silent(silent_count: int) -> None:
    providers = [a_provider(f"p-{number:03}", place=Point(32.8 + number / 10_000, 13.1)) for number in range(400)]
    question = replace(asked(), silence_mm={f"p-{number:03}": 20_000_000 for number in range(silent_count)})

    answer = find(Snapshot.of("epoch", 1, providers), question, 5)

    assert lists_of(answer) == full_scan(providers, question, 5)


@given(st.floats(0, 1000), st.timedeltas(timedelta(days=-1), timedelta(days=400)))
def test_it_is_never_less_than_nothing_nor_more_than_the_most_and_fades(count: float, age: timedelta) -> None:
    silences = Silences(5_000.0)
    silences.take(SilencePage({"p-1": Silent(count, NOON)}, WEEK))

    now, later = (silences.at(NOON + age + more).get("p-1", 0) for more in (timedelta(), WEEK))

    assert 0 <= later <= now <= MOST_OFFERS * 5_000_000
    if LEAST_OFFERS * 2 < count * 0.5 ** (max(age, timedelta()) / WEEK) < MOST_OFFERS and age >= timedelta():
        assert later == pytest.approx(now / 2, abs=1)


async def test_it_is_a_stated_part_of_the_cost(house: Open) -> None:
    near, far = a_provider("near", place=NEAR), a_provider("far", place=FAR)
    async with house(near, far) as here:
        before = (await here.find()).needs[0].matches
        silent(here, "near")
        here.now += timedelta(minutes=2)
        after = (await here.find()).needs[0].matches

    assert (ids(before), ids(after)) == (["near", "far"], ["far", "near"])
    assert [part.code for part in after[0].cost_parts] == ["distance"]
    row = after[1]
    assert [part.code for part in row.cost_parts] == ["distance", "silence"]
    assert row.cost_parts[1].cost_m == pytest.approx(5_000, rel=0.01)
    assert row.cost_m == pytest.approx(sum(part.cost_m for part in row.cost_parts))
    assert row.reach.distance_m == before[0].reach.distance_m == row.cost_parts[0].cost_m


async def test_where_life_comes_first_nobody_is_put_behind_r59(house: Open) -> None:
    hospitals = [a_provider(name, code="HEA-EMG", place=place) for name, place in (("near", NEAR), ("far", FAR))]
    async with house(*hospitals) as here:
        silent(here, "near", count=50)
        (need,) = (await here.find("HEA-EMG")).needs

    assert ids(need.matches) == ["near", "far"]
    assert [part.code for part in need.matches[0].cost_parts] == ["distance"]


async def test_nobody_learns_how_silent_a_confidential_site_was_r18(house: Open) -> None:
    """Byte for byte the same answer, whatever is known of it."""
    site = a_provider("site", place=cell_at(NEAR, 6), is_confidential=True)
    async with house(site, a_provider("other", place=FAR)) as here:
        answers = []
        for count in (0.0, 50.0):
            silent(here, "site", count=count)
            answer = await here.find()
            answer.ClearField("match_token")
            answers.append(answer.SerializeToString(deterministic=True))

    assert answers[0] == answers[1]


async def test_it_excludes_nobody(house: Open) -> None:
    async with house(a_provider("only", place=NEAR)) as here:
        silent(here, "only", count=1000)
        answer: pb.FindMatchesResponse = await here.find(max_distance_m=10_000.0)

    assert ids(answer.needs[0].matches) == ["only"]
    assert answer.needs[0].matches[0].cost_parts[1].cost_m == pytest.approx(20_000)
