"""R16: by import as by RPC, an exact position is forgotten at the door, whoever was to forget it first."""

import io
from collections import Counter
from collections.abc import AsyncIterator, Iterator
from pathlib import Path
from typing import Any

import pytest
import structlog

from ihala.directory.v1 import directory_pb2 as pb
from ihala.directory.v1 import directory_service_pb2 as rpc_pb
from services.directory.importing import import_files
from services.errors import NotFound
from services.runtime import log
from services.runtime.auth import Role
from services.runtime.embedded.postgres import PostgresServer
from tests.directory.canary import ADDRESS, Canary
from tests.directory.house import NOON, House
from tests.directory.import_files import HEADER, MAPPING
from tests.directory.test_confidential import everything_kept, everything_told, files_of

CANARY = Canary(32.886271934517, 13.178364925183)
PUBLIC_CANARY = Canary(32.113572468135, 20.091735824681)

ALIAS = 'aliases = [{ value = "Site 7", language = "en" }]\n'
SECRET = '[{ from = "name", language = "en" }]\n'
#: every row whose `shelter` is yes is confidential, and its name is its address
HIDING = (
    MAPPING.replace('"public"', '{ from = "shelter", codes = { yes = "area", no = "public" } }')
    .replace("[service]\n", f"[service]\ndescriptions = {SECRET}")
    .replace("[provider]\n", f"{ALIAS}addresses = {SECRET}[provider]\n{ALIAS}descriptions = {SECRET}")
    + '[[contacts]]\nkind = "phone"\nvalue = { from = "name" }\n'
)


@pytest.fixture
def log_lines() -> Iterator[io.StringIO]:
    """Hear everything that the process would log."""
    lines = io.StringIO()
    log.configure("directory", "debug", stream=lines)
    yield lines
    structlog.reset_defaults()


def a_raw_row(**fields: Any) -> rpc_pb.ImportRow:
    """Make a row as a client would send it that coarsens nothing by itself."""
    alias = [pb.LocalizedText(language="en", text="Site 7")]
    secret = [pb.LocalizedText(language="en", text=ADDRESS)]
    location = pb.Location(
        disclosure=pb.DISCLOSURE_AREA, country_code="LY", time_zone="Africa/Tripoli", names=alias, addresses=secret
    )
    location.place.point.CopyFrom(CANARY.point)
    return rpc_pb.ImportRow(
        row_number=1,
        source_key="1",
        organization=pb.Organization(names=alias, descriptions=secret),
        service=pb.Service(names=alias, descriptions=secret),
        location=location,
        provider=pb.Provider(
            names=alias,
            descriptions=secret,
            status=pb.STATUS_ACTIVE,
            contacts=[pb.Contact(kind=pb.CONTACT_KIND_PHONE, value=ADDRESS)],
            claims=[pb.ServiceClaim(code="ACC-EMG", claim=pb.CLAIM_YES)],
            **fields,
        ),
    )


async def send(house: House, *rows: rpc_pb.ImportRow) -> list[rpc_pb.ImportProvidersResponse]:
    async def requests() -> AsyncIterator[rpc_pb.ImportProvidersRequest]:
        header = rpc_pb.ImportHeader(dataset="towns.test", digest="0" * 64, on_duplicate=rpc_pb.ON_DUPLICATE_LAST)
        yield rpc_pb.ImportProvidersRequest(header=header)
        yield rpc_pb.ImportProvidersRequest(rows=rpc_pb.ImportRows(rows=rows))

    return [answer async for answer in house.editor.ImportProviders(requests())]


async def only_provider(house: House) -> pb.Provider:
    (provider,) = (await house.editor.ListProviders(rpc_pb.ListProvidersRequest(dataset="towns.test"))).providers
    found: pb.Provider = provider
    return found


async def test_an_imported_point_and_address_are_found_nowhere(
    house: House, postgres_server: PostgresServer, log_lines: io.StringIO, tmp_path: Path
) -> None:
    point = CANARY.point
    line = f"1,Dar,{ADDRESS},{point.latitude_deg},{point.longitude_deg},yes\n"
    (tmp_path / "file.csv").write_text(HEADER + line, encoding="utf-8")
    (tmp_path / "mapping.toml").write_text(HIDING, encoding="utf-8")

    report = await import_files(
        house.editor.ImportProviders, [tmp_path / "file.csv"], tmp_path / "mapping.toml", now=lambda: NOON
    )
    answers = await send(house, a_raw_row())
    refused = a_raw_row(pool_id=ADDRESS)
    refused.row_number = 2
    answers += await send(house, refused)

    assert report.counts.created == 1
    assert Counter(each.notice.code for each in report.remarks) == {
        "snapped_to_area": 1,
        "address_withheld": 1,
        "description_withheld": 1,
        "contact_withheld": 1,
    }
    assert Counter(each.code for answer in answers for each in answer.notices) == {
        "snapped_to_area": 1,
        "address_withheld": 1,
        "contact_withheld": 1,
        "description_withheld": 3,
    }
    provider = await only_provider(house)
    assert provider.place.WhichOneof("place") == "cell"
    assert CANARY.found_in(repr(report).encode() + repr(answers).encode()) == []
    assert CANARY.found_in(await everything_told(house, provider)) == []
    assert CANARY.found_in(await everything_kept(house)) == []
    assert CANARY.found_in(log_lines.getvalue().encode()) == []
    assert CANARY.found_under(files_of(postgres_server)) == []


async def test_the_same_scan_finds_a_public_point(house: House, tmp_path: Path) -> None:
    point = PUBLIC_CANARY.point
    line = f"1,Dar,Bayt,{point.latitude_deg},{point.longitude_deg},no\n"
    (tmp_path / "file.csv").write_text(HEADER + line, encoding="utf-8")
    (tmp_path / "mapping.toml").write_text(HIDING, encoding="utf-8")

    await import_files(
        house.editor.ImportProviders, [tmp_path / "file.csv"], tmp_path / "mapping.toml", now=lambda: NOON
    )

    assert PUBLIC_CANARY.found_in(await everything_kept(house))


async def test_an_imported_confidential_site_is_not_found_by_search(house: House) -> None:
    await send(house, a_raw_row())
    provider = await only_provider(house)

    assert not await house.search(dataset="towns.test")
    with pytest.raises(NotFound):
        await house.stub(Role.COORDINATOR).GetProvider(rpc_pb.GetProviderRequest(provider_id=provider.provider_id))


async def test_a_bad_point_of_a_confidential_site_is_not_told_back(house: House) -> None:
    row = a_raw_row()
    row.location.place.point.latitude_deg = 91.25

    answers = await send(house, row)

    assert answers[-1].rejected_count == 1
    assert "91.25" not in repr(answers)


async def test_a_file_cannot_make_a_confidential_site_public(house: House) -> None:
    await send(house, a_raw_row())
    public = a_raw_row()
    public.location.disclosure = pb.DISCLOSURE_PUBLIC

    answers = await send(house, public)

    assert answers[-1].rejected_count == 1
    assert (await only_provider(house)).disclosure == pb.DISCLOSURE_AREA
