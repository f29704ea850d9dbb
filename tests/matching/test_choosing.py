"""Who has changed lately and who has not are listed as if they stood together."""

from dataclasses import replace

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from services.geo import Point
from services.matching.index.snapshot import Snapshot
from services.matching.model.provider import Claim
from services.matching.ranking import find
from tests.matching.samples import a_provider, asked
from tests.matching.scan import full_scan, lists_of

#: of each house: in which of a few places it is, whether it can for sure, whether it changed, and was there before
HOUSES = st.lists(st.tuples(st.integers(0, 3), st.booleans(), st.booleans(), st.booleans()), max_size=24)


@pytest.mark.parametrize("silence_mm", [None, {"p-03": 1, "p-05": 1_000_000_000}])
@settings(max_examples=100, deadline=None)
@given(HOUSES, st.integers(1, 4))
def test_the_lists_of_all_parts_are_one(
    silence_mm: dict[str, int] | None, houses: list[tuple[int, bool, bool, bool]], limit: int
) -> None:
    before, changes = [], {}
    for number, (place_no, is_sure, has_changed, was_there) in enumerate(houses):
        place = Point(32.8 + place_no / 100, 13.1)
        house = a_provider(f"p-{number:02}", claim=Claim.YES if is_sure else Claim.UNKNOWN, place=place)
        if has_changed:
            changes[house.provider_id] = house
        if was_there or not has_changed:
            before.append(replace(house, place=Point(32.7, 13.1)) if has_changed else house)
    snapshot = Snapshot.of("epoch", 1, before).with_changes(2, changes)
    question = replace(asked(), silence_mm=silence_mm)

    assert lists_of(find(snapshot, question, limit)) == full_scan(snapshot.providers(), question, limit)
