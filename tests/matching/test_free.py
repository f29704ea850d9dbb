"""What the index keeps of places says the same as the constraint of each house, whatever is taken meanwhile."""

from datetime import timedelta
from typing import Any

from hypothesis import given, settings
from hypothesis import strategies as st

from ihala.matching.v1 import matching_pb2 as pb
from services.matching.constraints.places import ASK_PLACES, ASK_POPULATION
from services.matching.index.kept import Kept
from services.matching.index.snapshot import Snapshot
from services.matching.index.times import microseconds
from services.matching.model.person import AgeRange, Person
from services.matching.model.provider import Claim, PlaceReport, RuleKind
from services.matching.model.request import Item, TakenPlaces
from services.matching.model.travel import EPOCH
from services.matching.ranking import find, row_of
from services.matching.wire.answer_wire import need_to_bytes
from tests.matching.samples import FOR_ALL, NOON, TRIPOLI, a_need, a_person, a_provider, a_report, a_rule, asked
from tests.matching.scan import full_scan, lists_of
from tests.matching.test_fragments import whole

POPULATIONS = st.sampled_from(["women", "men", "girls", "boys", "transgender", "anyone"])
FOR_CHILDREN = FOR_ALL | {a_rule(RuleKind.AGE, Claim.NO, ages=(18, None))}
COUNTS = st.none() | st.integers(0, 3) | st.just(2**31 - 1)
TIMES = st.none() | st.sampled_from(
    [NOON, NOON - timedelta(hours=24), NOON - timedelta(hours=24, microseconds=1), EPOCH, EPOCH - timedelta(days=9.1)]
)
# those that nobody asks for are told of too, where nobody says for whom places should be
REPORTED = POPULATIONS | st.just("whoever comes by sea " * 20)
REPORTS = st.builds(PlaceReport, population=REPORTED, total=COUNTS, occupied=COUNTS, report_time=TIMES)
HOUSES = st.lists(
    st.fixed_dictionaries(
        {
            # a population may be reported twice
            "place_reports": st.lists(REPORTS, max_size=4).map(tuple),
            "pool_id": st.sampled_from(["pool-1", "pool-2"]),
            "rules": st.sampled_from([FOR_ALL, FOR_CHILDREN]),
        }
    ),
    max_size=8,
)
PERSONS = st.none() | st.builds(
    Person,
    age=st.sampled_from([None, AgeRange(9, 9), AgeRange(16, 20), AgeRange(16, 16, is_disputed=True), AgeRange(30, 30)]),
    gender=st.sampled_from([None, "woman", "man", "transgender_man", "other"]),
    is_unaccompanied=st.sampled_from([None, True, False]),
    no_reason_to_believe_child=st.booleans(),
)
NEEDS = st.lists(st.builds(Item, POPULATIONS, st.integers(1, 3)), max_size=2).map(
    lambda items: a_need("ACC-EMG", *items)
)
TAKEN = st.none() | st.dictionaries(
    st.tuples(st.sampled_from(["pool-1", "pool-2", "another"]), POPULATIONS), st.integers(1, 4)
)
SILENCES = st.none() | st.dictionaries(st.sampled_from(["p-0", "p-1"]), st.integers(1, 10_000))
WOMAN = a_person(age=AgeRange(30, 30), gender="woman")


@settings(max_examples=150, deadline=None)
@given(
    HOUSES,
    st.integers(0, 4),
    st.lists(st.tuples(NEEDS, PERSONS, SILENCES), min_size=1, max_size=3),
    st.lists(TAKEN, min_size=1, max_size=3),
)
def test_what_is_kept_is_as_each_house_says_whatever_is_taken_meanwhile(
    houses: list[dict[str, Any]],
    changed: int,
    questions: list[tuple[Any, Person | None, dict[str, int] | None]],
    states: list[TakenPlaces | None],
) -> None:
    providers = [a_provider(f"p-{number}", code="ACC-EMG", **each) for number, each in enumerate(houses)]
    snapshot = Snapshot.of("epoch", 1, providers)
    snapshot = snapshot.with_changes(2, {each.provider_id: each for each in providers[:changed]})

    for taken in states + states:
        for need, person, silence_mm in questions:
            question = asked(need, person=person, taken=taken, silence_mm=silence_mm)
            answer = find(snapshot, question, 10)
            rows = [*answer.matches, *answer.ask_first]
            told = pb.NeedMatches.FromString(need_to_bytes(0, answer))

            assert lists_of(answer) == full_scan(providers, question, 10)
            assert rows == [row_of(question, row.provider, TRIPOLI) for row in rows]
            assert [*told.matches, *told.ask_first] == [whole(row) for row in rows]


def test_of_somebody_without_an_age_a_house_is_asked_or_the_person() -> None:
    houses = [
        a_provider("for women", code="ACC-EMG", place_reports=(a_report("women"),)),
        a_provider("silent", code="ACC-EMG", place_reports=()),
        a_provider("full", code="ACC-EMG", place_reports=(a_report("women"), a_report("anyone", 1, 1))),
    ]

    answer = find(Snapshot.of("epoch", 1, houses), asked(a_need("ACC-EMG"), person=a_person(gender="woman")), 10)

    told = {
        row.provider.provider_id: [each.question for each in row.unknowns if each.constraint == "places"]
        for row in answer.ask_first
    }
    assert told == {
        "for women": [ASK_POPULATION.question],
        "silent": [ASK_PLACES.question],
        "full": [ASK_POPULATION.question],
    }


def test_no_more_is_kept_the_oftener_something_is_taken_that_leaves_room() -> None:
    house = a_provider("house", code="ACC-EMG", pool_id="beds", place_reports=(a_report("women", 90, 0),))
    snapshot = Snapshot.of("epoch", 1, [house, a_provider("silent", code="ACC-EMG", place_reports=())])

    def ask(held_count: int) -> tuple[Kept, int]:
        question = asked(a_need("ACC-EMG"), person=WOMAN, taken={("beds", "women"): held_count})
        assert find(snapshot, question, 1).counts.sum() == (held_count == 90)
        shelf, answers = snapshot.base.block.shelf("ACC-EMG"), snapshot.base.block.tables.answers
        kept = shelf.sayings.placed(question.need.service, answers, microseconds(NOON), question.taken).kept
        return kept, len(kept.sets)

    first = ask(1)

    assert all(ask(held_count) == first for held_count in range(2, 91))
