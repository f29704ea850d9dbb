"""Imports through the door that `ihala import` comes in by, against the real database."""

from pathlib import Path

import pytest

from ihala.directory.v1 import directory_service_pb2 as rpc_pb
from services.directory.model.imports import Counts
from services.errors import FailedPrecondition
from tests.directory.house import House
from tests.directory.import_files import HEADER, MAPPING
from tests.directory.imports import bring, contents, names, rows


async def test_a_second_import_changes_nothing_and_takes_no_revision(house: House, tmp_path: Path) -> None:
    first = await bring(house, tmp_path, rows(1, 2, 3))
    before = await contents(house)

    again = await bring(house, tmp_path, rows(1, 2, 3))

    assert first.counts == Counts(read=3, created=3)
    assert again.counts == Counts(read=3, unchanged=3)
    after = await contents(house)
    assert {**after, "import_run": None} == {**before, "import_run": None}


async def test_a_changed_row_is_updated_and_the_others_are_not(house: House, tmp_path: Path) -> None:
    await bring(house, tmp_path, rows(1, 2, 3))

    report = await bring(house, tmp_path, rows(1, 3) + "2,Dar,New,32.8,13.1,yes\n")

    assert report.counts == Counts(read=3, updated=1, unchanged=2)
    assert await names(house) == {"1": "Bayt 1", "2": "New", "3": "Bayt 3"}


async def test_a_dry_run_counts_the_same_and_changes_nothing(house: House, tmp_path: Path) -> None:
    await bring(house, tmp_path, rows(1, 2, 3, 4, 5, 6))
    before, content = await contents(house), rows(1, 7, 2, 2) + "3,Dar,New,91,13,yes\n4,x\n"

    dry = await bring(house, tmp_path, content, dry_run=True, complete=True, allow_large_archive=True)
    between = await contents(house)
    real = await bring(house, tmp_path, content, complete=True, allow_large_archive=True)

    assert between == before
    assert dry.counts == real.counts
    assert dry.rejected == real.rejected
    assert dry.remarks == real.remarks
    assert real.counts == Counts(read=6, created=1, updated=1, unchanged=2, archived=3, duplicates=1, rejected=1)


@pytest.mark.parametrize(
    ("on_duplicate", "kept", "counts"),
    [
        ("first", "one", Counts(read=3, created=2, duplicates=1)),
        ("last", "two", Counts(read=3, created=2, duplicates=1)),
        ("reject", "one", Counts(read=3, created=2, rejected=1)),
    ],
)
async def test_a_repeated_key_goes_by_the_mapping(
    house: House, tmp_path: Path, on_duplicate: str, kept: str, counts: Counts
) -> None:
    mapping = MAPPING.replace('on_duplicate = "first"', f'on_duplicate = "{on_duplicate}"')
    content = f"{HEADER}1,Dar,one,,,\n2,Dar,other,,,\n1,Dar,two,,,\n"

    report = await bring(house, tmp_path, content, mapping)

    assert report.counts == counts
    assert await names(house) == {"1": kept, "2": "other"}
    assert [(each.row_number, each.fault.field) for each in report.rejected] == [(3, "key")] * counts.rejected


async def test_a_row_after_a_refused_one_of_its_key_is_imported(house: House, tmp_path: Path) -> None:
    report = await bring(house, tmp_path, f"{HEADER}1,,no owner,,,\n1,Dar,good,,,\n")

    assert report.counts == Counts(read=2, created=1, rejected=1)
    assert await names(house) == {"1": "good"}


async def test_a_refused_row_is_reported_and_the_rest_imported(house: House, tmp_path: Path) -> None:
    """Latitude 91: the record is kept without a point; a row of the wrong length is no record."""
    report = await bring(house, tmp_path, f"{HEADER}1,Dar,a,91,13,yes\n2,Dar\n3,Dar,c,0,0,yes\n")

    assert report.counts == Counts(read=3, created=2, rejected=1)
    assert [(each.row_number, each.fault.field, each.record_kept) for each in report.rejected] == [
        (1, "location.latitude_deg", True),
        (2, "row", False),
    ]
    assert [(each.row_number, each.notice.code) for each in report.remarks] == [(1, "point_refused")]
    answer = await house.editor.ListProviders(rpc_pb.ListProvidersRequest(dataset="towns.test"))
    has_place = {each.source.source_key: each.HasField("place") for each in answer.providers}
    assert has_place == {"1": False, "3": True}


async def test_rows_that_are_gone_are_archived_only_if_the_file_is_complete(house: House, tmp_path: Path) -> None:
    await bring(house, tmp_path, rows(*range(1, 11)))
    await bring(house, tmp_path, rows("other"), MAPPING.replace("towns.test", "other.test"))

    partial = await bring(house, tmp_path, rows(*range(1, 9)))
    complete = await bring(house, tmp_path, rows(*range(1, 9)) + "9,refused\n", complete=True)

    assert partial.counts.archived == 0
    assert complete.counts == Counts(read=9, unchanged=8, rejected=1, archived=2)
    assert len(await names(house)) == 8
    assert list(await names(house, "other.test")) == ["other"]


async def test_a_refused_row_does_not_archive_its_record(house: House, tmp_path: Path) -> None:
    await bring(house, tmp_path, rows(*range(1, 11)))

    report = await bring(house, tmp_path, rows(*range(1, 10)) + "10,,no owner,,,\n", complete=True)

    assert report.counts == Counts(read=10, unchanged=9, rejected=1)


async def test_more_than_20_percent_is_archived_only_if_that_is_allowed(house: House, tmp_path: Path) -> None:
    await bring(house, tmp_path, rows(*range(1, 11)))

    with pytest.raises(FailedPrecondition) as caught:
        await bring(house, tmp_path, rows(*range(1, 8)), complete=True)
    kept = await names(house)
    report = await bring(house, tmp_path, rows(*range(1, 8)), complete=True, allow_large_archive=True)

    assert [violation.field for violation in caught.value.fields] == ["header.allow_large_archive"]
    assert len(kept) == 10
    assert report.counts.archived == 3
    assert report.resumed_after_row == 7


async def test_an_archived_record_that_comes_back_is_in_use_again(house: House, tmp_path: Path) -> None:
    await bring(house, tmp_path, rows(*range(1, 11)))
    await bring(house, tmp_path, rows(*range(1, 10)), complete=True)

    report = await bring(house, tmp_path, rows(*range(1, 11)))

    assert report.counts == Counts(read=10, unchanged=9, updated=1)
