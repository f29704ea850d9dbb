"""What the index keeps of places says the same as the constraint of each house, whatever is taken meanwhile."""

from typing import Any

from hypothesis import given, settings
from hypothesis import strategies as st

from services.matching.constraints.places import ASK_PLACES, ASK_POPULATION
from services.matching.index.kept import Kept
from services.matching.index.snapshot import Snapshot
from services.matching.index.times import microseconds
from services.matching.model.person import AgeRange, Person
from services.matching.model.provider import Claim, RuleKind
from services.matching.model.request import Item, TakenPlaces
from services.matching.ranking import find, row_of
from tests.matching.samples import FOR_ALL, NOON, TRIPOLI, a_need, a_person, a_provider, a_report, a_rule, asked
from tests.matching.scan import full_scan, lists_of

POPULATIONS = st.sampled_from(["women", "men", "girls", "boys", "transgender", "anyone"])
FOR_CHILDREN = FOR_ALL | {a_rule(RuleKind.AGE, Claim.NO, ages=(18, None))}
COUNTS = st.none() | st.integers(0, 3)
HOUSES = st.lists(
    st.fixed_dictionaries(
        {
            # a population may be reported twice
            "place_reports": st.lists(st.builds(a_report, POPULATIONS, COUNTS, COUNTS), max_size=4).map(tuple),
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
NEEDS = st.builds(
    a_need,
    st.just("ACC-EMG"),
    st.builds(Item, POPULATIONS, st.integers(1, 3)),
    st.builds(Item, POPULATIONS, st.just(1)),
) | st.just(a_need("ACC-EMG"))
TAKEN = st.none() | st.dictionaries(
    st.tuples(st.sampled_from(["pool-1", "pool-2", "another"]), POPULATIONS), st.integers(1, 4)
)
WOMAN = a_person(age=AgeRange(30, 30), gender="woman")


@settings(max_examples=150, deadline=None)
@given(HOUSES, st.lists(st.tuples(NEEDS, PERSONS), min_size=1, max_size=3), st.lists(TAKEN, min_size=1, max_size=3))
def test_what_is_kept_is_as_each_house_says_whatever_is_taken_meanwhile(
    houses: list[dict[str, Any]], questions: list[tuple[Any, Person | None]], states: list[TakenPlaces | None]
) -> None:
    providers = [a_provider(f"p-{number}", code="ACC-EMG", **each) for number, each in enumerate(houses)]
    snapshot = Snapshot.of("epoch", 1, providers)

    for taken in states + states:
        for need, person in questions:
            question = asked(need, person=person, taken=taken)
            answer = find(snapshot, question, 10)

            assert lists_of(answer) == full_scan(providers, question, 10)
            for row in (*answer.matches, *answer.ask_first):
                assert row == row_of(question, row.provider, TRIPOLI)


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
