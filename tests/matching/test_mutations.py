"""
For every constraint of the table, deliberately broken copies of it are caught.

Each has a case in which it decides. A copy that always says yes, no or unknown
must answer that case otherwise, alone and through the index; a new constraint
without a case fails here.
"""

from collections.abc import Callable
from dataclasses import dataclass, field, replace
from typing import Any, Final

import pytest

from services.geo import Point, cell_at
from services.geo.outlines import laid_out_disc
from services.geo.shadows import Enclosure
from services.matching.constraints.table import CONSTRAINTS, Constraint
from services.matching.index.snapshot import Snapshot
from services.matching.model.areas import ServedArea
from services.matching.model.lines import Line
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
from services.matching.model.request import Asked
from services.matching.model.safety import Envelope, Kin, Zone
from services.matching.model.verdicts import NO, YES, Finding, Verdict, ask_provider
from services.matching.ranking import find
from services.taxonomy import Urgency
from tests.matching import scan
from tests.matching.samples import FOR_ALL, NOON, TRIPOLI, a_need, a_person, a_provider, a_report, a_rule, asked
from tests.matching.scan import full_scan, lists_of

UNKNOWN: Final = ask_provider("broken")
GROWN_UP = a_person(
    age=AgeRange(30, 30), gender="man", family=frozenset({"alone"}), has_documents=True, status_class="national",
    accessibility=frozenset(),
)  # fmt: skip
CHILD = replace(GROWN_UP, age=AgeRange(16, 16), is_unaccompanied=False)
ALONE = replace(CHILD, is_unaccompanied=True)
FAR = Point(32.0, 15.0)
SOUTH = Point(32.5, 13.1873)


@dataclass(frozen=True)
class Case:
    """A question, and providers of which a constraint alone says what is named."""

    question: Asked
    no: Provider | None = None
    unknown: Provider | None = None
    yes: Provider = field(default_factory=lambda: a_provider("yes"))
    fine: Asked | None = None  #: the question to which `yes` is one, if another


def a_case(code: str = "LEG-ADV", *, person: Person | None = GROWN_UP, need: Any = None, **facts: Any) -> Asked:
    return asked(need or a_need(code), person=person, **facts)


def no(code: str = "LEG-ADV", **facts: Any) -> Provider:
    return a_provider("no", code=code, **facts)


def unknown(code: str = "LEG-ADV", **facts: Any) -> Provider:
    return a_provider("unknown", code=code, **facts)


def yes(code: str) -> Provider:
    return a_provider("yes", code=code)


def but(kind: RuleKind, *rules: Any) -> frozenset[Any]:
    return frozenset(each for each in FOR_ALL if each.kind is not kind) | frozenset(rules)


ZONE = Envelope(zones=(Zone(Enclosure.of(laid_out_disc(SOUTH, 5_000.0))),), start=TRIPOLI)
CELL = cell_at(Point(32.5, 13.24), 5)
FRONT = Line(line_id="front", points=(Point(32.7, 12.0), Point(32.7, 14.0)))

CASES: Final[dict[str, Case]] = {
    "service": Case(a_case(), no=no(claims=(("LEG-ADV", Claim.NO),)), unknown=unknown(claim=Claim.UNKNOWN)),
    "status": Case(a_case(), no=no(status=Status.PAUSED)),
    "validity": Case(a_case(), no=no(end_time=NOON)),
    "safeguarding": Case(a_case("HEA-EMG"), no=no("HEA-EMG", vetting=VettingState.SUSPENDED), yes=yes("HEA-EMG")),
    "detention": Case(a_case("ACC-EMG"), no=no("ACC-EMG", is_detention=True), yes=yes("ACC-EMG")),
    "risk_assessment": Case(
        a_case("PRO-POL"),
        no=no("PRO-POL"),
        yes=yes("PRO-POL"),
        fine=a_case(need=a_need("PRO-POL", has_risk_assessment=True)),
    ),
    "takes_referrals": Case(a_case(), no=no(reach_out=ReachOut.NONE)),
    "country": Case(a_case(), no=no(country_code="TN")),
    "service_area": Case(
        a_case(),
        no=no(service_areas=(ServedArea(outline=laid_out_disc(FAR, 1_000.0).wkb),)),
        unknown=unknown(service_areas=(ServedArea(region_code="LY-TB"),)),
    ),
    "vetting": Case(
        a_case("LNG-INT"), no=no("LNG-INT", vetting=VettingState.UNVETTED), yes=yes("LNG-INT")
    ),
    "firewall": Case(
        a_case(person=replace(GROWN_UP, status_class="irregular")),
        no=no(reporting=Reporting.BY_LAW),
        unknown=unknown(reporting=Reporting.UNKNOWN),
    ),
    "age": Case(
        a_case(),
        no=no(rules=but(RuleKind.AGE, a_rule(RuleKind.AGE, ages=(0, 17)))),
        unknown=unknown(rules=but(RuleKind.AGE)),
    ),
    "gender": Case(
        a_case(),
        no=no(rules=but(RuleKind.GENDER, a_rule(RuleKind.GENDER, Claim.YES, "woman"))),
        unknown=unknown(rules=but(RuleKind.GENDER)),
    ),
    "family": Case(
        a_case(person=replace(GROWN_UP, family=frozenset({"couple"}))),
        no=no(rules=but(RuleKind.FAMILY, a_rule(RuleKind.FAMILY, Claim.NO, "couple"))),
        unknown=unknown(rules=but(RuleKind.FAMILY)),
    ),
    "exploitation": Case(
        a_case(person=replace(GROWN_UP, exploitation=frozenset({"servitude"}))),
        no=no(rules=FOR_ALL | {a_rule(RuleKind.EXPLOITATION, Claim.YES, "forced_labour")}),
        unknown=unknown(rules=FOR_ALL | {a_rule(RuleKind.EXPLOITATION, Claim.UNKNOWN, "forced_labour")}),
    ),
    "process": Case(
        a_case(person=replace(GROWN_UP, process="som")),
        no=no(rules=FOR_ALL | {a_rule(RuleKind.PROCESS, Claim.YES, "tip_confirmed")}),
        unknown=unknown(rules=FOR_ALL | {a_rule(RuleKind.PROCESS, Claim.UNKNOWN, "tip_confirmed")}),
    ),
    "legal_status": Case(
        a_case(),
        no=no(rules=FOR_ALL | {a_rule(RuleKind.LEGAL_STATUS, Claim.YES, "refugee")}),
        unknown=unknown(rules=FOR_ALL | {a_rule(RuleKind.LEGAL_STATUS, Claim.UNKNOWN, "refugee")}),
    ),
    "documents": Case(
        a_case(person=replace(GROWN_UP, has_documents=False)),
        no=no(rules=but(RuleKind.DOCUMENTS, a_rule(RuleKind.DOCUMENTS))),
        unknown=unknown(rules=but(RuleKind.DOCUMENTS)),
    ),
    "unaccompanied_child": Case(
        a_case(person=ALONE),
        no=no(rules=but(RuleKind.UNACCOMPANIED_CHILD, a_rule(RuleKind.UNACCOMPANIED_CHILD, Claim.NO))),
    ),
    "child_path": Case(
        a_case(need=replace(a_need("ACC-HOT"), has_best_interests=True), person=ALONE),
        no=no("ACC-HOT"),
        yes=yes("ACC-HOT"),
        fine=a_case("ACC-HOT"),
    ),
    "best_interests": Case(
        a_case("ACC-CHI", person=ALONE),
        unknown=unknown("ACC-CHI", place_reports=(a_report("boys"),)),
        yes=yes("ACC-CHI"),
        fine=a_case("ACC-CHI"),
    ),
    "language": Case(
        a_case(),
        no=no(languages=frozenset({LanguageOffer(tag="ti")})),
        unknown=unknown(languages=frozenset()),
    ),
    "staff_gender": Case(
        a_case(need=a_need(staff_gender="woman")),
        no=no(staff_genders=frozenset({"man"})),
        unknown=unknown(),
        yes=a_provider("yes", staff_genders=frozenset({"woman"})),
    ),
    "accessibility": Case(
        a_case(person=replace(GROWN_UP, accessibility=frozenset({"step_free"}))),
        no=no(wheelchair=Claim.NO),
        unknown=unknown(wheelchair=Claim.UNKNOWN),
    ),
    "places": Case(
        a_case("ACC-EMG"),
        no=no("ACC-EMG", place_reports=(a_report("men", 1, 1),)),
        unknown=unknown("ACC-EMG", place_reports=()),
        yes=yes("ACC-EMG"),
    ),
    "position": Case(a_case(), no=no(place=None)),
    "distance": Case(a_case(max_cost_mm=1_000_000), no=no(place=FAR)),
    "reachable": Case(
        a_case(need=replace(a_need(), urgency=Urgency.IMMEDIATE)),
        no=no(place=Point(24.0, 23.0)),
        unknown=unknown(place=FAR),
    ),
    "lines": Case(
        a_case(lines=(FRONT,)),
        no=no(place=SOUTH),
        unknown=unknown(place=cell_at(Point(32.7, 13.2), 5), is_confidential=True),
    ),
    "together": Case(
        a_case("ACC-EMG", envelope=Envelope(together=(Kin(frozenset({"yes"})),))), no=no("ACC-EMG"), yes=yes("ACC-EMG")
    ),
    "safety": Case(
        a_case(envelope=ZONE), no=no(place=SOUTH), unknown=unknown(place=CELL, is_confidential=True)
    ),
}  # fmt: skip

BROKEN: Final[dict[str, Finding]] = {"always yes": YES, "always no": NO, "always unknown": UNKNOWN}


def test_every_constraint_has_a_case() -> None:
    assert {each.name for each in CONSTRAINTS} == set(CASES)
    assert len(CONSTRAINTS) == len(CASES)


@pytest.mark.parametrize("constraint", CONSTRAINTS, ids=lambda each: each.name)
def test_it_alone_decides_its_case(constraint: Constraint) -> None:
    case = CASES[constraint.name]

    assert constraint.judged(case.fine or case.question, case.yes).verdict is Verdict.YES
    for provider, verdict in ((case.no, Verdict.NO), (case.unknown, Verdict.UNKNOWN)):
        if provider is not None:
            assert constraint.judged(case.question, provider).verdict is verdict
            assert [each.name for each in CONSTRAINTS if each.judged(case.question, provider) is not YES] == [
                constraint.name
            ]


@pytest.mark.parametrize("constraint", CONSTRAINTS, ids=lambda each: each.name)
@pytest.mark.parametrize("broken", BROKEN)
def test_a_broken_copy_is_caught(constraint: Constraint, broken: str, monkeypatch: pytest.MonkeyPatch) -> None:
    """The full scan with the broken copy answers otherwise than the index with the sound one, which it equals."""
    case = CASES[constraint.name]
    providers = [each for each in (case.yes, case.no, case.unknown) if each is not None]
    questions = [case.question] if case.fine is None else [case.question, case.fine]
    snapshot = Snapshot.of("epoch", 1, providers)
    answers = [lists_of(find(snapshot, each, 10)) for each in questions]
    sound = [scanned(providers, each) for each in questions]
    copy: Callable[[Asked, Provider], Finding] = lambda *_: BROKEN[broken]  # noqa: E731 -- what breaks it
    table = tuple(replace(each, judge=copy) if each is constraint else each for each in CONSTRAINTS)
    monkeypatch.setattr(scan, "CONSTRAINTS", table)

    assert answers == sound
    assert [scanned(providers, each) for each in questions] != answers


def scanned(providers: list[Provider], question: Asked) -> Any:
    try:
        return full_scan(providers, question, 10)
    except AssertionError:  # who is nowhere was let through, and cannot be measured
        return None
