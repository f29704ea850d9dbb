"""What is read from a document of HSDS into our own record, and what of it is told and left out."""

from pathlib import Path

from services.directory.hsds.tables import TABLES
from services.directory.model import Claim, ServiceClaim
from tests.directory.hsds_documents import LOCATION, SERVICE, brought, offer, read


def test_a_location_without_a_country_is_kept_as_a_document_and_told(tmp_path: Path) -> None:
    came = brought(tmp_path, offer(), country_code="")

    assert [row.record for row in came.rows] == [None]
    assert {each.fault.field for each in came.rejected} == {"location.country_code"}
    assert {each.table for each in came.kept} == {"organization", "service", "location", "service_at_location"}


def test_a_point_of_words_or_out_of_range_is_none(tmp_path: Path) -> None:
    for number, latitude in enumerate(("32,8", 91, True, None, "٣٢")):
        place = {**LOCATION, "latitude": latitude}
        (tmp_path / str(number)).mkdir()
        (row,) = brought(tmp_path / str(number), offer(location=place)).rows
        assert row.record is not None
        assert row.record.location.place is None
        assert "point_refused" in {notice.code for notice in row.notices}


def test_values_of_other_kinds_than_the_standard_has_do_no_harm(tmp_path: Path) -> None:
    for number, odd in enumerate(([], {}, 10**400, -1, True, "", "\u0000")):
        service = {**SERVICE, **dict.fromkeys(TABLES["service"].columns[1:], odd), "name": "Night"}
        place = {**LOCATION, **dict.fromkeys(TABLES["location"].columns[1:], odd), "location_type": "physical"}
        inner = {
            column: odd for table in ("phone", "schedule", "language", "address") for column in TABLES[table].columns
        }
        row = {**inner, "id": "x"}
        owner = {"phones": [row], "schedules": [row], "languages": [row], "contacts": [row], "addresses": [row]}
        (tmp_path / str(number)).mkdir()
        came = brought(
            tmp_path / str(number), offer(service={**service, **owner}, location={**place, **owner}, **owner)
        )
        tables = {table: [{**inner, "id": "x"}] for table in ("services", "phones", "service_at_location")}
        read(tmp_path, {f"{table}.csv": rows for table, rows in tables.items()})

        assert len(came.rows) == 1
        assert len(came.kept) == 4


def test_the_point_0_0_is_a_point(tmp_path: Path) -> None:
    (row,) = brought(tmp_path, offer(location={**LOCATION, "latitude": 0, "longitude": 0})).rows

    assert row.record is not None
    assert row.record.location.place is not None


def test_our_codes_are_claims_and_those_of_others_are_pointers(tmp_path: Path) -> None:
    terms = [
        ("ihala", "ACC-EMG", "unknown"),
        ("ihala", "HEA-PRI", None),
        ("openeligibility", "101", "yes"),
        ("ihala", "X", ""),
    ]
    attributes = [
        {
            "id": str(number),
            "value": value,
            "taxonomy_term": {"id": code, "name": code, "code": code, "taxonomy": taxonomy},
        }
        for number, (taxonomy, code, value) in enumerate(terms)
    ]

    (row,) = brought(tmp_path, offer(attributes=attributes)).rows

    assert row.record is not None
    assert row.record.provider.claims == (
        ServiceClaim("ACC-EMG", Claim.UNKNOWN, "stated"),
        ServiceClaim("HEA-PRI", Claim.YES, "stated"),
    )


def test_a_fact_that_is_no_value_of_its_field_is_told_and_left_out(tmp_path: Path) -> None:
    for number, value in enumerate(("{", '[{"kind": "NONE"}]', '"x"', "[" * 50_000)):
        term = {"id": "t", "name": "rules", "code": "rules", "taxonomy": "ihala-facts"}
        (tmp_path / str(number)).mkdir()
        (row,) = brought(
            tmp_path / str(number), offer(attributes=[{"id": "a", "value": value, "taxonomy_term": term}])
        ).rows
        assert row.record is not None
        assert row.record.provider.rules == ()
        assert [fault.field for fault in row.faults] == ["service_at_location.attributes.rules"]
