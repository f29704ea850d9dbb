"""What is typed for places, ages, people and times is read as meant, or refused with the rule."""

from collections.abc import Sequence
from datetime import UTC, datetime
from typing import Any, cast

import pytest

from ihala.cli import typed
from ihala.client import Absence, PlaceId, between
from ihala.directory_client import Directory
from ihala.person import AgeBasis, AgeRange, Gender, Sex
from ihala.records import Town
from services.errors import IhalaError, InvalidInput, NotFound, Reason
from services.geo import AreaCell, Point


class Towns:
    """Towns of two countries that share a name."""

    def __init__(self) -> None:
        self.asked: list[tuple[str, str]] = []

    async def resolve_place(self, text: str, country_code: str = "", *, limit: int = 10) -> list[Town]:
        self.asked.append((text, country_code))
        towns = [a_town("LY", 1_150_989), a_town("LB", 229_398)]
        return [town for town in towns if text == "Tripoli" and country_code in {"", town.country_code}]


def a_town(country_code: str, population: int) -> Town:
    return Town(
        place_id=f"geonames:{population}",
        name="Tripoli",
        other_names=(),
        country_code=country_code,
        point=Point(0, 0),
        population=population,
        time_zone="UTC",
    )


async def start(text: str, country_code: str = "") -> typed.Start:
    return await typed.start_of(text, country_code, cast("Directory", Towns()))


@pytest.mark.parametrize(
    ("text", "latitude_deg", "longitude_deg"),
    [
        ("32.8874,13.1873", 32.8874, 13.1873),
        ("0,0", 0, 0),
        ("-33.9, 18.4", -33.9, 18.4),
        (" -0.5 ,-180", -0.5, -180),
        ("90,180", 90, 180),
        ("1e1,2", 10, 2),
    ],
)
async def test_two_numbers_are_a_point(text: str, latitude_deg: float, longitude_deg: float) -> None:
    assert (await start(text)).origin == Point(latitude_deg, longitude_deg)


async def test_a_place_id_and_a_cell_are_taken_as_they_are() -> None:
    assert (await start("geonames:2210247")).origin == PlaceId("geonames:2210247")
    assert (await start("84384b3ffffffff")).origin == AreaCell("84384b3ffffffff")


async def test_of_towns_of_one_name_the_most_populous_is_taken_and_that_is_said(
    capsys: pytest.CaptureFixture[str],
) -> None:
    assert (await start("Tripoli")).document["country_code"] == "LY"
    assert "Tripoli, LB" in capsys.readouterr().err


async def test_a_country_before_a_colon_says_which_town_is_meant(capsys: pytest.CaptureFixture[str]) -> None:
    assert (await start("LB:Tripoli")).document["country_code"] == "LB"
    assert (await start("Tripoli", "LB")).document["country_code"] == "LB"
    assert capsys.readouterr().err == ""


@pytest.mark.parametrize(
    ("text", "kind", "field"),
    [
        ("91,0", InvalidInput, "latitude_deg"),
        ("0,181", InvalidInput, "longitude_deg"),
        ("nan,0", InvalidInput, "at"),
        ("inf,0", InvalidInput, "at"),
        ("32.8874", NotFound, "at"),
        ("32,8874,13,1873", InvalidInput, "at"),
        ("", InvalidInput, "at"),
        ("Atlantis", NotFound, "at"),
        ("8a384b3ffffffff", InvalidInput, "h3_cell"),
    ],
)
async def test_what_is_no_place_is_refused_with_its_field(text: str, kind: type[IhalaError], field: str) -> None:
    with pytest.raises(kind) as caught:
        await start(text)

    assert [fault.field for fault in caught.value.fields] == [field]


@pytest.mark.parametrize(
    ("text", "age"),
    [
        (None, Absence.NOT_ASKED),
        ("unknown", Absence.ASKED_NOT_KNOWN),
        ("16", between(16, 16)),
        ("15-17", between(15, 17)),
        ("0", between(0, 0)),
    ],
)
def test_an_age_is_a_number_a_range_or_unknown(text: str | None, age: AgeRange | Absence) -> None:
    assert typed.age_of(text) == age


def test_an_age_has_its_basis() -> None:
    assert typed.age_of("17", "disputed") == AgeRange(17, 17, AgeBasis.DISPUTED)


@pytest.mark.parametrize("text", ["17-15", "131", "-3", "15-", "sixteen", "", "2008-01-01"])
def test_what_is_no_age_is_refused(text: str) -> None:
    with pytest.raises(InvalidInput):
        typed.age_of(text)


@pytest.mark.parametrize(
    ("text", "facts"),
    [
        (None, (Absence.NOT_ASKED, Absence.NOT_ASKED)),
        ("unknown", (Absence.NOT_ASKED, Absence.ASKED_NOT_KNOWN)),
        ("declined", (Absence.NOT_ASKED, Absence.DECLINED)),
        ("female", (Sex.FEMALE, Absence.NOT_ASKED)),
        ("transgender_woman", (Absence.NOT_ASKED, Gender.TRANSGENDER_WOMAN)),
    ],
)
def test_sex_and_gender_stay_apart(text: str | None, facts: tuple[Any, Any]) -> None:
    assert typed.gender_of(text) == facts


def test_a_word_outside_its_list_is_an_unknown_code() -> None:
    with pytest.raises(InvalidInput, match="must be one of woman, man") as caught:
        typed.gender_of("girl")

    assert caught.value.reason is Reason.UNKNOWN_CODE


@pytest.mark.parametrize(
    ("texts", "languages"),
    [(None, Absence.NOT_ASKED), ([], Absence.NOT_ASKED), (["unknown"], Absence.ASKED_NOT_KNOWN), (["ti"], ("ti",))],
)
def test_no_language_is_not_asked(texts: Sequence[str] | None, languages: Any) -> None:
    assert typed.codes_of(texts) == languages


def test_a_day_means_its_noon_and_a_time_needs_its_zone() -> None:
    assert typed.time_of("2015-02-15", "when") == datetime(2015, 2, 15, 12, tzinfo=UTC)
    assert typed.time_of("2015-02-15T10:00:00+02:00", "when") == datetime(2015, 2, 15, 8, tzinfo=UTC)
    for text in ("2015-02-15T10:00", "2015-02-30", "tomorrow", ""):
        with pytest.raises(InvalidInput, match="when must be a day"):
            typed.time_of(text, "when")
