"""Providers, persons and questions for the tests of matching; what is not said is as good as it can be."""

from datetime import UTC, datetime
from typing import Any

from services.geo import Place, Point
from services.matching.model.person import Person
from services.matching.model.provider import (
    Claim,
    LanguageOffer,
    PlaceReport,
    Provider,
    ReachOut,
    Reporting,
    Rule,
    RuleKind,
    VettingState,
)
from services.matching.model.request import Asked, Item, Need
from services.taxonomy import service

NOON = datetime(2026, 11, 21, 12, 0, tzinfo=UTC)
TRIPOLI = Point(32.8874, 13.1873)


def a_rule(
    kind: RuleKind, claim: Claim = Claim.YES, *codes: str, ages: tuple[int | None, int | None] | None = None
) -> Rule:
    youngest, oldest = ages or (None, None)
    return Rule(kind=kind, claim=claim, min_years=youngest, max_years=oldest, codes=frozenset(codes))


#: rules with which nobody is left out
FOR_ALL = frozenset(
    {
        a_rule(RuleKind.AGE),
        a_rule(RuleKind.GENDER),
        a_rule(RuleKind.FAMILY),
        a_rule(RuleKind.UNACCOMPANIED_CHILD),
        a_rule(RuleKind.DOCUMENTS, Claim.NO),
    }
)


def a_provider(provider_id: str = "p-1", *, code: str = "LEG-ADV", claim: Claim = Claim.YES, **facts: Any) -> Provider:
    """Make a provider that everybody can be referred to."""
    place: Place | None = TRIPOLI
    good: dict[str, Any] = {
        "pool_id": provider_id,
        "place": place,
        "country_code": "LY",
        "time_zone": "Africa/Tripoli",
        "claims": ((code, claim),),
        "rules": FOR_ALL,
        "languages": frozenset({LanguageOffer(tag="ar"), LanguageOffer(tag="en")}),
        "vetting": VettingState.VETTED,
        "reporting": Reporting.NONE,
        "reach_out": ReachOut.ENROLLED,
        "place_reports": (a_report("anyone"),),
        "wheelchair": Claim.YES,
    }
    return Provider(provider_id=provider_id, **good | facts)


def a_report(population: str, total: int | None = 10, occupied: int | None = 0) -> PlaceReport:
    return PlaceReport(population=population, total=total, occupied=occupied, report_time=NOON)


def a_person(**facts: Any) -> Person:
    """Make a person of whom only a language is known, besides what is given."""
    return Person(**{"languages": frozenset({"en"})} | facts)


def a_need(code: str = "LEG-ADV", *items: Item, staff_gender: str = "", has_risk_assessment: bool = False) -> Need:
    return Need(service=service(code), items=items, staff_gender=staff_gender, has_risk_assessment=has_risk_assessment)


def asked(need: Need | None = None, **facts: Any) -> Asked:
    good: dict[str, Any] = {
        "need": need or a_need(),
        "origin": TRIPOLI,
        "when_time": NOON,
        "now_time": NOON,
        "country_code": "LY",
        "taken": {},
    }
    return Asked(**good | facts)
