"""What an import refuses, of the call, of the caller and of the file, and that it says why."""

from collections.abc import AsyncIterator
from pathlib import Path
from typing import Any

import pytest

from ihala.directory.v1 import directory_pb2 as pb
from ihala.directory.v1 import directory_service_pb2 as rpc_pb
from services.directory.importing.apart import ReaderApart
from services.errors import IhalaError, InvalidInput, PermissionDenied, Reason
from services.runtime.auth import Role
from tests.directory.house import House
from tests.directory.import_files import MAPPING
from tests.directory.imports import HEADER_SENT, bring, contents, rows


async def sent(house: House, *requests: rpc_pb.ImportProvidersRequest) -> list[Any]:
    async def all_of_them() -> AsyncIterator[rpc_pb.ImportProvidersRequest]:
        for request in requests:
            yield request

    return [answer async for answer in house.editor.ImportProviders(all_of_them())]


@pytest.mark.parametrize(
    ("header", "field"),
    [
        ({"dataset": "Towns!"}, "header.dataset"),
        ({"digest": "abc"}, "header.digest"),
        ({"on_duplicate": rpc_pb.ON_DUPLICATE_UNSPECIFIED}, "header.on_duplicate"),
    ],
)
async def test_a_header_that_says_too_little(house: House, header: dict[str, Any], field: str) -> None:
    good: dict[str, Any] = {
        "dataset": "towns",
        "digest": "0" * 64,
        "on_duplicate": rpc_pb.ON_DUPLICATE_FIRST,
    }
    with pytest.raises(InvalidInput) as caught:
        await sent(house, rpc_pb.ImportProvidersRequest(header=rpc_pb.ImportHeader(**{**good, **header})))

    assert [violation.field for violation in caught.value.fields] == [field]


async def test_rows_before_the_header_and_a_second_header(house: House) -> None:
    header = rpc_pb.ImportProvidersRequest(header=HEADER_SENT)
    rows_first = rpc_pb.ImportProvidersRequest(rows=rpc_pb.ImportRows())

    for requests in ((), (rows_first,), (header, header)):
        with pytest.raises(InvalidInput):
            await sent(house, *requests)


async def test_a_row_that_the_model_refuses_is_no_failed_call(house: House) -> None:
    """Latitude 91, an unknown service code, and a row without parts, sent past the reader."""
    names = [pb.LocalizedText(language="en", text="Dar")]

    def a_row(number: int, latitude_deg: float = 1.0, code: str = "HEA-PRI") -> rpc_pb.ImportRow:
        location = pb.Location(disclosure=pb.DISCLOSURE_PUBLIC, country_code="LY", time_zone="Africa/Tripoli")
        location.place.point.latitude_deg, location.place.point.longitude_deg = latitude_deg, 2.0
        return rpc_pb.ImportRow(
            row_number=number,
            source_key=str(number),
            organization=pb.Organization(names=names),
            service=pb.Service(names=names),
            location=location,
            provider=pb.Provider(
                names=names, status=pb.STATUS_ACTIVE, claims=[pb.ServiceClaim(code=code, claim=pb.CLAIM_YES)]
            ),
        )

    batch = [a_row(1), a_row(2, latitude_deg=91.0), a_row(3, code="HEA-XXX"), rpc_pb.ImportRow(row_number=4)]
    answers = await sent(
        house,
        rpc_pb.ImportProvidersRequest(header=HEADER_SENT),
        rpc_pb.ImportProvidersRequest(rows=rpc_pb.ImportRows(rows=batch)),
    )

    assert answers[-1].created_count == 1
    assert answers[-1].rejected_count == 3
    assert [(each.row_number, each.field) for answer in answers for each in answer.rejected] == [
        (2, "location.place.point.latitude_deg"),
        (3, "provider.claims[0].code"),
        (4, "organization"),
    ]


async def test_nobody_but_an_editor_imports(house: House) -> None:
    async def a_header() -> AsyncIterator[rpc_pb.ImportProvidersRequest]:
        yield rpc_pb.ImportProvidersRequest(header=HEADER_SENT)

    for role in (Role.COORDINATOR, Role.CASE_SYSTEM, Role.SERVICE):
        with pytest.raises(PermissionDenied):
            _ = [each async for each in house.stub(role).ImportProviders(a_header())]


async def test_a_file_that_breaks_on_the_way_says_why(
    house: House, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    async def breaks(reader: object, after_row: int) -> AsyncIterator[Any]:
        raise OSError("the disk is gone")
        yield

    monkeypatch.setattr(ReaderApart, "requests", breaks)

    with pytest.raises(OSError, match="the disk is gone"):
        await bring(house, tmp_path, rows(1))


async def test_a_bad_file_or_mapping_sends_nothing(house: House, tmp_path: Path) -> None:
    before = await contents(house)
    for content, mapping, reason in (
        ("", MAPPING, Reason.MALFORMED),
        ("id,other\n1,2\n", MAPPING, Reason.UNKNOWN_FIELD),
        (rows(1), MAPPING + "\nspelling = 1\n", Reason.UNKNOWN_FIELD),
        (rows(1), MAPPING.replace("ACC-EMG", "ACC-XXX"), Reason.UNKNOWN_CODE),
    ):
        with pytest.raises(IhalaError) as caught:
            await bring(house, tmp_path, content, mapping)
        assert caught.value.reason is reason

    assert await contents(house) == before
