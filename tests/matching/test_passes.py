"""The compiled passes do what sets do, wherever they are compiled, and nobody else is compiled."""

import ast
from collections.abc import Callable
from pathlib import Path
from random import Random
from typing import Any

import numba.core.caching as numba_caching
import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

import services
from services.geo import BAND_ENDS_MM
from services.matching.constraints.table import CONSTRAINTS
from services.matching.index import bits, compiling, kept, marks, passes, telling
from services.matching.index.answers import Answers
from services.matching.index.excluding import excluded_by
from services.matching.index.facets import Vocabulary
from services.matching.index.facts import FACT
from services.matching.model.verdicts import Verdict
from services.taxonomy import services as known_services

LENGTH = 130  #: rows: two full words and a part of a third
ROWS = st.frozensets(st.integers(0, LENGTH - 1))
Step = tuple[frozenset[int] | None, frozenset[int] | None, bool]
STEPS: st.SearchStrategy[list[Step]] = st.lists(
    st.tuples(st.none() | ROWS, st.none() | ROWS, st.booleans()), max_size=6
)


STANDING, ENDED, ALIKE, OPEN = 10, 20, 30, -7  #: marks; those of values stand where they say
#: how a step is told: by a facet, by each row itself, alike of all
SAYINGS = ((1, STANDING, ENDED), (-1, 0, -1, OPEN), (-1, 0, -1, ALIKE))


def a_store(words: int) -> kept.Kept:
    return kept.Kept(words, known_services()["LEG-ADV"], Answers(Vocabulary(), marks.Reasons()))


def words_of(rows: frozenset[int]) -> bits.Words:
    return bits.of_rows(np.array(sorted(rows), dtype=np.intp), LENGTH)


def kept_as(steps: list[Step]) -> tuple[bits.Words, passes.Steps]:
    store = a_store(len(words_of(frozenset())))
    numbers = [
        store.place((None if no is None else words_of(no), None if unknown is None else words_of(unknown)))
        for no, unknown, _ in steps
    ]
    said = [
        kept.Said(*pair, excludes, number, *SAYINGS[number % 3])
        for number, (pair, (_, _, excludes)) in enumerate(zip(numbers, steps, strict=True))
    ]
    return store.sets, np.array(said, dtype=np.int32).reshape(-1, passes.STEP)


def ordered(known: passes.Steps) -> tuple[passes.Steps, Any]:
    """Give steps other numbers than their places."""
    return np.ascontiguousarray(known[::-1]), np.arange(len(known), dtype=np.int32)[::-1].copy()


@settings(deadline=None)
@given(ROWS, STEPS, st.booleans())
def test_a_sieve_counts_each_by_the_first_who_says_no_and_says_who_is_unsure(
    everybody: frozenset[int],
    steps: list[Step],
    is_any_sure: bool,  # noqa: FBT001 -- drawn
) -> None:
    sets, known = kept_as(steps)
    state = np.zeros((3, sets.shape[1]), dtype=np.uint64)
    counts = np.zeros(len(steps), dtype=np.int64)

    totals = passes.sift(words_of(everybody), *ordered(known), sets, state, counts, is_any_sure)

    left, unsure, gone = set(everybody), set[int](), []
    for no, unknown, excludes in steps:
        before = len(left)
        left -= (no or frozenset()) if excludes else frozenset()
        gone.append(before - len(left))
        unsure |= (unknown or frozenset()) | (frozenset() if excludes else no or frozenset())
    unsure = set() if is_any_sure else unsure & left
    assert (counts.tolist(), totals) == (gone, (len(left), len(unsure)))
    assert [bits.rows_of(each).tolist() for each in state] == [sorted(left), sorted(unsure), sorted(left - unsure)]


@settings(deadline=None)
@given(ROWS, STEPS, ROWS)
def test_a_set_is_taken_off_as_by_a_step_that_excludes(
    everybody: frozenset[int], steps: list[Step], whom: frozenset[int]
) -> None:
    states, found = [], []
    for last in ([], [(whom, None, True)]):
        sets, known = kept_as([*steps, *last])
        state, counts = np.zeros((3, sets.shape[1]), dtype=np.uint64), np.zeros(len(known), np.int64)
        how = (*ordered(known), sets, state, counts, False)
        totals = passes.sift(words_of(everybody), *how)
        states.append(state)
        found.append([*counts.tolist(), *totals])

    taken_off = passes.take_off(words_of(whom), states[0])

    assert [*taken_off] == found[1][-3:]
    assert states[0].tolist() == states[1].tolist()


def test_a_pass_says_which_step_is_not_known_and_does_nothing() -> None:
    words = words_of(frozenset({1, 5}))
    known = np.array([[0, -1, 1, 0, -1, 0, -1, 0]] * 3, dtype=np.int32)
    known[1, 0] = passes.MISSING
    state, counts = np.zeros((3, len(words)), dtype=np.uint64), np.zeros(1, dtype=np.int64)

    def sifted(*numbers: int) -> tuple[int, int]:
        how = (words, known, np.array(numbers, np.int32), words[None, :].copy(), state, counts, False)
        return passes.sift(*how)

    assert (sifted(0, 1, 2), sifted(0, 2, 3)) == ((passes.MISSING, 1), (passes.MISSING, 2))
    assert not state.any()
    assert not counts.any()
    assert (sifted(0, 2, 0), counts.tolist()) == ((0, 0), [2])


@settings(deadline=None)
@given(st.lists(st.tuples(ROWS, st.sampled_from(Verdict)), min_size=1, max_size=6), st.randoms(use_true_random=False))
def test_who_has_a_value_is_gathered_by_what_is_said_of_it(
    values: list[tuple[frozenset[int], Verdict]], random: Random
) -> None:
    numbers = random.sample(range(10), len(values))
    verdicts = bytearray(random.randrange(3) for _ in range(10))
    for number, (_, verdict) in zip(numbers, values, strict=True):
        verdicts[number] = verdict
    sets = np.array([words_of(rows) for rows, _ in values])
    found = np.full((2, len(words_of(frozenset()))), 7, dtype=np.uint64)

    is_any = passes.gather(np.frombuffer(bytes(verdicts), np.uint8), np.array(numbers, np.int64), sets, found)

    for verdict, there, row in zip((Verdict.NO, Verdict.UNKNOWN), is_any, found, strict=True):
        meant = [rows for rows, said in values if said is verdict]
        assert bits.rows_of(row).tolist() == sorted(frozenset[int]().union(*meant))
        assert there == bool(meant)


#: of a row: the number that it has of a facet, and whether its vetting has ended
FAR = {np.uint16: 700, np.uint32: 70_000}  #: beyond what fits in one byte less
MOST = 30_000  #: marks
MET = st.lists(st.tuples(st.integers(0, LENGTH - 1), st.integers(0, 3), st.booleans()), max_size=20)


@settings(deadline=None)
@given(STEPS, MET, st.sampled_from((np.uint16, np.uint32)))
def test_a_mark_stands_for_a_step_that_says_unknown_or_a_no_that_excludes_nobody(
    steps: list[Step], met: list[tuple[int, int, bool]], number_type: Any
) -> None:
    sets, known = kept_as(steps)
    facts = np.zeros(len(met), dtype=FACT)
    facts["vetting_ends_us"] = [4 if has_ended else 6 for _, _, has_ended in met]
    far = FAR[number_type]
    table = np.array([[0, far + number] for _, number, _ in met], dtype=number_type).reshape(-1, 2)
    told = np.zeros((len(met), telling.TOLD), dtype=np.int64)

    open_count, _ = telling.tell(
        sets,
        *ordered(known),
        (np.arange(far + ENDED + 4) % MOST).astype(marks.MARK_TYPE).view(np.uint8),
        np.array([(row, place, 0) for place, (row, _, _) in enumerate(met)], dtype=np.int64).reshape(-1, 3),
        table.view(np.uint8),
        table.itemsize,
        facts,
        5,
        5,
        0,
        0.0,
        BAND_ENDS_MM,
        0,
        0,
        np.empty((0, 0), dtype=np.int8),
        told,
    )

    said = [
        [
            number
            for number, (no, unknown, excludes) in enumerate(steps)
            if row in (unknown or ()) or (row in (no or ()) and not excludes)
        ]
        for row, _, _ in met
    ]
    meant = [
        [((far + (ENDED if has_ended else STANDING) + value) % MOST, OPEN, ALIKE)[number % 3] for number in each]
        for each, (_, value, has_ended) in zip(said, met, strict=True)
    ]
    found = told[:, telling.MARKS :].tolist()
    assert [row[: len(each)] for row, each in zip(found, meant, strict=True)] == meant
    assert not any(any(row[len(each) :]) for row, each in zip(found, meant, strict=True))
    assert told[:, telling.MARK_COUNT].tolist() == list(map(len, meant))
    assert open_count == sum(number < 0 for each in meant for number in each)


@given(st.lists(st.integers(0, 3), min_size=len(CONSTRAINTS), max_size=len(CONSTRAINTS)))
def test_what_excluded_most_comes_first_and_who_excluded_as_many_by_name(counts: list[int]) -> None:
    named = [(each.name, count) for each, count in zip(CONSTRAINTS, counts, strict=True) if count]

    found = excluded_by(np.array(counts, dtype=np.int64))

    assert [*found.items()] == sorted(named, key=lambda pair: (-pair[1], pair[0]))


def test_sets_stay_where_they_are_while_others_come() -> None:
    store = a_store(1)
    before = store.sets
    numbers = [store.place((np.array([each], dtype=np.uint64), None))[0] for each in range(100)]

    assert [int(store.sets[number, 0]) for number in numbers] == list(range(100))
    assert before[:16, 0].tolist() == list(range(16))  # whoever reads the old ones reads on


def twice(number: int) -> int:
    return 2 * number


def test_a_pass_works_where_no_folder_can_be_written(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(numba_caching.CompileResultCacheImpl, "_locator_classes", [])

    double: Callable[[int], int] = compiling.compiled("i8(i8)")(twice)

    assert double(21) == 42


def test_a_pass_takes_what_it_was_compiled_for_and_nothing_else() -> None:
    floats: Any = np.zeros(1)
    with pytest.raises(TypeError):
        passes.take_off(floats, np.zeros((3, 1), dtype=np.uint64))


def test_in_operation_a_pass_does_the_same_without_a_look_at_what_it_is_given() -> None:
    unchecked = [each for each, checked in compiling.CHECKED.items() if checked is passes.take_off]
    totals = []
    for take_off in (passes.take_off, *unchecked):
        state = np.full((3, 2), 7, dtype=np.uint64)
        totals.append((take_off(np.array([5, 0], dtype=np.uint64), state), state.tolist()))

    assert totals == totals[:1] * 2


def test_only_the_index_is_compiled() -> None:
    """One part of the house knows the compiler: a service without it starts without it."""
    top = Path(services.__file__).parent
    naming = {
        path.relative_to(top).parts[:2]
        for path in top.rglob("*.py")
        for node in ast.walk(ast.parse(path.read_bytes()))
        if (isinstance(node, ast.ImportFrom) and (node.module or "").partition(".")[0] == "numba")
        or (isinstance(node, ast.Import) and any(each.name.partition(".")[0] == "numba" for each in node.names))
    }

    assert naming == {("matching", "index")}
