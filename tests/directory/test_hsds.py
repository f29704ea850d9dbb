"""HSDS in and out through the real directory: the official examples and the demo come out as they went in."""

import json
import zipfile
from collections.abc import Awaitable, Callable
from pathlib import Path
from typing import Any

import pytest

from ihala.directory.v1 import directory_pb2 as pb
from ihala.directory.v1 import directory_service_pb2 as rpc_pb
from ihala.directory.v1 import documents_pb2
from services.directory.exchange import Form
from services.directory.importing import import_files
from services.errors import PermissionDenied
from services.runtime.auth import Role
from services.runtime.postgres import read
from tests.directory.house import NOON, House, a_house, a_request_id, text
from tests.directory.hsds_files import (
    RECORDS,
    bring_files,
    by_id,
    csv_rows,
    example,
    faults_of,
    package,
    package_faults,
    read_json,
    take_files,
)
from tests.directory.import_files import ROOT

FULL = {
    "organization": "organization_full.json",
    "service": "service_full.json",
    "service_at_location": "service_at_location_full.json",
    "location": "location.json",
}
LISTS = {
    "organization": "organization_list.json",
    "service": "service_list.json",
    "service_at_location": "service_at_location_list.json",
    "taxonomy": "taxonomy_list.json",
    "taxonomy_term": "taxonomy_term_list.json",
}


async def the_provider(house: House) -> Any:
    answer = await house.editor.ListProviders(rpc_pb.ListProvidersRequest(dataset="hsds"))
    return answer.providers[0]


@pytest.mark.parametrize("table", FULL)
async def test_an_official_document_comes_out_equal_and_valid(house: House, tmp_path: Path, table: str) -> None:
    source = example(FULL[table])

    await bring_files(house, source)
    await take_files(house, tmp_path / "out.json", table=table)

    found = read_json(tmp_path / "out.json")["contents"]
    assert found == [read_json(source)]
    assert table not in RECORDS or faults_of(table, found[0]) == []


@pytest.mark.parametrize("table", LISTS)
async def test_the_items_of_an_official_page_come_out_equal(house: House, tmp_path: Path, table: str) -> None:
    source = example(LISTS[table])

    report = await bring_files(house, source)
    await take_files(house, tmp_path / "out")

    found = read_json(tmp_path / "out" / f"{table}_list.json")["contents"]
    assert found == read_json(source)["contents"]
    assert report.counts.created == 0  # a page says no country: kept as a document, and told
    assert table != "service_at_location" or report.rejected


async def test_the_official_package_comes_out_equal_and_valid(house: House, tmp_path: Path) -> None:
    source = example("csv")

    report = await bring_files(house, source)
    await take_files(house, tmp_path / "out", Form.CSV)

    assert report.counts.created == 1
    assert package(tmp_path / "out") == package(source)
    assert package_faults(package(tmp_path / "out")) == []


async def test_all_tables_in_one_object_are_read_as_the_package_is(house: House, tmp_path: Path) -> None:
    source = example("tabular.json")

    await bring_files(house, source)
    await take_files(house, tmp_path / "out", Form.CSV)

    found = package(tmp_path / "out")
    for name, rows in read_json(source).items():
        assert found[name] == [{column: str(value) for column, value in row.items()} for row in rows], name


async def test_documents_and_tables_say_the_same(house: House, tmp_path: Path) -> None:
    await bring_files(house, example("service_full.json"))

    await take_files(house, tmp_path / "tables.zip", Form.CSV)

    with zipfile.ZipFile(tmp_path / "tables.zip") as archive:
        phones = csv_rows(archive.read("phones.csv").decode())
        description = json.loads(archive.read("datapackage.json"))
        tables = {
            name: csv_rows(archive.read(name).decode()) for name in archive.namelist() if name != "datapackage.json"
        }
    service = read_json(example("service_full.json"))
    assert phones[0]["service_id"] == service["id"]
    assert phones[0]["contact_id"] == service["contacts"][0]["id"]
    assert {each["path"] for each in description["resources"]} == set(tables)
    assert package_faults(tables) == []


async def test_a_latitude_of_100_is_no_point_and_the_record_is_kept_and_told(house: House, tmp_path: Path) -> None:
    report = await bring_files(house, example("service_full.json"))

    faults = [(each.row_number, each.fault.field, each.record_kept) for each in report.rejected]
    assert faults == [(1, "location.latitude_deg", True)]
    assert "point_refused" in {each.notice.code for each in report.remarks}
    provider = await the_provider(house)
    assert not provider.HasField("place")
    assert provider.names[0].text == "Community Counselling"
    await take_files(house, tmp_path / "out.json", table="location")
    assert read_json(tmp_path / "out.json")["contents"][0]["latitude"] == 100


async def test_typed_facts_are_read_where_the_standard_says_them(house: House) -> None:
    await bring_files(house, example("service_full.json"), language="en")

    provider = await the_provider(house)
    assert provider.status == pb.STATUS_ACTIVE
    assert provider.country_code == "US"
    assert [each.language for each in provider.languages] == ["ur"]
    assert [(each.age.min_years, each.age.max_years) for each in provider.rules] == [(12, 100)]
    assert provider.contacts[0].kind == pb.CONTACT_KIND_PHONE
    assert provider.free_of_charge == pb.CLAIM_NO
    assert provider.names[0].language == "en"
    # a weekly rule by week numbers, with a count and an end, is none of RFC 5545
    assert not provider.schedules


async def test_the_same_files_again_change_nothing(house: House) -> None:
    await bring_files(house, example("service_full.json"))
    before = (await the_provider(house)).revision

    again = await bring_files(house, example("service_full.json"))

    assert again.counts.unchanged == 1
    assert (again.documents_created, again.documents_updated, again.documents_unchanged) == (0, 0, 4)
    assert (await the_provider(house)).revision == before


async def test_a_dry_run_changes_nothing(house: House) -> None:
    report = await bring_files(house, example("service_full.json"), dry_run=True)

    assert report.counts.created == 1
    async with read(house.pool) as connection:
        for table in ("provider", "organization", "document"):
            cursor = await connection.execute(f"SELECT count(*) FROM {table}")  # noqa: S608
            assert await cursor.fetchone() == (0,)


async def test_what_an_editor_changes_counts_before_the_document(house: House, tmp_path: Path) -> None:
    await bring_files(house, example("service_full.json"))
    provider = await the_provider(house)
    request = rpc_pb.UpdateProviderRequest(
        request_id=a_request_id(),
        provider=pb.Provider(
            provider_id=provider.provider_id,
            status=pb.STATUS_CLOSED,
            claims=[pb.ServiceClaim(code="PSY-CNS", claim=pb.CLAIM_YES, basis="stated")],
            descriptions=[text("Now by telephone only")],
        ),
        expected_revision=provider.revision,
    )
    request.update_mask.paths.extend(["status", "claims", "descriptions"])
    await house.editor.UpdateProvider(request)

    await take_files(house, tmp_path / "out.json")

    service = read_json(tmp_path / "out.json")["contents"][0]
    offer = service["service_at_locations"][0]
    assert service["status"] == "defunct"
    assert offer["description"] == "Now by telephone only"
    assert "PSY-CNS" in {each["taxonomy_term"]["code"] for each in offer["attributes"]}
    assert service["required_documents"] == read_json(example("service_full.json"))["required_documents"]
    assert faults_of("service", service) == []


@pytest.mark.parametrize("form", Form)
async def test_the_demo_goes_to_hsds_and_back_without_loss(
    migrated_url: Callable[..., Awaitable[str]], tmp_path: Path, form: Form
) -> None:
    for name in ("one", "two"):
        (tmp_path / name).mkdir()
    async with a_house(await migrated_url("directory"), tmp_path / "one") as house:
        mapping = ROOT / "demo" / "mapping.toml"
        await import_files(house.editor.ImportProviders, [ROOT / "demo" / "providers.json"], mapping, now=lambda: NOON)
        count = await take_files(house, tmp_path / "first", form)
        first = await facts(house)

    async with a_house(await migrated_url("directory"), tmp_path / "two") as other:
        report = await bring_files(other, tmp_path / "first", dataset="demo")
        await take_files(other, tmp_path / "second", form)
        second = await facts(other)

    assert report.counts.created == count > 100
    assert report.rejected == []
    assert second == first
    if form is Form.CSV:
        assert package(tmp_path / "second") == package(tmp_path / "first")
        assert package_faults(package(tmp_path / "first")) == []
        return
    for path in (tmp_path / "first").iterdir():
        contents = by_id(read_json(path)["contents"])
        assert by_id(read_json(tmp_path / "second" / path.name)["contents"]) == contents
        table = path.name.removesuffix("_list.json")
        assert table not in RECORDS or [fault for each in contents for fault in faults_of(table, each)] == []


async def facts(house: House) -> dict[str, pb.Provider]:
    """Read the public providers of the demo by their keys, without what each directory sets for itself."""
    found = {}
    request = rpc_pb.ListProvidersRequest(dataset="demo", page_size=500)
    for each in (await house.editor.ListProviders(request)).providers:
        if each.disclosure == pb.DISCLOSURE_PUBLIC:
            for field in (
                *("provider_id", "organization_id", "service_id", "location_id", "pool_id"),
                *("revision", "create_time", "update_time"),
            ):
                each.ClearField(field)
            found[each.source.source_key] = each
    return found


async def test_documents_are_for_editors_alone(house: House) -> None:
    for role in (Role.CASE_SYSTEM, Role.COORDINATOR, Role.RECEIVER, Role.SERVICE):
        with pytest.raises(PermissionDenied):
            await house.documents(role).ListDocuments(documents_pb2.ListDocumentsRequest())


async def test_the_feed_does_not_carry_documents(house: House) -> None:
    await bring_files(house, example("service_full.json"))

    async for answer in house.service.WatchProviders(rpc_pb.WatchProvidersRequest()):
        if answer.changes:
            assert b"Ann Persona" not in answer.SerializeToString()
        if answer.caught_up:
            break
