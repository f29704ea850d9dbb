"""R38 and R40 through the command line: every group is served or its gap is named, and why is said in words."""

import json
from typing import Any

import pytest

from tests.house import House

TRIPOLI = "LY:Tripoli"
GROUPS = {
    "a man": ("--age", "30", "--gender", "man"),
    "a boy": ("--age", "15", "--gender", "man", "--unaccompanied"),
    "a woman": ("--age", "30", "--gender", "woman"),
    "a girl": ("--age", "15", "--gender", "woman", "--unaccompanied"),
    "of unknown gender": ("--age", "30", "--gender", "unknown"),
    "of another gender": ("--age", "30", "--gender", "other"),
    "a transgender woman": ("--age", "30", "--gender", "transgender_woman"),
    "of unknown age": ("--age", "unknown", "--gender", "man"),
    "an old man": ("--age", "80", "--gender", "man", "--family", "alone"),
    "in a wheelchair": ("--age", "30", "--gender", "woman", "--accessibility", "step_free"),
    "a mother with children": (
        *("--age", "30", "--gender", "woman"),
        *("--family", "mother_with_children", "--places", "families=3"),
    ),
    "a father alone with children": (
        *("--age", "35-40", "--gender", "man"),
        *("--family", "father_with_children", "--places", "families=2"),
    ),
    "a family with an adolescent son": ("--age", "40", "--gender", "woman", "--family", "with_adolescent_son"),
    "a couple": ("--age", "25", "--gender", "man", "--family", "couple", "--places", "women=1", "--places", "men=1"),
}


@pytest.mark.parametrize("group", GROUPS)
@pytest.mark.parametrize("code", ["ACC-EMG", "HEA-EMG"])
def test_r38_every_group_is_served_or_the_gap_is_named(house: House, group: str, code: str) -> None:
    asked = ["--at", TRIPOLI, "--need", code, "--language", "ar", *GROUPS[group]]
    if code == "HEA-EMG" and "--places" in asked:  # which are of a roof
        asked = asked[: asked.index("--places")]
    need = house.json("match", *asked)["needs"][0]
    page = house.ihala("match", *asked).out

    assert need["matches"] or need["ask_first"] or need["excluded"]
    if code == "HEA-EMG":
        assert need["matches"], "life comes first for everybody (R59)"
    if not (need["matches"] or need["ask_first"]):
        assert "Nobody was found. What stands in the way" in page
    assert ("Left out:" in page) or ("What stands in the way" in page)


def test_r40_explain_says_why_in_words_and_what_would_help(house: House) -> None:
    asked = ("--at", TRIPOLI, "--need", "LEG-ADV", "--age", "30", "--gender", "woman", "--language", "ti")
    answer = house.json("explain", *asked, "--max-distance-km", "5", "--limit", "20")

    (need,) = answer["needs"]
    standings = {each["standing"] for each in need["explanations"]}
    assert {"match", "excluded"} <= standings
    for each in need["explanations"]:
        assert all(verdict["words"] for verdict in each["constraints"])
        assert bool(each["least_change"] or each["fixed"]) == (each["standing"] != "match")
    assert {"max_distance", "interpreter"} <= {each["code"] for each in need["changes"]}

    excluded = next(each for each in need["explanations"] if each["standing"] == "excluded")
    one = house.json("explain", *asked, "--provider", excluded["provider_id"])
    assert {"constraints", "least_change"} <= one.keys()
    assert [each["name"] for each in one["constraints"]] == [each["name"] for each in excluded["constraints"]]
    for language, words in (("en", "What would help most"), ("fr", "Ce qui aiderait le plus"), ("ar", "ما يساعد أكثر")):
        assert words in house.ihala("explain", *asked, "--max-distance-km", "5", "--page-language", language).out


def test_explain_refuses_what_match_refuses_and_finds_nobody_who_is_not_there(house: House) -> None:
    nobody = house.ihala("explain", "--at", TRIPOLI, "--need", "LEG-ADV", "--provider", "nobody", "--format", "json")
    language = house.ihala("explain", "--at", TRIPOLI, "--need", "LEG-ADV", "--page-language", "de", "--format", "json")

    assert (nobody.exit_code, nobody.error["reason"]) == (20, "NOT_FOUND")
    assert (language.exit_code, language.error["reason"]) == (14, "UNKNOWN_CODE")


def test_r38_places_are_asked_for_by_whom_they_are_for_and_must_be_of_a_roof(house: House) -> None:
    """What the options say is what a case in a file says."""
    family = ("--age", "35-40", "--gender", "male", "--family", "father_with_children", "--places", "families=4")
    typed = house.json("match", "--at", TRIPOLI, "--need", "ACC-EMG", *family)
    case = {
        "needs": [{"code": "ACC-EMG", "items": [{"population": "families", "count": 4}]}],
        "origin": {"at": TRIPOLI},
        "person": {
            "age": {"min_years": 35, "max_years": 40},
            "sex": "SEX_MALE",
            "family": {"codes": ["father_with_children"]},
        },
    }
    written = house.json("match", "--case", "-", typed=json.dumps(case))

    assert [_found(each) for each in typed["needs"]] == [_found(each) for each in written["needs"]]


@pytest.mark.parametrize(
    ("typed", "reason", "field", "sent"),
    [
        (("--need", "LEG-ADV", "--places", "girls=2"), "INVALID_FIELD", "places", "girls=2"),
        (("--need", "ACC-EMG", "--places", "2 girls"), "INVALID_FIELD", "places", "2 girls"),
        (("--need", "ACC-EMG", "--places", "dogs=2"), "UNKNOWN_CODE", "needs[0].items[0].population", "dogs=2"),
        (("--need", "ACC-EMG", "--family", "big"), "UNKNOWN_CODE", "person.family.codes", "big"),
        (("--need", "ACC-EMG", "--accessibility", "lift"), "UNKNOWN_CODE", "person.accessibility.codes", "lift"),
    ],
)
def test_what_nobody_can_read_is_told_with_what_was_typed(
    house: House, typed: tuple[str, ...], reason: str, field: str, sent: str
) -> None:
    refused = house.ihala("match", "--at", TRIPOLI, *typed, "--format", "json").error

    assert (refused["reason"], [(each["field"], each["sent"]) for each in refused["fields"]]) == (
        reason,
        [(field, sent)],
    )


def test_r35_and_r40_what_a_rule_added_is_explained_too_or_alone(house: House) -> None:
    child = ("--at", TRIPOLI, "--need", "HEA-PRI", "--age", "15", "--unaccompanied", "--language", "bm")
    whole = house.json("explain", *child)
    guardian = house.json("explain", *child, "--only", "LEG-GRD")
    one = house.json("explain", *child, "--provider", whole["needs"][1]["explanations"][0]["provider_id"])
    wrong = house.ihala("explain", *child, "--only", "ACC-EMG", "--format", "json").error

    assert [(each["code"], each["added_by"]) for each in whole["needs"]] == [
        ("HEA-PRI", ""),
        ("LEG-GRD", "R35"),
        ("LNG-INT", "R40"),
    ]
    assert [each["code"] for each in guardian["needs"]] == ["LEG-GRD"]
    assert [each["code"] for each in one["needs"]] == ["HEA-PRI"]
    assert wrong["fields"] == [
        {"field": "only", "rule": "must be a need of this search: HEA-PRI, LEG-GRD, LNG-INT", "sent": "ACC-EMG"}
    ]


def _found(need: dict[str, Any]) -> Any:
    listed = [each["provider_id"] for name in ("matches", "ask_first") for each in need[name]]
    return need["code"], listed, need["excluded"]
