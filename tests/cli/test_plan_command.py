"""R52: `ihala plan` reads a tally and prints lists that a team leader can carry, in three languages and as JSON."""

import json
from pathlib import Path

import pytest
from rich.console import Console

from ihala.cli.output import to_json
from ihala.cli.page import Page
from ihala.cli.plan_commands import plan_document
from ihala.cli.plan_page import show_plan
from ihala.cli.plan_words import WORDS
from ihala.directory.v1 import directory_pb2 as dir_pb
from ihala.geo.v1 import geo_pb2
from ihala.matching.v1 import matching_pb2 as pb
from ihala.plan import PlanAnswer
from ihala.plan_wire import plan_from_json, plan_from_wire
from services.errors import InvalidInput, Reason
from services.geo import Point

EXAMPLE = Path("demo/plan-tripoli.json")


@pytest.fixture
def answer() -> PlanAnswer:
    house = pb.Match(
        provider_id="p-1",
        names=[dir_pb.LocalizedText(language="ar", text="دار"), dir_pb.LocalizedText(language="en", text="House [1]")],
        contacts=[dir_pb.Contact(kind=dir_pb.CONTACT_KIND_PHONE, value="+218 0")],
    )
    secret = pb.Match(provider_id="p-2", names=[dir_pb.LocalizedText(language="en", text="Site 2")])
    band = geo_pb2.Reach(band=geo_pb2.DISTANCE_BAND_UNDER_25_KM)
    near = geo_pb2.Reach(distance_m=1500)
    part = pb.Assignment(label="women", code="ACC-EMG", provider_id="p-1", count=5, cost_m=7500, reach=near)
    part.items.add(population="women", count=5)
    family = pb.Assignment(label="sisters", code="ACC-EMG", provider_id="p-2", count=2, reach=band, party_no=1)
    left = pb.Unassigned(label="men", code="ACC-EMG", count=3, ask_first_count=1, ask_first=[house])
    left.excluded.add(constraint="places", provider_count=4)
    return plan_from_wire(
        pb.PlanMatchesResponse(
            assignments=[part, family],
            unassigned=[left],
            providers=[house, secret],
            conflicts=[pb.PlanConflict(labels=["a", "b"], keep_apart="x")],
            total_cost_m=9500,
            bound_m=9500,
            greedy_cost_m=9900,
            placed_count=7,
            greedy_placed_count=7,
            method=pb.PLAN_METHOD_MIXED_INTEGER,
            optimal=True,
            match_token="signed",
        ),
        pb.PlanMatchesRequest(),
    )


@pytest.mark.parametrize("language", WORDS)
def test_r52_the_lists_say_who_goes_where_and_who_comes_to_whom(answer: PlanAnswer, language: str) -> None:
    console = Console(width=200)

    with console.capture() as printed:
        show_plan(Page(console, language), answer)
    text = printed.get()

    words = WORDS[language]
    assert all(words[each] in text for each in ("groups", "providers", "left", "proven", "promise"))
    assert ("دار" if language == "ar" else "House [1]") in text
    assert "+218 0" in text
    assert f"{words['places']} 4" in text
    assert {"en": "under 25 km", "fr": "moins de 25 km", "ar": "أقل من 25 كم"}[language] in text


def test_the_document_has_the_keys_of_the_contract(answer: PlanAnswer) -> None:
    document = json.loads(to_json(plan_document(answer)))

    assert {"assignments", "unassigned", "total_cost_m", "bound_m", "optimal", "greedy_cost_m"} <= document.keys()
    assert document["assignments"][0]["items"] == {"women": 5}
    assert document["assignments"][1]["distance_band"] == "UNDER_25_KM"
    assert document["assignments"][1]["cost_m"] is None
    assert document["match_token"].startswith("signed~")


def test_every_language_has_the_same_words() -> None:
    assert len({frozenset(words) for words in WORDS.values()}) == 1
    for key in ("group_head", "provider_head", "left_head"):
        assert len({words[key].count("|") for words in WORDS.values()}) == 1


def test_the_example_is_a_plan_and_a_start_replaces_its_own() -> None:
    document = json.loads(EXAMPLE.read_text(encoding="utf-8"))

    request = plan_from_json(document, Point(33, 13), None)

    assert [each.label for each in request.groups] == ["women", "men", "man who gave orders", "sisters"]
    assert request.origin.point.latitude_deg == pytest.approx(33)


def test_a_file_with_a_field_that_there_is_not_is_refused() -> None:
    with pytest.raises(InvalidInput) as caught:
        plan_from_json({"groups": [], "people": 3}, None, None)

    assert caught.value.reason is Reason.UNKNOWN_FIELD
