"""A record that exists is valid, and one that is not says which field breaks which rule."""

from datetime import UTC, datetime, timedelta
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from services.directory.model import (
    AgeBand,
    Claim,
    Contact,
    ContactKind,
    Disclosure,
    LocalizedText,
    Location,
    Organization,
    Period,
    PlaceReport,
    Provider,
    Rule,
    RuleKind,
    Schedule,
    ServiceClaim,
    Site,
    Source,
    Status,
    newest_reports,
)
from services.errors import InvalidInput, Reason
from services.geo import AreaCell, Point
from services.taxonomy import services

NOON = datetime(2026, 11, 21, 12, 0, tzinfo=UTC)
CELL = AreaCell("86384ba4fffffff")
DAR = LocalizedText("ar", "دار")
TIMES = st.datetimes(timezones=st.just(UTC))


def a_location(disclosure: Disclosure = Disclosure.PUBLIC, **fields: Any) -> Location:
    return Location(**{"disclosure": disclosure, "country_code": "LY", **fields})


def a_provider(**fields: Any) -> Provider:
    return Provider(**{"service_id": "s", "location_id": "l", "status": Status.ACTIVE, **fields})


def fault_of(make: Any) -> tuple[str, Reason]:
    with pytest.raises(InvalidInput) as caught:
        make()
    return caught.value.fields[0].field, caught.value.reason


@pytest.mark.parametrize(
    ("make", "field"),
    [
        (lambda: LocalizedText("ar", ""), "text"),
        (lambda: LocalizedText("ar", "a\0b"), "text"),
        (lambda: LocalizedText("ar", "a" * 4001), "text"),
        (lambda: LocalizedText("not a tag", "a"), "language"),
        (lambda: Organization(names=()), "names"),
        (lambda: Organization(names=(DAR,), url="javascript:alert(1)"), "url"),
        (lambda: Source(dataset="Bad Set", source_key="1"), "dataset"),
        (lambda: Source(dataset="good", source_key=""), "source_key"),
        (lambda: Period(NOON, NOON), "end_time"),
        (lambda: Period(NOON.replace(tzinfo=None)), "start_time"),
        (lambda: AgeBand(18, 17), "max_years"),
        (lambda: AgeBand(-1), "min_years"),
        (lambda: PlaceReport(population="girls", total=-1, report_time=NOON), "total"),
        (lambda: Contact(ContactKind.PHONE, ""), "value"),
        (lambda: Schedule(opens_at="8:00", closes_at="17:00"), "opens_at"),
        (lambda: Schedule(opens_at="08:00", closes_at="24:30"), "closes_at"),
        (lambda: Schedule(rrule="FREQ=WEEKLY;BYDAY=XX", opens_at="08:00", closes_at="17:00"), "rrule"),
        (lambda: Schedule(rrule="FREQ=SECONDLY", opens_at="08:00", closes_at="17:00"), "rrule"),
        (lambda: Schedule(rrule="FREQ=DAILY;BYHOUR=8", opens_at="08:00", closes_at="17:00"), "rrule"),
        (lambda: Schedule(rrule="FREQ=DAILY;COUNT=999999999", opens_at="08:00", closes_at="17:00"), "rrule"),
        (lambda: Schedule(rrule="FREQ=DAILY;BYMONTH=2;BYMONTHDAY=30", opens_at="08:00", closes_at="17:00"), "rrule"),
        (lambda: Schedule(rrule="RRULE:FREQ=DAILY", opens_at="08:00", closes_at="17:00"), "rrule"),
        (lambda: a_location(country_code="ly"), "country_code"),
        (lambda: a_location(country_code="XX"), "country_code"),
        (lambda: a_location(time_zone="Africa/Nowhere"), "time_zone"),
        (lambda: a_location(front_gate_place_id="a house"), "front_gate_place_id"),
        (lambda: a_provider(service_id="../etc"), "service_id"),
        (lambda: Rule(kind=RuleKind.GENDER, claim=Claim.YES, age=AgeBand(1)), "age"),
        (lambda: Rule(kind=RuleKind.DOCUMENTS, claim=Claim.YES, codes=("x",)), "codes"),
        (lambda: a_provider(claims=(ServiceClaim("HEA-EMG", Claim.YES),) * 2), "claims"),
    ],
)
def test_a_broken_rule_names_its_field(make: Any, field: str) -> None:
    assert fault_of(make) == (field, Reason.INVALID_FIELD)


@pytest.mark.parametrize(
    ("make", "field"),
    [
        (lambda: ServiceClaim("HEA-NOPE", Claim.YES), "code"),
        (lambda: ServiceClaim("HEA", Claim.YES), "code"),
        (lambda: PlaceReport(population="everybody", report_time=NOON), "population"),
        (lambda: Rule(kind=RuleKind.GENDER, claim=Claim.YES, codes=("woman", "dragon")), "codes[1]"),
        (lambda: a_provider(staff_genders=("dragon",)), "staff_genders[0]"),
    ],
)
def test_an_unknown_code_is_named(make: Any, field: str) -> None:
    assert fault_of(make) == (field, Reason.UNKNOWN_CODE)


@pytest.mark.parametrize("basis", ["cooperates_with_police", "will_testify", "testimony", "witness_programme"])
def test_no_rule_rests_on_cooperation_r4(basis: str) -> None:
    assert fault_of(lambda: Rule(kind=RuleKind.PROCESS, claim=Claim.YES, basis=basis))[0] == "basis"
    assert not {kind for kind in RuleKind if "COOP" in kind or "TESTI" in kind}


@pytest.mark.parametrize("code", sorted(code for code, service in services().items() if service.accommodation))
@pytest.mark.parametrize("claim", [Claim.YES, Claim.UNKNOWN])
def test_a_place_of_detention_never_offers_accommodation_r28(code: str, claim: Claim) -> None:
    assert fault_of(lambda: a_provider(detention=True, claims=(ServiceClaim(code, claim),)))[0] == "claims[0].code"


def test_a_place_of_detention_may_say_no_to_accommodation_r28() -> None:
    claims = (ServiceClaim("ACC-EMG", Claim.NO), ServiceClaim("PRO-DET", Claim.YES))

    assert a_provider(detention=True, claims=claims).claims == claims


@given(latitude=st.floats(-90, 90), longitude=st.floats(-180, 180))
def test_a_confidential_location_cannot_hold_a_point_r16(latitude: float, longitude: float) -> None:
    field, reason = fault_of(lambda: a_location(Disclosure.AREA, place=Point(latitude, longitude)))

    assert (field, reason) == ("place", Reason.FINER_THAN_ALLOWED)


@pytest.mark.parametrize(
    "fields", [{"addresses": (DAR,)}, {"names": (DAR, LocalizedText("fr", "Maison"))}], ids=["address", "two names"]
)
def test_a_confidential_location_tells_no_more_than_its_alias_r16(fields: dict[str, Any]) -> None:
    assert fault_of(lambda: a_location(Disclosure.AREA, place=CELL, **fields))[1] is Reason.FINER_THAN_ALLOWED


@pytest.mark.parametrize(
    "fields", [{"descriptions": (DAR,)}, {"contacts": (Contact(ContactKind.PHONE, "1"),)}], ids=["text", "contact"]
)
def test_a_confidential_provider_has_no_free_text_and_no_contact_r16(fields: dict[str, Any]) -> None:
    provider, site = a_provider(**fields), Site.of(a_location(Disclosure.AREA, place=CELL), "o")

    assert fault_of(lambda: provider.at(site))[1] is Reason.FINER_THAN_ALLOWED


def test_a_public_location_is_a_point_or_not_known() -> None:
    assert a_location(place=Point(0.0, 0.0)).place == Point(0.0, 0.0)
    assert a_location().place is None
    assert fault_of(lambda: a_location(place=CELL))[0] == "place"


@given(start=TIMES, end=TIMES, time=TIMES)
def test_a_period_has_its_start_and_not_its_end(start: datetime, end: datetime, time: datetime) -> None:
    if start < end:
        assert Period(start, end).has(time) == (start <= time < end)
    assert Period(start).has(start)
    assert not Period(None, end).has(end)
    assert Period().has(time)


@given(st.lists(st.tuples(st.sampled_from(["girls", "boys"]), st.integers(0, 5), st.integers(0, 9)), max_size=12))
def test_the_newest_report_of_each_population_counts(told: list[tuple[str, int, int]]) -> None:
    reports = [
        PlaceReport(population=population, total=total, occupied=0, report_time=NOON + timedelta(hours=hour))
        for population, hour, total in told
    ]

    kept = newest_reports(*reports)

    assert [report.population for report in kept] == sorted({population for population, _, _ in told})
    for report in kept:
        of_one = [each for each in reports if each.population == report.population]
        assert report.report_time == max(each.report_time for each in of_one)


def test_more_people_than_places_is_an_honest_report() -> None:
    report = PlaceReport(population="girls", total=3, occupied=5, report_time=NOON)

    assert not report.has_free
    assert not PlaceReport(population="girls", total=3, report_time=NOON).has_free
    assert PlaceReport(population="girls", total=3, occupied=2, report_time=NOON).has_free
