"""What a dry run would do: every record that would be created, changed or archived, and in which fields."""

from pathlib import Path

from services.directory.model import Outcome
from services.directory.model.imports import Changed
from tests.directory.house import House
from tests.directory.import_files import HEADER
from tests.directory.imports import bring, contents
from tests.directory.test_imports_translated import providers

FILE = f"{HEADER}1,Dar,one,32.8,13.1,yes\n2,Dar,two,32.9,13.2,no\n3,Dar,three,33.0,13.3,no\n"


async def test_a_dry_run_lists_every_record_that_would_change_and_the_fields(house: House, tmp_path: Path) -> None:
    await bring(house, tmp_path, FILE)
    before, ids = await contents(house), {key: each.provider_id for key, each in (await providers(house)).items()}
    content = f"{HEADER}1,Dar,one,32.8,13.1,yes\n2,Dar,zwei,30.0,13.2,yes\n4,Dar,four,1,1,yes\n"

    report = await bring(house, tmp_path, content, dry_run=True, complete=True, allow_large_archive=True)

    assert await contents(house) == before
    assert report.changes == [
        Changed(
            row_number=2,
            source_key="2",
            provider_id=ids["2"],
            outcome=Outcome.UPDATED,
            fields=("claims", "location.place", "names", "place"),
        ),
        Changed(row_number=3, source_key="4", provider_id="", outcome=Outcome.CREATED),
        Changed(row_number=0, source_key="3", provider_id=ids["3"], outcome=Outcome.ARCHIVED),
    ]


async def test_what_only_its_ground_changes_is_listed_too(house: House, tmp_path: Path) -> None:
    await bring(house, tmp_path, FILE)

    report = await bring(house, tmp_path, FILE.replace("Dar", "Dār", 1), dry_run=True)
    same = await bring(house, tmp_path, FILE, dry_run=True)

    assert [(each.source_key, each.fields) for each in report.changes] == [
        ("1", ("location.organization_id", "organization_id", "service.organization_id"))
    ]
    assert same.changes == []


async def test_a_real_run_lists_no_changes(house: House, tmp_path: Path) -> None:
    assert (await bring(house, tmp_path, FILE)).changes == []


async def test_what_is_archived_is_of_the_dataset_alone(house: House, tmp_path: Path) -> None:
    other = await house.provider()
    await bring(house, tmp_path, FILE)

    report = await bring(house, tmp_path, f"{HEADER}1,Dar,one,32.8,13.1,yes\n", complete=True, allow_large_archive=True)

    assert report.counts.archived == 2
    assert await house.search(codes=["ACC-EMG"]) == sorted(
        [other.provider_id, (await providers(house))["1"].provider_id]
    )
