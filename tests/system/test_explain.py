"""R38 and R40 through the command line: every group is served or its gap is named, and why is said in words."""

import json

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
}


@pytest.mark.parametrize("group", GROUPS)
@pytest.mark.parametrize("code", ["ACC-EMG", "HEA-EMG"])
def test_r38_every_group_is_served_or_the_gap_is_named(house: House, group: str, code: str) -> None:
    asked = ("--at", TRIPOLI, "--need", code, "--language", "ar", *GROUPS[group])
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


@pytest.mark.parametrize("family", ["with_adolescent_son", "father_with_children", "couple"])
def test_r38_families_are_served_or_the_gap_is_named(house: House, family: str) -> None:
    case = {
        "needs": [{"code": "ACC-EMG"}],
        "origin": {"at": TRIPOLI},
        "person": {"age": {"min_years": 35, "max_years": 40}, "sex": "SEX_MALE", "family": {"codes": [family]}},
    }
    need = house.json("match", "--case", "-", typed=json.dumps(case))["needs"][0]

    assert need["matches"] or need["ask_first"] or need["excluded"]
