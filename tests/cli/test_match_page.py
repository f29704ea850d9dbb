"""Answers and explanations as a social worker reads them, in three languages."""

from collections.abc import Callable
from datetime import UTC, datetime, timedelta
from functools import partial

import pytest
from rich.console import Console

from ihala.answer import Answer
from ihala.cli.documents import answer_document, row_document
from ihala.cli.explain_page import explain_document, show_explanation
from ihala.cli.match_page import show_answer
from ihala.cli.match_words import LANGUAGES, WORDS
from ihala.cli.page import Page, read_language
from ihala.directory.v1 import directory_pb2 as dir_pb
from ihala.explain_wire import explanations_from_wire
from ihala.explanation import ExplainAnswer
from ihala.geo.v1 import geo_pb2
from ihala.match_wire import answer_from_wire
from ihala.matching.v1 import matching_pb2 as pb
from services.errors import InvalidInput, Reason

NINE = datetime(2026, 11, 21, 19, 0, tzinfo=UTC)  # 21:00 in Tripoli


def a_match(provider_id: str = "p-1") -> pb.Match:
    row = pb.Match(
        provider_id=provider_id,
        names=[dir_pb.LocalizedText(language="ar", text="دار"), dir_pb.LocalizedText(language="en", text="House [1]")],
        reach=geo_pb2.Reach(distance_m=9800),
        open=pb.OPEN_STATE_OPEN,
        time_zone="Africa/Tripoli",
        places=pb.PlacesView(kind=pb.PLACES_KIND_COUNTED, free_place_count=2, population="girls"),
        cautions=[pb.Caution(constraint="vetting", code="not_met"), pb.Caution(constraint="open", code="ring_first")],
        unknowns=[
            pb.Unknown(constraint="age", question="age", ask="person"),
            pb.Unknown(constraint="age", question="age", ask="provider"),
        ],
    )
    row.travel.mode = pb.TRAVEL_MODE_CAR
    row.travel.duration.FromTimedelta(timedelta(minutes=16))
    row.travel.arrival_time.FromDatetime(NINE + timedelta(minutes=20))
    clock = row.clinical_clocks.add(code="hiv_prophylaxis")
    clock.left.FromTimedelta(timedelta(hours=11, minutes=40))
    row.clinical_clocks.add(code="emergency_contraception").left.FromTimedelta(-timedelta(hours=1))
    return row


@pytest.fixture
def answer() -> Answer:
    response = pb.FindMatchesResponse(
        needs=[
            pb.NeedMatches(
                code="HEA-SGV",
                matches=[a_match()],
                excluded=[pb.Excluded(constraint="safety", provider_count=2)],
                confidential_safety_count=1,
                questions=["hours_since_event"],
            ),
            pb.NeedMatches(
                need_no=1,
                code="LEG-GRD",
                added_by="R35",
                excluded=[pb.Excluded(constraint="age", provider_count=7)],
            ),
        ],
        directory_revision=7,
        rules_version="3",
        safety_conflicts=[pb.SafetyConflict(code="same_place", person_refs=["x-1"])],
        rescreen=pb.Rescreen(questions=["free_to_go"]),
    )
    response.evaluated_time.FromDatetime(NINE)
    return answer_from_wire(response, pb.FindMatchesRequest())


@pytest.fixture
def explained() -> ExplainAnswer:
    change = pb.LeastChange(kind=pb.CHANGE_KIND_RELAX, constraint="language", code="interpreter", turns=["language"])
    farther = pb.LeastChange(kind=pb.CHANGE_KIND_RELAX, constraint="distance", code="max_distance", cost_m=2500)
    response = pb.ExplainMatchResponse(
        code="LEG-ADV",
        explanations=[
            pb.Explanation(
                provider_id="p-1",
                standing=pb.STANDING_EXCLUDED,
                constraints=[
                    pb.ConstraintVerdict(constraint="service", verdict=pb.VERDICT_YES, requirement="R21"),
                    pb.ConstraintVerdict(constraint="language", verdict=pb.VERDICT_NO, requirement="R40"),
                    pb.ConstraintVerdict(
                        constraint="age", verdict=pb.VERDICT_UNKNOWN, question="age", ask="provider", requirement="R38"
                    ),
                    pb.ConstraintVerdict(constraint="safety", verdict=pb.VERDICT_NO, requirement="R22"),
                ],
                least_change=[change, farther],
                fixed=["safety"],
                match=a_match(),
            )
        ],
        changes=[pb.SharedChange(change=change, settled_count=3, unlocked_count=3)],
        confidential_excluded=[pb.Excluded(constraint="age", provider_count=1)],
    )
    response.evaluated_time.FromDatetime(NINE)
    return explanations_from_wire(response)


def printed(language: str, show: Callable[[Page], None]) -> str:
    console = Console(width=220)
    with console.capture() as caught:
        show(Page(console, language))
    return caught.get()


@pytest.mark.parametrize(
    ("language", "expected"),
    [
        ("en", ["9.8 km", "House [1]", "HIV prophylaxis: 11 h 40 min left", "has run out by then", "is not vetted",
                "How old are you?", "Which ages do you take?", "How many hours ago did it happen?",
                "excluded for a safety reason (1 of them confidential sites)", "ring first", "2 Girls",
                "added: a child without a carer needs a guardian", "7 - does not take this age",
                "Can you leave, and stop working", "one to stay with is where one to avoid is: x-1"]),
        ("fr", ["9,8 km", "prophylaxie du VIH : reste 11 h 40 min", "exclu pour une raison de sécurité",
                "Quel âge avez-vous ?", "ajouté : un enfant sans accompagnant", "2 Filles"]),
        ("ar", ["دار", "9.8 كم", "مستبعد لسبب يتعلق بالسلامة", "كم عمرك؟", "2 فتيات", "أضيف"]),
    ],
)  # fmt: skip
def test_the_page_says_who_when_what_to_ask_and_what_to_know(
    answer: Answer, language: str, expected: list[str]
) -> None:
    text = printed(language, lambda page: show_answer(page, answer))

    assert [each for each in [*expected, "21:20"] if each not in text] == []
    assert WORDS[language]["none_found"].rstrip(": ") in text


@pytest.mark.parametrize(
    ("language", "expected"),
    [
        ("en", ["speaks no language of the person", "Ask the provider: Which ages do you take?",
                "an interpreter joins by telephone - 3 of the nearest would fit by this alone",
                "go farther than asked for (2.5 km farther)", "excluded for a safety reason"]),
        ("fr", ["ne parle aucune langue de la personne", "3 des plus proches conviendraient"]),
        ("ar", ["لا يتكلم لغة الشخص", "ينضم مترجم عبر الهاتف"]),
    ],
)  # fmt: skip
@pytest.mark.parametrize("is_one", [True, False])
def test_an_explanation_says_what_stands_in_the_way_and_what_would_help(
    explained: ExplainAnswer, language: str, expected: list[str], *, is_one: bool
) -> None:
    text = printed(language, lambda page: show_explanation(page, explained, is_one=is_one))

    assert [each for each in expected if each not in text] == []
    assert ("R21" in text) == is_one


def test_arabic_is_read_from_the_right_and_nothing_from_outside_turns_it(answer: Answer) -> None:
    lines = printed("ar", lambda page: show_answer(page, answer)).splitlines()

    head = next(line for line in lines if "المسافة" in line)
    assert head.index("للعلم") < head.index("المسافة") < head.index("الاسم")
    row = next(line for line in lines if "p-1" in line)
    assert row.rstrip().endswith("\u2068دار\u2069")
    assert row.count("\u2068") == row.count("\u2069")


def test_who_can_meet_several_needs_is_said_to_be_one_stop() -> None:
    needs = [
        pb.NeedMatches(need_no=no, code=code, matches=[a_match()]) for no, code in enumerate(["HEA-SGV", "ACC-EMG"])
    ]
    found = answer_from_wire(pb.FindMatchesResponse(needs=needs), pb.FindMatchesRequest())

    text = printed("en", lambda page: show_answer(page, found))

    assert "one stop, also: Emergency safe place for the night" in text
    assert "one stop, also: Medical care after rape" in text


def test_no_sentence_of_one_language_is_missing_in_another() -> None:
    assert len({frozenset(words) for words in WORDS.values()}) == 1
    for key in WORDS["en"]:
        assert len({words[key].count("|") for words in WORDS.values()}) == 1
        assert len({words[key].count("{") for words in WORDS.values()}) == 1


def test_another_language_is_refused() -> None:
    with pytest.raises(InvalidInput) as caught:
        read_language("de")

    assert caught.value.reason is Reason.UNKNOWN_CODE
    assert [read_language(each) for each in LANGUAGES] == list(LANGUAGES)


def test_the_documents_have_the_keys_of_the_contract(answer: Answer, explained: ExplainAnswer) -> None:
    found = answer_document(answer, {}, "token")
    why = explain_document([explained])

    assert found["needs"][0]["matches"][0]["travel"]["duration_s"] == 960
    assert found["needs"][0]["matches"][0]["clinical_clocks"][0]["left_s"] == 42_000
    assert found["needs"][1]["added_by"] == "R35"
    assert found["rescreen"] == ("free_to_go",)
    assert [each["words"] for each in why["constraints"][:2]] == [
        "It offers this service",
        "speaks no language of the person",
    ]
    assert {"name", "verdict", "words", "requirement"} <= why["constraints"][0].keys()
    assert why["least_change"][0]["words"] == "an interpreter joins by telephone"


@pytest.mark.parametrize(
    ("language", "words"),
    [("en", "as if 5.0 km farther"), ("fr", "comme 5,0 km plus loin"), ("ar", "أبعد")],
)
def test_silence_is_stated_beside_the_row_and_in_the_document(answer: Answer, language: str, words: str) -> None:
    """A penalty is told with its size, in every table (domain 2.1)."""
    row = a_match()
    row.cost_m = 14_800
    row.cost_parts.add(code="distance", cost_m=9_800)
    row.cost_parts.add(code="silence", cost_m=5_000)
    response = pb.FindMatchesResponse(needs=[pb.NeedMatches(code="LEG-ADV", matches=[row])])
    response.evaluated_time.FromDatetime(NINE)
    silent = answer_from_wire(response, pb.FindMatchesRequest())

    text = [printed(language, partial(show_answer, answer=each)) for each in (silent, answer)]

    assert [" ".join(each.split()).count(words) for each in text] == [1, 0]
    assert row_document(silent.needs[0].matches[0])["cost_parts"] == {"distance": 9_800, "silence": 5_000}
