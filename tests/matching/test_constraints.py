"""Every constraint answers yes, no and unknown where it should; "not asked" is never "no"."""

from datetime import timedelta
from typing import Any

import pytest

from services.geo import Point
from services.matching.constraints.table import CONSTRAINTS
from services.matching.model.person import AgeRange, Person
from services.matching.model.provider import (
    Claim,
    LanguageOffer,
    Modality,
    Provider,
    ReachOut,
    Reporting,
    Rule,
    RuleKind,
    Status,
    VettingState,
)
from services.matching.model.request import Asked
from services.matching.model.verdicts import NO, YES, Finding, ask_person, ask_provider
from tests.matching.samples import NOON, TRIPOLI, a_need, a_person, a_provider, a_rule, asked

BY_NAME = {each.name: each for each in CONSTRAINTS}
HOUR = timedelta(hours=1)
ADULT = AgeRange(30, 30)
AGE, GENDER, FAMILY = RuleKind.AGE, RuleKind.GENDER, RuleKind.FAMILY


def judged(name: str, question: Asked, provider: Provider) -> Finding:
    return BY_NAME[name].judged(question, provider)


def about(person: Person, code: str = "LEG-ADV", **facts: Any) -> Asked:
    return asked(a_need(code), person=person, **facts)


def with_rules(*rules: Rule) -> Provider:
    return a_provider(rules=frozenset(rules))


def test_every_constraint_has_a_name_of_its_own() -> None:
    assert len(BY_NAME) == len(CONSTRAINTS)


@pytest.mark.parametrize(
    ("code", "claim", "expected"),
    [
        ("LEG-ADV", Claim.YES, YES),
        ("LEG-ADV", Claim.NO, NO),
        ("LEG-ADV", Claim.UNKNOWN, ask_provider("service")),
        ("ACC-TIP", Claim.YES, YES),
        ("ACC-TIP", Claim.UNKNOWN, NO),  # R21: shown only to a provider that lists it
    ],
)
def test_a_service_must_be_claimed(code: str, claim: Claim, expected: Finding) -> None:
    assert judged("service", asked(a_need(code)), a_provider(code=code, claim=claim)) == expected


def test_a_service_without_a_claim_is_not_offered() -> None:
    assert judged("service", asked(a_need("HEA-PRI")), a_provider(code="LEG-ADV")) == NO


@pytest.mark.parametrize("status", Status)
def test_only_active_records_match(status: Status) -> None:
    assert judged("status", asked(), a_provider(status=status)) == (YES if status is Status.ACTIVE else NO)


@pytest.mark.parametrize(
    ("start", "end", "expected"),
    [
        (None, None, YES),
        (NOON, None, YES),  # the first moment is inside
        (NOON + HOUR, None, NO),
        (None, NOON, NO),  # the end is the first moment after
        (None, NOON + HOUR, YES),
    ],
)
def test_validity_is_judged_at_the_time_asked_for(start: Any, end: Any, expected: Finding) -> None:
    assert judged("validity", asked(), a_provider(start_time=start, end_time=end)) == expected
    assert judged("validity", asked(when_time=NOON + 2 * HOUR), a_provider(end_time=NOON + HOUR)) == NO


def test_r33_a_safeguarding_flag_stops_matching_for_everybody() -> None:
    suspended = a_provider(code="HEA-EMG", vetting=VettingState.SUSPENDED)

    assert judged("safeguarding", asked(a_need("HEA-EMG")), suspended) == NO
    assert judged("safeguarding", asked(), a_provider()) == YES


@pytest.mark.parametrize("code", ["ACC-EMG", "ACC-TRN", "REC-RRP"])
def test_r28_a_place_of_detention_never_shelters(code: str) -> None:
    assert judged("detention", asked(a_need(code)), a_provider(code=code, is_detention=True)) == NO
    assert judged("detention", asked(a_need("LEG-ADV")), a_provider(is_detention=True)) == YES


@pytest.mark.parametrize("code", ["PRO-POL", "RET-AVR", "LEG-CON", "FAM-TRC", "PRO-AGE"])
def test_r27_what_is_never_automatic_needs_a_risk_assessment(code: str) -> None:
    assert judged("risk_assessment", asked(a_need(code)), a_provider(code=code)) == NO
    assert judged("risk_assessment", asked(a_need(code, has_risk_assessment=True)), a_provider(code=code)) == YES


def test_who_takes_no_referrals_is_never_referred_to() -> None:
    provider = a_provider(reach_out=ReachOut.NONE)

    assert judged("takes_referrals", about(a_person()), provider) == NO
    assert judged("takes_referrals", asked(), provider) == YES  # a plain search may find it


@pytest.mark.parametrize(
    ("here", "there", "across", "expected"),
    [
        ("MA", "MA", Claim.NO, YES),
        ("MA", "ES", Claim.NO, NO),
        ("MA", "ES", Claim.UNKNOWN, NO),
        ("MA", "ES", Claim.YES, YES),
        ("", "ES", Claim.UNKNOWN, ask_person("country")),
    ],
)
def test_r60_another_country_is_no_unless_the_service_works_across(
    here: str, there: str, across: Claim, expected: Finding
) -> None:
    provider = a_provider(country_code=there, works_across_borders=across)

    assert judged("country", about(a_person(), country_code=here), provider) == expected


CHILD = a_person(age=AgeRange(15, 15))
NOT_ASKED = a_person()


@pytest.mark.parametrize(
    ("code", "state", "person", "expected"),
    [
        ("ACC-EMG", VettingState.VETTED, None, YES),
        ("ACC-EMG", VettingState.LISTED, None, NO),
        ("ACC-EMG", VettingState.UNVETTED, None, NO),
        ("TRN-ESC", VettingState.UNVETTED, None, NO),
        ("PRO-SAF", VettingState.UNVETTED, None, NO),
        ("LNG-INT", VettingState.UNVETTED, None, NO),
        ("LEG-ADV", VettingState.UNVETTED, None, YES),
        ("LEG-ADV", VettingState.UNVETTED, a_person(age=ADULT), YES),
        ("LEG-ADV", VettingState.UNVETTED, CHILD, NO),
        ("LEG-ADV", VettingState.UNVETTED, a_person(age=AgeRange(17, 19)), NO),
        ("LEG-ADV", VettingState.UNVETTED, a_person(age=AgeRange(20, 25, is_disputed=True)), NO),
        ("LEG-ADV", VettingState.UNVETTED, NOT_ASKED, ask_person("age")),
        ("LEG-ADV", VettingState.UNVETTED, a_person(no_reason_to_believe_child=True), YES),
        ("HEA-PRI", VettingState.LISTED, CHILD, YES),
    ],
)
def test_r33_unvetted_never_shelters_escorts_interprets_or_serves_a_child(
    code: str, state: VettingState, person: Person | None, expected: Finding
) -> None:
    assert judged("vetting", asked(a_need(code), person=person), a_provider(code=code, vetting=state)) == expected


@pytest.mark.parametrize(("expires", "expected"), [(NOON, NO), (NOON + HOUR, YES), (None, YES)])
def test_r33_expired_means_unvetted(expires: Any, expected: Finding) -> None:
    provider = a_provider(code="ACC-EMG", vetting_expire_time=expires)

    assert judged("vetting", asked(a_need("ACC-EMG")), provider) == expected


@pytest.mark.parametrize(
    ("person", "reporting", "co_located", "expected"),
    [
        (a_person(process="som"), Reporting.NONE, Claim.NO, YES),
        (a_person(process="som"), Reporting.BY_LAW, Claim.NO, NO),
        (a_person(process="both"), Reporting.BY_POLICY, Claim.NO, NO),
        (a_person(process="som"), Reporting.NONE, Claim.YES, NO),
        (a_person(process="som"), Reporting.UNKNOWN, Claim.NO, ask_provider("reporting")),
        (a_person(process="som", accepts_reporting=True), Reporting.BY_LAW, Claim.YES, YES),
        (a_person(status_class="irregular"), Reporting.BY_LAW, Claim.NO, NO),
        (a_person(status_class="national"), Reporting.BY_LAW, Claim.NO, YES),
        (a_person(process="tip_presumed"), Reporting.BY_LAW, Claim.NO, ask_person("accepts_reporting")),
        (a_person(), Reporting.UNKNOWN, Claim.NO, ask_provider("reporting")),
        (a_person(), Reporting.NONE, Claim.UNKNOWN, YES),
    ],
)
def test_r29_nobody_is_sent_past_the_firewall_unasked(
    person: Person, reporting: Reporting, co_located: Claim, expected: Finding
) -> None:
    assert judged("firewall", about(person), a_provider(reporting=reporting, co_located=co_located)) == expected


FROM_12_TO_17 = a_rule(AGE, ages=(12, 17))
ADULTS = a_rule(AGE, ages=(18, None))


@pytest.mark.parametrize(
    ("rules", "age", "expected"),
    [
        ([ADULTS], AgeRange(18, 18), YES),
        ([ADULTS], AgeRange(17, 17), NO),
        ([ADULTS], AgeRange(16, 20), ask_person("age")),
        ([ADULTS], None, ask_person("age")),
        ([ADULTS, FROM_12_TO_17], AgeRange(12, 40), YES),  # several add up
        ([ADULTS, FROM_12_TO_17], AgeRange(11, 11), NO),  # whoever none describes
        ([a_rule(AGE, ages=(12, 17)), a_rule(AGE, Claim.NO, ages=(15, 17))], AgeRange(16, 16), NO),
        ([a_rule(AGE, Claim.NO, ages=(0, 17))], AgeRange(30, 30), YES),
        ([a_rule(AGE, Claim.UNKNOWN)], AgeRange(30, 30), ask_provider("age")),
        ([a_rule(AGE)], None, YES),  # an open band takes all
        ([], AgeRange(30, 30), ask_provider("age")),
    ],
)
def test_r38_ages_are_taken_by_bands(rules: list[Rule], age: AgeRange | None, expected: Finding) -> None:
    assert judged("age", about(a_person(age=age)), with_rules(*rules)) == expected


WOMEN = a_rule(GENDER, Claim.YES, "woman")


@pytest.mark.parametrize(
    ("rules", "facts", "expected"),
    [
        ([WOMEN], {"gender": "woman"}, YES),
        ([WOMEN], {"sex": "female"}, YES),  # where nobody gave a gender the sex speaks
        ([WOMEN], {"gender": "man"}, NO),
        ([WOMEN], {}, ask_person("gender")),
        ([WOMEN], {"sex": "intersex"}, ask_person("gender")),
        ([WOMEN], {"gender": "transgender_woman"}, ask_provider("transgender")),
        ([a_rule(GENDER, Claim.YES, "woman", "transgender_woman")], {"gender": "transgender_woman"}, YES),
        ([WOMEN, a_rule(GENDER, Claim.NO, "transgender_woman")], {"gender": "transgender_woman"}, NO),
        ([a_rule(GENDER)], {}, YES),  # no codes: all
        ([], {"gender": "man"}, ask_provider("gender")),
    ],
)
def test_r38_genders_are_taken_by_codes(rules: list[Rule], facts: dict[str, Any], expected: Finding) -> None:
    assert judged("gender", about(a_person(**facts)), with_rules(*rules)) == expected


@pytest.mark.parametrize(
    ("rules", "family", "expected"),
    [
        ([], {"alone"}, YES),  # who comes alone needs no rule for that
        ([], set(), YES),
        ([], None, ask_provider("family")),
        ([a_rule(FAMILY)], None, YES),
        ([a_rule(FAMILY, Claim.YES, "mother_with_children")], {"mother_with_children", "siblings"}, YES),
        ([a_rule(FAMILY, Claim.YES, "mother_with_children")], {"couple"}, NO),
        ([a_rule(FAMILY), a_rule(FAMILY, Claim.NO, "with_adolescent_son")], {"with_adolescent_son"}, NO),
        ([a_rule(FAMILY), a_rule(FAMILY, Claim.NO, "with_adolescent_son")], None, ask_person("family")),
    ],
)
def test_r38_families_are_taken_whole(rules: list[Rule], family: set[str] | None, expected: Finding) -> None:
    known = None if family is None else frozenset(family)

    assert judged("family", about(a_person(family=known)), with_rules(*rules)) == expected


@pytest.mark.parametrize(
    ("name", "kind", "code", "facts"),
    [
        ("process", RuleKind.PROCESS, "tip_presumed", {"process": "tip_presumed"}),
        ("exploitation", RuleKind.EXPLOITATION, "forced_labour", {"exploitation": frozenset({"forced_labour"})}),
        ("legal_status", RuleKind.LEGAL_STATUS, "asylum_seeker", {"status_class": "asylum_seeker"}),
    ],
)
def test_r44_what_a_programme_requires_is_asked_only_where_it_does(
    name: str, kind: RuleKind, code: str, facts: dict[str, Any]
) -> None:
    fitting, nobody_asked = about(a_person(**facts)), about(a_person())
    programme = with_rules(a_rule(kind, Claim.YES, code))

    assert judged(name, fitting, programme) == YES
    assert judged(name, nobody_asked, programme) == ask_person(name)
    assert judged(name, fitting, with_rules(a_rule(kind, Claim.NO, code))) == NO
    assert judged(name, fitting, with_rules(a_rule(kind, Claim.UNKNOWN))) == ask_provider(name)
    assert judged(name, nobody_asked, with_rules()) == YES  # no rule, no condition


@pytest.mark.parametrize(
    ("rules", "has_documents", "expected"),
    [
        ([a_rule(RuleKind.DOCUMENTS)], True, YES),
        ([a_rule(RuleKind.DOCUMENTS)], False, NO),
        ([a_rule(RuleKind.DOCUMENTS)], None, ask_person("documents")),
        ([a_rule(RuleKind.DOCUMENTS, Claim.NO)], None, YES),
        ([a_rule(RuleKind.DOCUMENTS, Claim.UNKNOWN)], False, ask_provider("documents")),
        ([], None, ask_provider("documents")),
        ([], True, YES),
    ],
)
def test_papers_that_are_needed_must_be_at_hand(
    rules: list[Rule],
    has_documents: bool | None,  # noqa: FBT001 -- a fact, not a flag
    expected: Finding,
) -> None:
    assert judged("documents", about(a_person(has_documents=has_documents)), with_rules(*rules)) == expected


@pytest.mark.parametrize(
    ("understood", "offers", "expected"),
    [
        ({"ti"}, [LanguageOffer(tag="ti")], YES),
        ({"ti", "en"}, [LanguageOffer(tag="en")], YES),
        ({"ti"}, [LanguageOffer(tag="ar")], NO),
        ({"ary"}, [LanguageOffer(tag="ar")], ask_provider("language_variety")),
        ({"ary"}, [LanguageOffer(tag="ayl")], ask_provider("language_variety")),
        (None, [LanguageOffer(tag="ti")], ask_person("languages")),
        ({"ti"}, [], ask_provider("languages")),
        (set(), [LanguageOffer(tag="ti")], ask_provider("interpreter")),
        ({"ti"}, [LanguageOffer(tag="ti", by_interpreter=True, vetted=Claim.YES)], YES),
        ({"ti"}, [LanguageOffer(tag="ti", by_interpreter=True)], ask_provider("language_variety")),
        ({"ti"}, [LanguageOffer(tag="ti", by_interpreter=True, vetted=Claim.NO)], NO),
        ({"ti"}, [LanguageOffer(tag="ti", modality=Modality.WRITTEN)], NO),
    ],
)
def test_r40_they_must_understand_each_other(
    understood: set[str] | None, offers: list[LanguageOffer], expected: Finding
) -> None:
    known = None if understood is None else frozenset(understood)
    provider = a_provider(languages=frozenset(offers))

    assert judged("language", about(a_person(languages=known)), provider) == expected


@pytest.mark.parametrize(
    ("preferred", "staff", "expected"),
    [
        ("", set(), YES),
        ("woman", {"woman", "man"}, YES),
        ("woman", {"man"}, NO),
        ("woman", set(), ask_provider("staff_gender")),
    ],
)
def test_r39_staff_gender_is_a_wish_that_counts(preferred: str, staff: set[str], expected: Finding) -> None:
    question = asked(a_need(staff_gender=preferred))

    assert judged("staff_gender", question, a_provider(staff_genders=frozenset(staff))) == expected


@pytest.mark.parametrize(
    ("needs", "wheelchair", "expected"),
    [
        ({"step_free"}, Claim.YES, YES),
        ({"step_free"}, Claim.NO, NO),
        ({"step_free"}, Claim.UNKNOWN, ask_provider("accessibility")),
        ({"infant"}, Claim.YES, ask_provider("accessibility")),
        (set(), Claim.NO, YES),
        (None, Claim.NO, ask_person("accessibility")),
        (None, Claim.UNKNOWN, YES),
    ],
)
def test_r42_accessibility_is_a_hard_constraint(needs: set[str] | None, wheelchair: Claim, expected: Finding) -> None:
    known = None if needs is None else frozenset(needs)

    assert judged("accessibility", about(a_person(accessibility=known)), a_provider(wheelchair=wheelchair)) == expected


def test_a_provider_without_a_place_is_never_nearest() -> None:
    assert judged("position", asked(), a_provider(place=None)) == NO
    assert judged("position", asked(), a_provider()) == YES


@pytest.mark.parametrize(("max_cost_mm", "expected"), [(None, YES), (22_175_433, NO), (30_000_000, YES)])
def test_the_distance_asked_for_is_a_limit(max_cost_mm: int | None, expected: Finding) -> None:
    provider = a_provider(place=Point(TRIPOLI.latitude_deg + 0.2, TRIPOLI.longitude_deg))  # 22.18 km north

    assert judged("distance", asked(max_cost_mm=max_cost_mm), provider) == expected


def test_r8_an_excluded_provider_never_matches() -> None:
    question = asked(excluded_provider_ids=frozenset({"p-1"}))

    assert judged("safety", question, a_provider("p-1")) == NO
    assert judged("safety", question, a_provider("p-2")) == YES


def test_r2_a_plain_search_applies_no_constraint_about_a_person() -> None:
    hard = a_provider(rules=frozenset(), languages=frozenset(), reporting=Reporting.BY_LAW, country_code="TN")

    assert {each.name for each in CONSTRAINTS if each.judged(asked(), hard) != YES} == set()


def test_not_asked_is_never_no() -> None:
    """A person of whom nobody asked anything is excluded by nothing that asking could settle."""
    nobody_asked = about(Person(), "LEG-ADV")
    choosy = a_provider(
        rules=frozenset(
            {ADULTS, WOMEN, a_rule(FAMILY, Claim.YES, "alone"), a_rule(RuleKind.PROCESS, Claim.YES, "som")}
            | {a_rule(RuleKind.DOCUMENTS), a_rule(RuleKind.LEGAL_STATUS, Claim.YES, "refugee")}
        ),
        reporting=Reporting.BY_LAW,
        wheelchair=Claim.NO,
        vetting=VettingState.UNVETTED,
    )

    assert [each.name for each in CONSTRAINTS if each.judged(nobody_asked, choosy) == NO] == []
