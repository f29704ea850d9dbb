"""Hold the words to their rules: every code has its labels, and implies what the requirements say."""

from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from services import taxonomy
from services.errors import InvalidInput, Reason
from services.taxonomy import Clock, Effect, Kind, Rung, Side, Urgency

MAIN_TABLE = """
ACC-EMG ACC-TIP ACC-DV ACC-SV ACC-CHI ACC-TRN ACC-HOT
HEA-EMG HEA-SGV HEA-FOR HEA-MAT HEA-INF HEA-PRI HEA-CHR HEA-DEN HEA-SUB HEA-DIS
PSY-CRI PSY-CNS PSY-GRP
LEG-ADV LEG-REP LEG-IMM LEG-NPN LEG-CMP LEG-DOC LEG-GRD LEG-ASY
PRO-CSM PRO-BIA PRO-SAF PRO-POL LNG-INT LNG-MED
BAS-FOO BAS-NFI BAS-WSH BAS-CSH BAS-COM TRN-ESC FAM-TRC FAM-MED EDU VOC EMP
REC-RRP RET-AVR RES-AFT
"""
FURTHER = """
PRO-IDN PRO-HOT PRO-DET PRO-MIS PRO-AGE TRN-AMB HEA-INJ HEA-NUT HEA-TOR ACC-RST BAS-DAY
LEG-CON REC-EVA FAM-DEC STF-SUP
"""
LIFE_FIRST = {"HEA-EMG", "HEA-SGV", "HEA-INJ", "PSY-CRI", "TRN-AMB", "RES-AFT"}


def every_entry() -> list[tuple[Kind, taxonomy.Term]]:
    return [(kind, entry.term) for kind in Kind for entry in taxonomy.vocabulary(kind)]


class TestVocabularies:
    @pytest.mark.parametrize("kind", Kind)
    def test_every_code_has_a_label_in_every_language(self, kind: Kind) -> None:
        for entry in taxonomy.vocabulary(kind):
            labels = entry.term.labels
            assert set(labels) == set(taxonomy.LABEL_LANGUAGES)
            assert all(label.strip() == label != "" for label in labels.values())

    @pytest.mark.parametrize("kind", Kind)
    def test_arabic_labels_are_written_in_arabic_letters(self, kind: Kind) -> None:
        for entry in taxonomy.vocabulary(kind, "ar"):
            letters = [letter for letter in entry.label if letter.isalpha()]
            assert all("\u0600" <= letter <= "\u06ff" for letter in letters), entry.term.code

    @pytest.mark.parametrize("kind", Kind)
    def test_no_two_codes_of_a_vocabulary_read_alike(self, kind: Kind) -> None:
        for language in taxonomy.LABEL_LANGUAGES:
            # a group may be called as its only part is
            labels = [
                entry.label for entry in taxonomy.vocabulary(kind, language) if entry.term.code not in taxonomy.GROUPS
            ]
            assert len(set(labels)) == len(labels)

    @pytest.mark.parametrize("kind", Kind)
    def test_a_vocabulary_comes_in_the_order_of_its_codes(self, kind: Kind) -> None:
        codes = [entry.term.code for entry in taxonomy.vocabulary(kind)]

        assert codes == sorted(set(codes))

    def test_every_parent_is_a_code_of_the_same_vocabulary(self) -> None:
        codes = {(kind, term.code) for kind, term in every_entry()}

        assert {(kind, term.parent) for kind, term in every_entry() if term.parent} <= codes

    def test_a_reader_of_a_variety_gets_the_labels_of_its_language(self) -> None:
        assert taxonomy.vocabulary(Kind.POPULATION, "ary-MA")[0].language == "ar"
        assert taxonomy.vocabulary(Kind.POPULATION, "FR-ma")[0].language == "fr"
        assert taxonomy.vocabulary(Kind.POPULATION, "ti")[0].language == "en"
        assert taxonomy.vocabulary(Kind.POPULATION)[0].language == "en"

    def test_another_kind_is_refused_by_name(self) -> None:
        with pytest.raises(InvalidInput) as caught:
            taxonomy.kind_of("nationality")

        assert caught.value.reason is Reason.UNKNOWN_CODE
        assert caught.value.fields[0].field == "kind"
        assert taxonomy.kind_of("decline_reason") is Kind.DECLINE_REASON

    @pytest.mark.parametrize("kind", Kind)
    def test_an_unknown_code_names_its_field_and_not_itself(self, kind: Kind) -> None:
        with pytest.raises(InvalidInput) as caught:
            taxonomy.term(kind, "no-such-code", "needs[0].code")

        assert caught.value.reason is Reason.UNKNOWN_CODE
        assert [fault.field for fault in caught.value.fields] == ["needs[0].code"]
        assert "no-such-code" not in caught.value.message

    def test_no_pointer_leads_into_a_licensed_vocabulary(self) -> None:
        schemes = {pointer.partition(":")[0] for _, term in every_entry() for pointer in term.foreign_codes}

        assert schemes == {"primero", "htcds", "open_eligibility", "gravity", "coe", "gbvims"}

    def test_populations_are_those_that_places_are_kept_for_r38(self) -> None:
        assert list(taxonomy.terms(Kind.POPULATION)) == [
            "women", "men", "girls", "boys", "families", "transgender", "disability", "anyone",
        ]  # fmt: skip


class TestServices:
    def test_every_service_of_the_domain_is_there_and_no_other(self) -> None:
        assert set(taxonomy.services()) == {*MAIN_TABLE.split(), *FURTHER.split()}

    def test_what_saves_life_comes_first_r59(self) -> None:
        basics = {code for code in taxonomy.services() if code.startswith("BAS-")}

        assert self.having("life_first") == LIFE_FIRST | basics

    def test_what_is_never_automatic(self) -> None:
        assert self.having("never_automatic") == {
            "PRO-POL", "RET-AVR", "LEG-CON", "FAM-TRC", "PRO-AGE",
        }  # fmt: skip

    def test_every_night_under_a_roof_holds_places(self) -> None:
        roofs = {code for code in taxonomy.services() if code.startswith("ACC-")} | {"REC-RRP"}

        assert self.having("accommodation") == roofs

    def test_the_child_path_governs_roofs_escorts_and_guardians_but_no_care_r34(self) -> None:
        governed = self.having("child_path")

        assert self.having("accommodation") | {"TRN-ESC", "LEG-GRD"} <= governed
        assert governed.isdisjoint(self.having("life_first"))

    def test_roofs_escorts_and_interpreters_must_be_vetted_r33(self) -> None:
        vetted = self.having("vetted_only")

        assert self.having("accommodation") | {"TRN-ESC", "LNG-INT"} <= vetted
        assert vetted.isdisjoint(self.having("life_first"))

    def test_what_single_codes_carry(self) -> None:
        assert self.having("not_for_child_alone") == {"ACC-HOT"}
        assert self.having("shown_to_listing_only") == {"ACC-TIP"}
        assert self.having("result_may_be_reported") == {"HEA-INF"}

    def test_marks_say_what_the_facts_say(self) -> None:
        term = taxonomy.term(Kind.SERVICE, "HEA-SGV")

        assert "life_first" in term.marks
        assert term.marks == taxonomy.service("HEA-SGV").marks
        assert term.parent == "HEA"

    def test_a_group_is_no_need(self) -> None:
        assert "HEA" in taxonomy.GROUPS
        with pytest.raises(InvalidInput) as caught:
            taxonomy.service("HEA", "needs[1].code")

        assert caught.value.reason is Reason.UNKNOWN_CODE
        assert caught.value.fields[0].field == "needs[1].code"

    @staticmethod
    def having(fact: str) -> set[str]:
        return {code for code, each in taxonomy.services().items() if getattr(each, fact)}


class TestLanguages:
    @pytest.mark.parametrize(
        ("person", "provider", "answer"),
        [
            ("ti", "ti", True),
            ("fr-MA", "fr", True),
            ("ary", "ar", None),
            ("ar", "ary", None),
            ("ary", "apd", None),
            ("ar", "ar", True),
            ("prs", "pes", True),
            ("rif", "shi", None),
            ("lbs", "ils", None),
            ("ti", "am", False),
            ("ary", "fr", False),
            ("ti", "xyz", None),
        ],
    )
    def test_who_understands_whom_is_yes_no_or_to_be_asked_r40(
        self, person: str, provider: str, *, answer: bool | None
    ) -> None:
        assert taxonomy.understands(person, provider) is answer

    @given(st.sampled_from(list(taxonomy.languages())), st.sampled_from(list(taxonomy.languages())))
    def test_understanding_goes_both_ways(self, one: str, other: str) -> None:
        assert taxonomy.understands(one, other) is taxonomy.understands(other, one)

    @pytest.mark.parametrize(
        ("written", "stored"),
        [("AR-ly", "ar-LY"), ("tir", "ti"), ("zgh-tfng-ma", "zgh-Tfng-MA"), ("hy", "hy"), ("es-419", "es-419")],
    )
    def test_a_tag_is_stored_one_way(self, written: str, stored: str) -> None:
        assert taxonomy.canonical_language(written) == stored

    @pytest.mark.parametrize("tag", ["", "Arabic", "a", "ar_LY", "ar-", "العربية", "ar" + "-abcdefgh" * 4])
    def test_what_is_no_tag_is_refused_by_name(self, tag: str) -> None:
        with pytest.raises(InvalidInput) as caught:
            taxonomy.canonical_language(tag, "languages[0]")

        assert [fault.field for fault in caught.value.fields] == ["languages[0]"]

    def test_an_alias_belongs_to_one_language_and_is_none_itself(self) -> None:
        aliases = [alias for each in taxonomy.languages().values() for alias in each.alias]

        assert len(set(aliases)) == len(aliases)
        assert set(aliases).isdisjoint(taxonomy.languages())

    def test_signed_languages_are_marked_r40(self) -> None:
        signed = {tag for tag, each in taxonomy.languages().items() if "signed" in each.marks}

        assert signed == {"sgn", "xms", "lbs", "tse", "esl", "ils"}


class TestDeclineReasons:
    def test_what_touches_safety_is_sealed(self) -> None:
        sealed = {code for code in taxonomy.terms(Kind.DECLINE_REASON) if taxonomy.decline_reason(code).sealed}

        assert sealed == {
            "safety_risk_to_person", "conflict_of_interest", "would_have_to_report", "unsafe_for_me",
        }  # fmt: skip

    @pytest.mark.parametrize("code", list(taxonomy.terms(Kind.DECLINE_REASON)))
    def test_every_reason_sets_something_going_r62(self, code: str) -> None:
        assert taxonomy.decline_reason(code).effects

    def test_missing_papers_never_end_a_request(self) -> None:
        effects = taxonomy.decline_reason("missing_documents").effects

        assert Effect.REMATCH in effects
        assert Effect.END_REQUEST not in effects

    def test_a_reason_of_the_other_side_is_unknown(self) -> None:
        assert taxonomy.decline_reason("no_capacity", side=Side.PROVIDER).code == "no_capacity"
        with pytest.raises(InvalidInput) as caught:
            taxonomy.decline_reason("prefers_other", side=Side.PROVIDER)

        assert caught.value.reason is Reason.UNKNOWN_CODE
        assert caught.value.fields[0].field == "reason"


class TestUrgency:
    def test_the_clocks_of_each_class_r46(self) -> None:
        minute, hour, day = 60, 3600, 86400
        clocks = {
            each: (found.read_s, found.decide_s, found.arrive_s)
            for each in Urgency
            for found in [taxonomy.urgency_class(each)]
        }

        assert clocks == {
            Urgency.IMMEDIATE: (10 * minute, 30 * minute, 3 * hour),
            Urgency.EMERGENCY: (1 * hour, 4 * hour, 24 * hour),
            Urgency.URGENT: (8 * hour, 24 * hour, 72 * hour),
            Urgency.NORMAL: (2 * day, 5 * day, 14 * day),
        }

    def test_the_first_two_ring_through_the_night_r46(self) -> None:
        woken = [each for each in Urgency if taxonomy.urgency_class(each).rings_through_quiet_hours]

        assert woken == [Urgency.IMMEDIATE, Urgency.EMERGENCY]
        assert taxonomy.urgency_class(Urgency.URGENT).clock is Clock.WORKING

    def test_the_immediate_ladder_r46(self) -> None:
        assert taxonomy.urgency_class(Urgency.IMMEDIATE).ladder == (
            (120, Rung.SECOND_CHANNEL),
            (300, Rung.DEPUTY),
            (600, Rung.NEXT_OFFERS),
            (600, Rung.DUTY_TASK),
            (1200, Rung.MANAGER),
        )

    @pytest.mark.parametrize("urgency", Urgency)
    def test_every_ladder_climbs_in_the_same_proportions(self, urgency: Urgency) -> None:
        found = taxonomy.urgency_class(urgency)

        assert [after_s / found.read_s for after_s, _ in found.ladder] == [0.2, 0.5, 1.0, 1.0, 2.0]

    def test_the_vocabulary_has_exactly_the_classes(self) -> None:
        assert list(taxonomy.terms(Kind.URGENCY)) == list(Urgency)


def test_the_glossary_lists_every_service_with_its_words() -> None:
    page = (Path(__file__).parent.parent / "docs" / "glossary.md").read_text(encoding="utf-8")

    for code, service in taxonomy.services().items():
        labels = service.labels
        assert f"| `{code}` | {labels['en']} | {labels['fr']} | {labels['ar']} |" in page
