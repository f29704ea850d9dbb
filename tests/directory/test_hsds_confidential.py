"""R16, R21: nothing of a confidential site leaves as HSDS, and no document about one is kept."""

import json
from collections.abc import AsyncIterator
from pathlib import Path
from typing import Any

from ihala.directory.v1 import directory_pb2 as pb
from ihala.directory.v1 import directory_service_pb2 as rpc_pb
from ihala.directory.v1 import documents_pb2
from services.directory.exchange import Form
from services.directory.importing import import_files
from services.runtime.auth import Role
from tests.directory.canary import ADDRESS, Canary
from tests.directory.house import NOON, House, text
from tests.directory.hsds_files import bring_files, take_files
from tests.directory.import_files import ROOT
from tests.directory.test_confidential import everything_kept, update_location

CANARY = Canary(32.886271934517, 13.178364925183)


def an_id(number: int) -> str:
    return f"00000000-0000-4000-8000-{number:012}"


def a_service(**location: Any) -> dict[str, Any]:
    """Write a service at one location that tells its position in every place of a document."""
    told = {"id": an_id(9), "description": ADDRESS}
    point = CANARY.point
    return {
        "id": an_id(1),
        "name": "Night",
        "status": "active",
        "alert": ADDRESS,
        "phones": [{"id": an_id(2), "number": ADDRESS}],
        "organization": {
            "id": an_id(3),
            "name": "Dar",
            "description": ADDRESS,
            "locations": [{"id": an_id(5), "location_type": "physical"}],
        },
        "service_at_locations": [
            {
                "id": an_id(4),
                "description": ADDRESS,
                "schedules": [told],
                "location": {
                    "id": an_id(5),
                    "location_type": "physical",
                    "name": ADDRESS,
                    "latitude": point.latitude_deg,
                    "longitude": point.longitude_deg,
                    "transportation": ADDRESS,
                    "accessibility": [told],
                    **location,
                },
            }
        ],
    }


async def aiter_of(*requests: Any) -> AsyncIterator[Any]:
    for request in requests:
        yield request


def write(folder: Path, document: Any) -> Path:
    path = folder / "services.json"
    path.write_text(json.dumps(document), encoding="utf-8")
    return path


async def the_location(house: House) -> pb.Location:
    answer = await house.editor.ListLocations(rpc_pb.ListLocationsRequest(dataset="hsds"))
    found: pb.Location = answer.locations[0]
    return found


async def hide(house: House) -> None:
    changes = pb.Location(disclosure=pb.DISCLOSURE_AREA, names=[text("Jasmine")])
    await update_location(house, await the_location(house), changes, "disclosure", "names", "addresses")


async def kept_documents(house: House) -> list[str]:
    answer = await house.documents(Role.DIRECTORY_EDITOR).ListDocuments(documents_pb2.ListDocumentsRequest())
    return sorted(each.table for each in answer.documents)


async def test_a_site_that_becomes_confidential_takes_its_documents_along(house: House, tmp_path: Path) -> None:
    source = write(tmp_path, a_service())
    await bring_files(house, source, country_code="LY")
    assert await kept_documents(house) == ["location", "organization", "service", "service_at_location"]

    await hide(house)

    assert await kept_documents(house) == []
    async with house.pool.connection() as connection:
        assert await (await connection.execute("SELECT * FROM document")).fetchall() == []
    for form in Form:
        assert await take_files(house, tmp_path / form, form) == 0
        assert all(
            word not in path.read_text(encoding="utf-8")
            for path in (tmp_path / form).iterdir()
            for word in ("Dar", "Night", "Jasmine", ADDRESS)
        )


async def test_a_file_does_not_bring_the_documents_of_a_confidential_site_back(house: House, tmp_path: Path) -> None:
    source = write(tmp_path, a_service())
    await bring_files(house, source, country_code="LY")
    await hide(house)

    report = await bring_files(house, source, country_code="LY")

    assert report.documents_created == 0
    assert {each.fault.field for each in report.rejected} == {"location.disclosure", "document"}
    assert await kept_documents(house) == []


async def test_another_service_there_brings_no_document_either(house: House, tmp_path: Path) -> None:
    await bring_files(house, write(tmp_path, a_service()), country_code="LY")
    await hide(house)
    document = a_service()
    document["id"], document["service_at_locations"][0]["id"] = an_id(11), an_id(14)

    await bring_files(house, write(tmp_path, document), country_code="LY")

    assert await kept_documents(house) == []


async def test_a_confidential_location_that_a_client_sends_is_refused_before_its_position_is_kept(
    house: House,
) -> None:
    location = pb.Location(disclosure=pb.DISCLOSURE_AREA, country_code="LY")
    location.place.point.CopyFrom(CANARY.point)
    text_of_it = json.dumps({"links": {}, "ways": {}, "body": {"id": "1", "name": ADDRESS}})
    document = documents_pb2.Document(table="location", source_key="1", json=text_of_it)
    request = documents_pb2.KeepDocumentsRequest(
        dataset="hsds", documents=[documents_pb2.NewDocument(document=document, location=location)]
    )

    documents = house.documents(Role.DIRECTORY_EDITOR)
    (answer,) = [each async for each in documents.KeepDocuments(aiter_of(request))]

    assert [each.field for each in answer.refused] == ["location.disclosure"]
    assert CANARY.found_in(await everything_kept(house)) == []
    assert await kept_documents(house) == []


async def test_nothing_of_a_confidential_site_of_the_demo_leaves(house: House, tmp_path: Path) -> None:
    demo = ROOT / "demo"
    await import_files(house.editor.ImportProviders, [demo / "providers.json"], demo / "mapping.toml", now=lambda: NOON)
    records = json.loads((demo / "providers.json").read_text(encoding="utf-8"))
    hidden = [each for each in records if each["location"]["disclosure"] == "area"]
    services = {each["service"]["key"] for each in records if each["location"]["disclosure"] == "public"}
    organizations = {each["organization"]["key"] for each in records if each["location"]["disclosure"] == "public"}

    for form in Form:
        await take_files(house, tmp_path / form, form)

    assert hidden
    files = "".join(path.read_text(encoding="utf-8") for form in Form for path in (tmp_path / form).iterdir())
    told = files.replace('\\"', '"').replace('""', '"')
    for each in hidden:
        assert each["location"]["alias"]["en"] not in files
        assert f'"source_key":"{each["key"]}"' not in told
        assert each["service"]["key"] in services or f'"source_key":"{each["service"]["key"]}"' not in told
        owner = each["organization"]["key"]
        assert owner in organizations or f'"source_key":"{owner}"' not in told
