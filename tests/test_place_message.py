"""One SMS says how many places are free, or nothing at all."""

import pytest

from ihala.place_message import reports_of_message
from services.errors import InvalidInput


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("PLACES girls 3/6", [("girls", 6, 3)]),
        ("places Women 0/10, men 2/2", [("women", 10, 10), ("men", 2, 0)]),
        ("Places femmes 1/4 garçons 2/5.", [("women", 4, 3), ("boys", 5, 3)]),
        ("أماكن فتيات ٣/٦، نساء ٠/١٠", [("girls", 6, 3), ("women", 10, 10)]),
        ("PLACES transgender 1/1 People with a disability 2/3", [("transgender", 1, 0), ("disability", 3, 1)]),
        ("PLACES anyone 0/0", [("anyone", 0, 0)]),
        ("  places\tgirls 3 / 6 ", [("girls", 6, 3)]),
    ],
)
def test_a_message_says_free_of_all_by_population(text: str, expected: list[tuple[str, int, int]]) -> None:
    reports = reports_of_message(text)

    assert [(each.population, each.total, each.occupied) for each in reports] == expected


@pytest.mark.parametrize(
    "text",
    [
        "",
        "PLACES",
        "girls 3/6",
        "PLACES girls 3",
        "PLACES girls 7/6",
        "PLACES girls -1/6",
        "PLACES girls 3/6 and one more",
        "PLACES dragons 3/6",
        "PLACES girls 3/6 girls 2/6",
        "PLACES girls 3/6/9",
        "PLACES girls 3/9999999",
        "PLACES girls 3/200000",
        "PLACES girls ²/6",
        "PLACES " + "girls 3/6 " * 60,
    ],
)
def test_what_is_not_understood_as_a_whole_reports_nothing(text: str) -> None:
    with pytest.raises(InvalidInput) as caught:
        reports_of_message(text)

    assert caught.value.fields[0].field == "message"
    assert "dragons" not in str(caught.value)
