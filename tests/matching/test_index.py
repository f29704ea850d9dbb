"""The index answers as a full scan would, whatever the directory and the request."""

from collections.abc import Iterable
from datetime import timedelta
from itertools import product
from types import SimpleNamespace
from typing import Any, cast

from hypothesis import given, settings
from hypothesis import strategies as st

from services.geo import Place, Point, cell_at
from services.matching.constraints.table import CONSTRAINTS
from services.matching.index.facets import look
from services.matching.index.snapshot import Snapshot
from services.matching.model.person import AgeRange, Person
from services.matching.model.provider import (
    Claim,
    LanguageOffer,
    Provider,
    ReachOut,
    Reporting,
    RuleKind,
    Status,
    VettingState,
)
from services.matching.model.request import Asked, Item, Need
from services.matching.model.travel import Mode
from services.matching.model.verdicts import YES
from services.matching.ranking import find
from services.taxonomy import Urgency, service
from tests.matching.envelopes import LINES, SERVED, envelopes
from tests.matching.samples import NOON, a_provider, a_report, a_rule, asked
from tests.matching.scan import full_scan, lists_of

CODES = ["ACC-EMG", "ACC-TIP", "ACC-HOT", "HEA-EMG", "LEG-ADV", "LNG-INT", "PRO-POL", "TRN-ESC", "BAS-FOO"]
CLAIMS = st.sampled_from(Claim)
# few positions, so that ties are common, and the odd ones: poles, antimeridian, 0/0
ODD = [Point(90, 0), Point(-90, 13), Point(0, 180), Point(0, -180), Point(0, 0), Point(52.1, 179.99), Point(32.9, 13.2)]
POINTS = st.sampled_from(ODD) | st.builds(
    Point, st.floats(-90, 90).map(lambda each: round(each, 1)), st.floats(-180, 180).map(lambda each: round(each, 1))
)
CELLS = st.builds(cell_at, POINTS, st.integers(3, 6))
PLACES: st.SearchStrategy[Place] = POINTS | CELLS
TIMES = st.none() | st.integers(-2, 2).map(lambda days: NOON + timedelta(days=days))
GENDERS = ["woman", "man", "transgender_woman", "transgender_man", "other"]
RULES = st.one_of(
    st.builds(
        lambda claim, low, span: a_rule(RuleKind.AGE, claim, ages=(low, None if low is None else low + span)),
        CLAIMS,
        st.none() | st.integers(0, 60),
        st.integers(0, 60),
    ),
    st.builds(lambda claim, codes: a_rule(RuleKind.GENDER, claim, *codes), CLAIMS, st.sets(st.sampled_from(GENDERS))),
    st.builds(
        lambda claim, codes: a_rule(RuleKind.FAMILY, claim, *codes),
        CLAIMS,
        st.sets(st.sampled_from(["alone", "couple", "mother_with_children"])),
    ),
    st.builds(lambda claim: a_rule(RuleKind.PROCESS, claim, "som"), CLAIMS),
    st.builds(lambda claim: a_rule(RuleKind.EXPLOITATION, claim, "forced_labour"), CLAIMS),
    st.builds(lambda claim: a_rule(RuleKind.LEGAL_STATUS, claim, "irregular"), CLAIMS),
    st.builds(lambda claim: a_rule(RuleKind.DOCUMENTS, claim), CLAIMS),
    st.builds(lambda claim: a_rule(RuleKind.UNACCOMPANIED_CHILD, claim), CLAIMS),
)
REPORTS = st.lists(
    st.builds(
        a_report,
        st.sampled_from(["women", "men", "girls", "boys", "anyone"]),
        st.none() | st.integers(0, 3),
        st.none() | st.integers(0, 3),
    ),
    max_size=3,
    unique_by=lambda report: report.population,
).map(tuple)
FACTS: dict[str, st.SearchStrategy[Any]] = {
    "place": st.none() | PLACES,
    "location_id": st.sampled_from(["", "l-1", "l-2"]),
    "service_areas": SERVED,
    "country_code": st.sampled_from(["LY", "TN"]),
    "claims": st.dictionaries(st.sampled_from(CODES), CLAIMS, min_size=1).map(lambda each: tuple(sorted(each.items()))),
    "rules": st.frozensets(RULES, max_size=5),
    "languages": st.frozensets(
        st.builds(
            LanguageOffer,
            tag=st.sampled_from(["ar", "ayl", "en", "ti"]),
            by_interpreter=st.booleans(),
            vetted=CLAIMS,
        ),
        max_size=2,
    ),
    "start_time": TIMES,
    "end_time": TIMES,
    "status": st.sampled_from([Status.ACTIVE, Status.ACTIVE, Status.ACTIVE, Status.PAUSED]),
    "vetting": st.sampled_from(VettingState),
    "vetting_expire_time": TIMES,
    "reporting": st.sampled_from(Reporting),
    "co_located": CLAIMS,
    "reach_out": st.sampled_from(ReachOut),
    "place_reports": REPORTS,
    "staff_genders": st.frozensets(st.sampled_from(["woman", "man"])),
    "wheelchair": CLAIMS,
    "works_across_borders": CLAIMS,
    "is_detention": st.booleans(),
}
SURE: dict[str, Any] = {each: getattr(a_provider(), each) for each in FACTS}


@st.composite
def directories(draw: st.DrawFn) -> list[Provider]:
    """Draw a directory of which most facts are good, so that some providers are left at the end."""
    drawn = []
    for number in range(draw(st.integers(0, 60))):
        varied = draw(st.sets(st.sampled_from(sorted(FACTS)), max_size=4)) | {"place", "claims"}
        facts = SURE | {each: draw(FACTS[each]) for each in sorted(varied)}
        drawn.append(Provider(provider_id=f"p-{number:03}", pool_id=f"pool-{number % 7}", **facts))
    return drawn


AGES = st.builds(
    lambda low, span, is_disputed: AgeRange(low, low + span, is_disputed),
    st.integers(0, 40),
    st.integers(0, 6),
    st.booleans(),
)
PERSONS = st.none() | st.builds(
    Person,
    age=st.none() | AGES,
    sex=st.sampled_from([None, "female", "male", "intersex"]),
    gender=st.sampled_from([None, *GENDERS]),
    languages=st.none() | st.frozensets(st.sampled_from(["ar", "ayl", "en", "ti"]), max_size=2),
    family=st.none() | st.frozensets(st.sampled_from(["alone", "couple", "mother_with_children"]), max_size=2),
    process=st.sampled_from([None, "som", "tip_presumed"]),
    exploitation=st.none() | st.frozensets(st.sampled_from(["forced_labour", "servitude"])),
    is_unaccompanied=st.sampled_from([None, True, False]),
    no_reason_to_believe_child=st.booleans(),
    accessibility=st.none() | st.frozensets(st.sampled_from(["step_free", "infant"])),
    has_documents=st.sampled_from([None, True, False]),
    status_class=st.sampled_from([None, "irregular", "national"]),
    accepts_reporting=st.booleans(),
)
NEEDS = st.builds(
    Need,
    service=st.sampled_from(CODES).map(service),
    staff_gender=st.sampled_from(["", "woman"]),
    items=st.lists(st.builds(Item, st.sampled_from(["women", "boys"]), st.integers(1, 3)), max_size=2).map(tuple),
    has_risk_assessment=st.booleans(),
    urgency=st.sampled_from(Urgency),
    is_remote=st.sampled_from([False, False, False, True]),
)


@st.composite
def questions(draw: st.DrawFn) -> Asked:
    """Draw a question, with an envelope that is seen from its origin."""
    origin = draw(PLACES)
    return Asked(
        need=draw(NEEDS),
        origin=origin,
        when_time=NOON + draw(st.sampled_from([timedelta(0), timedelta(0), timedelta(hours=5)])),
        now_time=NOON,
        country_code=draw(st.sampled_from(["LY", "LY", ""])),
        person=draw(PERSONS),
        excluded_provider_ids=draw(st.frozensets(st.sampled_from(["p-000", "p-001", "nobody"]))),
        envelope=draw(envelopes(origin)),
        lines=draw(st.lists(LINES, max_size=2).map(tuple)),
        mode=draw(st.sampled_from(Mode)),
        max_cost_mm=draw(st.none() | st.integers(0, 20_003_932_000)),
        taken=draw(
            st.none()
            | st.dictionaries(st.tuples(st.sampled_from(["pool-1", "pool-2"]), st.just("anyone")), st.integers(0, 9))
        ),
    )


QUESTIONS = questions()


@settings(max_examples=150, deadline=None)
@given(directories(), QUESTIONS, st.integers(1, 12))
def test_the_index_answers_as_a_full_scan(providers: list[Provider], question: Asked, limit: int) -> None:
    answer = find(Snapshot.of("epoch", 1, providers), question, limit)

    assert lists_of(answer) == full_scan(providers, question, limit)


@settings(max_examples=60, deadline=None)
@given(directories(), directories(), QUESTIONS, st.data())
def test_changes_answer_as_a_directory_that_was_always_so(
    before: list[Provider], after: list[Provider], question: Asked, data: st.DataObject
) -> None:
    gone = data.draw(st.sets(st.sampled_from([each.provider_id for each in before]))) if before else set()
    changes = dict.fromkeys(gone) | {each.provider_id: each for each in after}
    half = len(changes) // 2
    snapshot = Snapshot.of("epoch", 1, before)
    for part in (list(changes.items())[:half], list(changes.items())[half:]):
        snapshot = snapshot.with_changes(2, dict(part))

    now = {each.provider_id: each for each in before} | changes
    standing = [each for each in now.values() if each is not None]

    assert lists_of(find(snapshot, question, 10)) == full_scan(standing, question, 10)
    assert lists_of(find(snapshot.rebuilt(), question, 10)) == full_scan(standing, question, 10)
    assert {each.provider_id for each in snapshot.providers()} == {each.provider_id for each in standing}
    assert all(snapshot.provider(each) == now[each] for each in now)


@settings(max_examples=25, deadline=None)
@given(st.lists(PLACES, min_size=200, max_size=400), PLACES, st.integers(1, 20))
def test_many_places_are_narrowed_without_losing_one(places: list[Place], origin: Place, limit: int) -> None:
    providers = [a_provider(f"p-{number:03}", place=place) for number, place in enumerate(places)]
    question = asked(origin=origin)

    assert lists_of(find(Snapshot.of("epoch", 1, providers), question, limit)) == full_scan(providers, question, limit)


def test_a_tie_is_broken_by_id() -> None:
    providers = [a_provider(f"p-{number:02}") for number in reversed(range(50))]

    answer = find(Snapshot.of("epoch", 1, providers), asked(), 3)

    assert [row.provider.provider_id for row in answer.matches] == ["p-00", "p-01", "p-02"]


def test_an_empty_directory_answers_nobody() -> None:
    answer = find(Snapshot.of("epoch", 1, []), asked(), 3)

    assert (answer.matches, answer.ask_first, answer.excluded) == ((), (), ())


def test_a_large_delta_asks_to_be_rebuilt() -> None:
    snapshot = Snapshot.of("epoch", 1, [])

    assert not snapshot.with_changes(2, {"p-1": a_provider()}).wants_rebuild
    assert snapshot.with_changes(2, {f"p-{each}": a_provider(f"p-{each}") for each in range(300)}).wants_rebuild


@settings(max_examples=100, deadline=None)
@given(directories(), QUESTIONS)
def test_a_constraint_looks_at_nothing_but_what_it_names(providers: list[Provider], question: Asked) -> None:
    for constraint, provider in product(CONSTRAINTS, providers[:3]):
        shown: Any = SimpleNamespace()
        for name in constraint.looks_at:
            attribute = name.partition(".")[0]
            setattr(shown, attribute, look(provider, name))
        for method in ("claim_of", "rules_of", "is_vetted", "vetting_expired"):
            setattr(shown, method, getattr(Provider, method).__get__(shown))

        assert constraint.judged(question, cast("Provider", shown)) == constraint.judged(question, provider)


@settings(max_examples=100, deadline=None)
@given(directories(), QUESTIONS)
def test_a_constraint_asks_nothing_but_what_it_names(providers: list[Provider], question: Asked) -> None:
    for constraint, provider in product(CONSTRAINTS, providers[:3]):
        if constraint.asks is not None and constraint.applies(question):
            shown = namespace(question, constraint.asks)

            assert constraint.judge(cast("Asked", shown), provider) == constraint.judge(question, provider)


@settings(max_examples=100, deadline=None)
@given(directories(), QUESTIONS)
def test_a_constraint_is_a_yes_of_all_whom_it_does_not_concern(providers: list[Provider], question: Asked) -> None:
    for constraint, provider in product(CONSTRAINTS, providers[:3]):
        if constraint.only_of is not None and not constraint.only_of(provider):
            assert constraint.judge(question, provider) is YES


def namespace(whole: Any, names: Iterable[str]) -> Any:
    """Show of a value only the attributes with these names, `need.code` and the like."""
    shown = SimpleNamespace(person=None if whole.person is None else SimpleNamespace(), need=SimpleNamespace())
    shown.need.service = SimpleNamespace()
    for name in names:
        *above, last = name.split(".")
        if "person" in above and whole.person is None:
            continue
        target, source = shown, whole
        for each in above:
            target, source = getattr(target, each), getattr(source, each)
        setattr(target, last, getattr(source, last))
    return shown
