"""Documents of HSDS laid out as the rows of its tables, and read from them: pure, without a directory."""

from decimal import Decimal
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from services.directory.hsds.composing import Composer
from services.directory.hsds.csv_tables import SAME_AS, lay_out
from services.directory.hsds.documents import Documents
from services.directory.hsds.incoming import incoming
from services.directory.hsds.packages import csv_files, read_files
from services.directory.hsds.ways import Ways
from services.geo import Point
from tests.directory.hsds_documents import SERVICE, offer, read


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
