"""Documents of HSDS taken apart and put together, facts read and written: pure, without a directory."""

import json
import zipfile
from datetime import date
from decimal import Decimal
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import Any

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from services.directory.hsds.carried import opened, written
from services.directory.hsds.composing import MAX_NESTED, Composer
from services.directory.hsds.csv_tables import SAME_AS, lay_out
from services.directory.hsds.documents import Documents
from services.directory.hsds.incoming import Incoming, incoming
from services.directory.hsds.packages import MAX_FILES, csv_files, read_files
from services.directory.hsds.schedules import schedule_rows, schedules_of
from services.directory.hsds.tables import RECORDS, TABLES
from services.directory.hsds.ways import Remarks, Ways
from services.directory.model import Claim, LocalizedText, Schedule, ServiceClaim
from services.directory.model.fallback import text_for
from services.errors import InvalidInput
from services.geo import Point
from services.hours import Calendar

VALUES = st.none() | st.booleans() | st.integers() | st.floats(allow_nan=False, allow_infinity=False) | st.text()
ORGANIZATION = {"id": "o", "name": "Dar", "description": "A house", "legal_status": "Association"}
SERVICE = {"id": "s", "name": "Night", "status": "active", "organization": ORGANIZATION}
LOCATION = {"id": "l", "location_type": "physical", "latitude": 32.8, "longitude": 13.1}


def offer(**more: Any) -> dict[str, Any]:
    return {"id": "p", "service": SERVICE, "location": LOCATION, **more}


def read(folder: Path, *values: Any) -> Documents:
    paths = []
    for number, value in enumerate(values):
        paths.append(folder / f"{number}.json")
        paths[-1].write_text(value if isinstance(value, str) else json.dumps(value), encoding="utf-8")
    return read_files(paths)


def brought(folder: Path, *values: Any, **ways: str) -> Incoming:
    return incoming(read(folder, *values), Ways(**{"country_code": "LY", **ways}))


def schedule(**row: Any) -> tuple[Schedule, ...]:
    return schedules_of([{"id": "1", "opens_at": "09:00", "closes_at": "17:00:00", **row}], Ways(), Remarks())


def test_a_record_that_stands_twice_is_one_and_has_what_both_say(tmp_path: Path) -> None:
    shallow = {**SERVICE, "organization": {**ORGANIZATION, "tax_id": "7"}}

    documents = read(tmp_path, offer(), shallow)

    assert Composer(documents).whole("organization", "o")["tax_id"] == "7"
    assert documents.faults == []


def test_of_two_that_differ_the_first_is_kept_and_it_is_told(tmp_path: Path) -> None:
    documents = read(tmp_path, offer(), {**SERVICE, "name": "Day"})

    assert Composer(documents).whole("service", "s")["name"] == "Night"
    assert [(key, fault.field) for key, fault in documents.faults] == [("s", "service.name")]


def test_an_object_without_an_id_is_left_out_and_told_and_the_rest_stays(tmp_path: Path) -> None:
    documents = read(tmp_path, {**SERVICE, "phones": [{"number": "1"}, {"id": "f", "number": "2"}]})

    assert Composer(documents).whole("service", "s")["phones"] == [{"id": "f", "number": "2"}]
    assert [fault.field for _, fault in documents.faults] == ["service.phones[0].id"]


def test_what_the_standard_does_not_know_comes_out_again(tmp_path: Path) -> None:
    odd = {**SERVICE, "x_local": {"a": [1, None, "\u0000"]}, "phones": [], "alert": None}

    documents = read(tmp_path, odd)

    assert Composer(documents).whole("service", "s") == odd


def objects(table: str, depth: int) -> st.SearchStrategy[dict[str, Any]]:
    """Make objects of a table, with anything in their columns and other objects inside."""
    columns = {column: VALUES for column in TABLES[table].columns if column != "id" and not column.endswith("_id")}
    children: dict[str, Any] = {}
    for name, child in TABLES[table].children.items() if depth else ():
        if child.table not in RECORDS:
            inner = objects(child.table, depth - 1)
            children[name] = inner if child.one else st.lists(inner, max_size=2)
    return st.fixed_dictionaries({"id": st.uuids().map(str)}, optional={**columns, **children})


@given(organization=objects("organization", 2), service=objects("service", 2), place=objects("location", 2))
@settings(max_examples=60, deadline=None, suppress_health_check=[HealthCheck.too_slow, HealthCheck.data_too_large])
def test_any_document_of_the_standard_comes_out_equal(
    organization: dict[str, Any], service: dict[str, Any], place: dict[str, Any]
) -> None:
    at_location = {"id": "p", "location": place}
    whole = {**service, "organization": organization, "service_at_locations": [at_location]}
    documents = Documents()

    documents.add("service", json.loads(json.dumps(whole)))
    kept = Documents()
    for document in documents:
        kept.put(opened(document.table, written(document, Ways()))[0])

    assert Composer(kept).whole("service", service["id"]) == whole
    assert documents.faults == []


def test_rows_of_csv_name_what_they_stood_in(tmp_path: Path) -> None:
    contact = {"id": "c", "phones": [{"id": "f", "number": "1", "languages": [{"id": "g", "code": "ar"}]}]}

    rows = lay_out(read(tmp_path, offer(contacts=[contact])))

    assert rows["contact"]["c"]["service_at_location_id"] == "p"
    assert rows["phone"]["f"]["contact_id"] == "c"
    assert rows["language"]["g"]["phone_id"] == "f"
    assert rows["service"]["s"]["organization_id"] == "o"
    assert (rows["service_at_location"]["p"]["service_id"], rows["service_at_location"]["p"]["location_id"]) == (
        "s",
        "l",
    )


def through_csv(folder: Path, documents: Documents) -> Documents:
    folder.mkdir(exist_ok=True)
    for name, text in csv_files(lay_out(documents)):
        (folder / name).write_text(text, encoding="utf-8", newline="")
    return read_files([folder])


def told(value: Any) -> Any:
    """Leave out the columns that tell the nesting, which objects have after they were rows."""
    if isinstance(value, list):
        return [told(each) for each in value]
    if not isinstance(value, dict):
        return value
    return {
        name: told(part) for name, part in value.items() if not name.endswith("_id") and name != "link_entity" and part
    }


def test_a_telephone_of_two_services_is_in_both_after_it_was_rows(tmp_path: Path) -> None:
    phone = {"id": "f", "number": "1", "languages": [{"id": "g", "code": "ar"}]}
    services = [{**SERVICE, "id": key, "phones": [phone]} for key in ("s", "t", "u")]

    rows = lay_out(read(tmp_path, *services))
    documents = through_csv(tmp_path / "csv", read(tmp_path, *services))

    # a reader of the standard finds a telephone in each service; ours finds that they are one
    assert sorted(row["service_id"] for row in rows["phone"].values()) == ["s", "t", "u"]
    assert sorted(row.get(SAME_AS, "") for row in rows["phone"].values()) == ["", "f", "f"]
    assert [Composer(documents).whole("service", key)["phones"] for key in ("t", "u")] == [
        [{**phone, "service_id": key, "languages": [{"id": "g", "code": "ar", "phone_id": "f"}]}] for key in ("t", "u")
    ]
    assert lay_out(documents) == rows
    assert documents.faults == []


CODES = st.lists(st.sampled_from(["ar", "fr"]), max_size=2, unique=True)
PHONES = st.lists(
    st.builds(
        lambda key, number, codes: {
            "id": key,
            "number": number,
            "languages": [{"id": f"{key}-{code}", "code": code} for code in codes],
        },
        st.sampled_from("fgh"),
        st.sampled_from(["1", "2"]),
        CODES,
    ),
    max_size=3,
    unique_by=lambda phone: str(phone["id"]),
)


@given(phones=st.lists(PHONES, min_size=1, max_size=4))
@settings(max_examples=60, deadline=None)
def test_whatever_services_share_each_has_its_own_after_it_was_rows(phones: list[list[dict[str, Any]]]) -> None:
    documents = Documents()
    for number, each in enumerate(phones):
        documents.add("service", {**SERVICE, "id": f"s{number}", "phones": each})
    before = {key: told(Composer(documents).whole("service", key)) for key in documents.of("service")}

    with TemporaryDirectory() as folder:
        after = through_csv(Path(folder), documents)

    assert {key: told(Composer(after).whole("service", key)) for key in after.of("service")} == before


@pytest.mark.parametrize("same", ["f", "x" * 201, "s"])
def test_a_row_cannot_become_another_record_by_saying_that_it_is_one(tmp_path: Path, same: str) -> None:
    (tmp_path / "services.csv").write_text(f"id,name,{SAME_AS}\ns,Night,\nt,Day,{same}\n", encoding="utf-8")

    documents = read_files([tmp_path])

    assert set(documents.of("service")) == {"s", "t"}
    assert documents.of("service")["t"].body[SAME_AS] == same


def test_a_number_that_would_be_written_otherwise_stays_a_text(tmp_path: Path) -> None:
    (tmp_path / "phones.csv").write_text("id,number,extension\na,1,0100\nb,1,100\n", encoding="utf-8")

    rows = lay_out(read_files([tmp_path]))

    assert [row["extension"] for row in rows["phone"].values()] == ["0100", 100]


def test_a_coordinate_of_many_digits_is_read_and_written_as_it_was(tmp_path: Path) -> None:
    digits = {"a": "32.886271934517", "b": "13.80", "c": "32.88627193451700012345", "d": "0"}
    rows = "".join(f"{key},physical,{degrees},{degrees}\n" for key, degrees in digits.items())
    (tmp_path / "locations.csv").write_text(f"id,location_type,latitude,longitude\n{rows}", encoding="utf-8")

    documents = read_files([tmp_path])
    found: dict[str, Any] = {each.source_key: each.record for each in incoming(documents, Ways(country_code="LY")).kept}

    assert {key: found[key].place for key in digits} == {key: Point(float(d), float(d)) for key, d in digits.items()}
    written_again = {key: row["latitude"] for key, row in lay_out(documents)["location"].items()}
    assert {key: Decimal(str(value)) for key, value in written_again.items()} == {
        key: Decimal(d) for key, d in digits.items()
    }


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


def test_schedules_are_read_as_recurrences_or_not_at_all() -> None:
    assert schedule(freq="WEEKLY", byday="SU, MO")[0].rrule == "FREQ=WEEKLY;BYDAY=SU,MO"
    assert (
        schedule(freq="WEEKLY", byday="SU", interval=2, dtstart="2026-01-04")[0].rrule
        == "FREQ=WEEKLY;BYDAY=SU;INTERVAL=2"
    )
    assert schedule(valid_from="2026-01-01", valid_to="2026-01-31", timezone=2)[0].valid.start_time is not None
    # counted from no first day; both an end and a count; weeks of a weekly rule; no such time
    assert schedule(freq="WEEKLY", byday="SU", interval=2) == ()
    assert schedule(freq="WEEKLY", count=3, until="2026-01-04", dtstart="2026-01-04") == ()
    assert schedule(freq="WEEKLY", byweekno="41") == ()
    # which day of the month? parts of no rule; never; finer than days; counted longer than anybody plans
    assert schedule(freq="MONTHLY") == ()
    assert schedule(interval=2, dtstart="2026-01-04") == ()
    assert schedule(freq="MONTHLY", bymonthday="32") == ()
    assert schedule(freq="HOURLY") == ()
    assert schedule(freq="WEEKLY", byday="SU", count=1_000_000, dtstart="2026-01-04") == ()
    assert schedule(opens_at="nine") == ()


@pytest.mark.parametrize(
    ("rrule", "first_day"),
    [
        ("FREQ=WEEKLY;BYDAY=SU,MO", None),
        ("FREQ=WEEKLY;BYDAY=SU;UNTIL=20261231", None),
        ("FREQ=WEEKLY;BYDAY=SU;INTERVAL=2;COUNT=10;WKST=SU", date(2026, 1, 4)),
        ("FREQ=MONTHLY;BYDAY=1SU,-1SU", None),
        ("FREQ=MONTHLY;BYMONTHDAY=1,15", None),
        ("FREQ=MONTHLY;INTERVAL=3", date(2026, 1, 31)),
    ],
)
def test_schedules_are_written_as_they_are_read(rrule: str, first_day: date | None) -> None:
    told = Schedule(rrule=rrule, first_day=first_day, opens_at="22:00", closes_at="06:00")

    assert schedules_of(list(schedule_rows("p", (told,))), Ways(), Remarks()) == (told,)


def test_hours_of_ramadan_are_not_written_as_ordinary_ones() -> None:
    ramadan = Schedule(rrule="FREQ=WEEKLY;BYDAY=SU", opens_at="10:00", closes_at="14:00", calendar=Calendar.RAMADAN)

    assert list(schedule_rows("p", (ramadan,))) == []


@pytest.mark.parametrize(
    ("language", "expected"),
    [("fr", "fr"), ("fr-MA", "fr"), ("ary-Latn", "und"), ("pt", "pt-BR"), ("de", "und"), ("", "und")],
)
def test_the_text_for_a_reader_follows_one_chain(language: str, expected: str) -> None:
    texts = tuple(LocalizedText(tag, "words") for tag in ("ar", "fr", "pt-BR", "und"))

    found = text_for(texts, language)

    assert found is not None
    assert found.language == expected


def test_english_comes_before_a_text_of_no_language() -> None:
    texts = (LocalizedText("ar", "دار"), LocalizedText("und", "Dar"), LocalizedText("en-GB", "House"))

    assert text_for(texts, "de") == texts[2]
    assert text_for((), "de") is None


@pytest.mark.parametrize("content", ["{", "[1]", '{"a": 1}', '"text"', '{"id": NaN}', "\udcff", "[" * 100_000])
def test_a_file_that_is_nothing_of_the_standard_is_refused(tmp_path: Path, content: str) -> None:
    (tmp_path / "f.json").write_bytes(content.encode(errors="surrogateescape"))

    with pytest.raises(InvalidInput):
        read_files([tmp_path / "f.json"])


def test_an_archive_that_grows_too_much_is_refused(tmp_path: Path) -> None:
    with zipfile.ZipFile(tmp_path / "bomb.zip", "w", zipfile.ZIP_DEFLATED) as archive:
        archive.writestr("services.csv", "id,name\n" + "x" * 10_000_000)
    with zipfile.ZipFile(tmp_path / "many.zip", "w") as archive:
        for number in range(MAX_FILES + 1):
            archive.writestr(f"{number}.json", "{}")

    for name in ("bomb.zip", "many.zip"):
        with pytest.raises(InvalidInput):
            read_files([tmp_path / name])


def test_an_organization_of_many_locations_is_not_repeated_in_each_of_its_services(tmp_path: Path) -> None:
    places = [{"id": f"l{number}", "location_type": "physical"} for number in range(MAX_NESTED + 1)]
    documents = read(tmp_path, {**ORGANIZATION, "services": [{"id": "s", "name": "Night", "status": "active"}]})
    few = read(tmp_path, {**ORGANIZATION, "services": [{**SERVICE}], "locations": places[:2]})
    many = read(tmp_path, {**ORGANIZATION, "services": [{**SERVICE}], "locations": places})

    assert "locations" not in Composer(documents).whole("service", "s")["organization"]
    assert len(Composer(few).whole("service", "s")["organization"]["locations"]) == 2
    assert "locations" not in Composer(many).whole("service", "s")["organization"]
    assert len(Composer(many).whole("organization", "o")["locations"]) == MAX_NESTED + 1
