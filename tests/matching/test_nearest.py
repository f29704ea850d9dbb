"""The tree, the bits and the columns of the index, each forced to work where a scan would be quicker."""

from collections.abc import Iterator
from contextlib import contextmanager

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from services.geo import Place
from services.matching.index import bits, ground, shelf
from services.matching.index.snapshot import Snapshot
from services.matching.model.provider import Provider
from services.matching.model.request import Asked
from services.matching.ranking import find
from tests.matching.samples import a_provider, asked
from tests.matching.scan import full_scan, lists_of
from tests.matching.test_index import PLACES, QUESTIONS, directories


@contextmanager
def trees_alone() -> Iterator[None]:
    """Walk trees however few there are, and measure nothing outright."""
    with pytest.MonkeyPatch.context() as patch:
        for module, name in ((shelf, "_FEW"), (shelf, "_OUTRIGHT"), (ground, "_SCAN_WORTH"), (ground, "_SLACK")):
            patch.setattr(module, name, 0)
        patch.setattr(ground, "_TREE_FROM", 1)
        patch.setattr(ground, "_NEAR_MM", 10_000_000_000)
        yield


@settings(max_examples=60, deadline=None)
@given(directories(), QUESTIONS, st.integers(1, 12))
def test_a_walk_through_the_trees_answers_as_a_full_scan(
    providers: list[Provider], question: Asked, limit: int
) -> None:
    with trees_alone():
        answer = find(Snapshot.of("epoch", 1, providers), question, limit)

    assert lists_of(answer) == full_scan(providers, question, limit)


@settings(max_examples=40, deadline=None)
@given(st.lists(PLACES, min_size=50, max_size=300), PLACES, st.integers(1, 20), st.integers(0, 20_000_000_000))
def test_a_walk_loses_nobody_among_ties_poles_and_areas(
    places: list[Place], origin: Place, limit: int, max_cost_mm: int
) -> None:
    providers = [a_provider(f"p-{number:03}", place=place) for number, place in enumerate(places)]
    question = asked(origin=origin, max_cost_mm=max_cost_mm)

    with trees_alone():
        answer = find(Snapshot.of("epoch", 1, providers), question, limit)

    assert lists_of(answer) == full_scan(providers, question, limit)


@given(st.lists(st.booleans(), max_size=300))
def test_bits_hold_what_booleans_hold(values: list[bool]) -> None:
    mask = np.array(values, dtype=np.bool_)
    words = bits.pack(mask)

    assert bits.count(words) == sum(values)
    assert bits.rows_of(words).tolist() == np.flatnonzero(mask).tolist()
    assert bits.mask_of(words, len(values)).tolist() == values
    assert bits.are_in(words, np.arange(len(values))).tolist() == values
    assert bits.of_rows(np.flatnonzero(mask), len(values)).tolist() == words.tolist()


def test_what_changed_during_a_rebuild_is_put_on_top() -> None:
    before = Snapshot.of("epoch", 1, [a_provider("p-1"), a_provider("p-2")]).with_changes(2, {"p-1": None})
    during = before.with_changes(3, {"p-2": None, "p-3": a_provider("p-3")})

    after = before.rebuilt().with_changes(3, during.changed_since(before))

    assert {each.provider_id for each in after.providers()} == {"p-3"}
    assert after.revision == during.revision
