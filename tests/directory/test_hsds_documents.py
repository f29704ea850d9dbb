"""Documents of HSDS taken apart and put together: pure, without a directory."""

import json
import zipfile
from pathlib import Path
from typing import Any

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from services.directory.hsds.carried import opened, written
from services.directory.hsds.composing import MAX_NESTED, Composer
from services.directory.hsds.documents import Documents
from services.directory.hsds.packages import MAX_FILES, read_files
from services.directory.hsds.tables import RECORDS, TABLES
from services.directory.hsds.ways import Ways
from services.errors import InvalidInput
from tests.directory.hsds_documents import ORGANIZATION, SERVICE, offer, read

VALUES = st.none() | st.booleans() | st.integers() | st.floats(allow_nan=False, allow_infinity=False) | st.text()


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
