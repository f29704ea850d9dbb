"""R16 on the running system: an exact confidential position and address are found nowhere, whoever was told them."""

import asyncio
import re
from collections.abc import AsyncIterator
from pathlib import Path

import httpx
import psycopg
import pytest

from ihala.cli.run.cases import OUTCOME
from ihala.client import FEMALE, PERSON, SPOKEN, URGENT, Ihala, Person, between
from ihala.desk_client import Desk
from ihala.directory.v1 import directory_pb2 as pb
from ihala.directory.v1 import directory_service_pb2 as rpc_pb
from ihala.directory.v1.directory_service_pb2_grpc import DirectoryServiceStub
from ihala.referral import Via
from services.errors import InvalidInput, Reason
from services.geo import Point
from services.runtime.embedded.postgres import SUPERUSER
from tests.directory.canary import ADDRESS, Canary
from tests.directory.import_files import HEADER
from tests.directory.test_imports_confidential import HIDING
from tests.house import House

BY_RPC, BY_IMPORT = Canary(31.204816357294, 16.589172846351), Canary(31.973162548917, 14.248139576284)
ORIGIN = Point(32.0, 15.0)
VETTED = HIDING.replace('status = "active"', 'status = "active"\nvetting = "vetted"')
PATIENCE_S = 60.0  #: a first map takes seconds where many tests share a machine
#: 4 bytes are found by chance in files of many megabytes
CHANCE = ("the same as an integer of 4 bytes", "float")


async def told_by_rpc(house: House) -> None:
    """Enter a confidential site as a careless editor would, with everything that must not be kept."""
    point = BY_RPC.point
    alias = [pb.LocalizedText(language="en", text="Site 9")]
    address = [pb.LocalizedText(language="en", text=ADDRESS)]
    async with house.profile("editor").open_channel("directory") as channel:
        directory = DirectoryServiceStub(channel)
        organization = await directory.CreateOrganization(
            rpc_pb.CreateOrganizationRequest(request_id="canary-1", organization=pb.Organization(names=alias))
        )
        service = await directory.CreateService(
            rpc_pb.CreateServiceRequest(
                request_id="canary-2",
                service=pb.Service(organization_id=organization.organization.organization_id, names=alias),
            )
        )
        location = pb.Location(
            names=alias, disclosure=pb.DISCLOSURE_AREA, country_code="LY", time_zone="Africa/Tripoli"
        )
        location.place.point.CopyFrom(point)
        location.addresses.extend(address)
        with pytest.raises(InvalidInput) as caught:
            await directory.CreateLocation(rpc_pb.CreateLocationRequest(request_id="canary-3", location=location))
        assert caught.value.reason is Reason.FINER_THAN_ALLOWED
        assert BY_RPC.found_in(repr((caught.value, caught.value.fields, caught.value.metadata)).encode()) == []
        location.ClearField("addresses")
        made = await directory.CreateLocation(rpc_pb.CreateLocationRequest(request_id="canary-4", location=location))
        assert made.location.place.WhichOneof("place") == "cell"
        await directory.CreateProvider(
            rpc_pb.CreateProviderRequest(
                request_id="canary-5",
                provider=pb.Provider(
                    service_id=service.service.service_id,
                    location_id=made.location.location_id,
                    names=alias,
                    status=pb.STATUS_ACTIVE,
                    vetting=pb.Vetting(state=pb.VETTING_STATE_VETTED),
                    reach_out=pb.REACH_OUT_TELEPHONE,
                    claims=[pb.ServiceClaim(code="ACC-EMG", claim=pb.CLAIM_YES)],
                ),
            )
        )


def told_by_import(house: House, folder: Path) -> str:
    """Import a confidential site from a file that has its point and address; return what was printed."""
    point = BY_IMPORT.point
    line = f"1,Dar,{ADDRESS},{point.latitude_deg},{point.longitude_deg},yes\n"
    (folder / "file.csv").write_text(HEADER + line, encoding="utf-8")
    (folder / "mapping.toml").write_text(VETTED, encoding="utf-8")
    arguments = ("import", str(folder / "file.csv"), "--mapping", str(folder / "mapping.toml"))
    return "".join(
        said.out + said.err for said in (house.ihala(*arguments), house.ihala(*arguments, "--format", "json"))
    )


async def referred(house: House) -> str:
    """Refer to both sites and answer for one by telephone; return all that was told meanwhile."""
    told = []
    async with Ihala(house.profile("ministry")) as ihala:
        person = Person(age=between(20, 30), sex=FEMALE, languages=["ar"])
        answer = await ihala.find_matches(["ACC-EMG"], ORIGIN, urgency=URGENT, person=person, limit=100)
        need = answer["ACC-EMG"]
        rows = [row for row in (*need.matches, *need.ask_first) if {"Site 9", "Site 7"} & set(row.names.values())]
        assert len(rows) == 2
        for number, row in enumerate(rows):
            consent = await ihala.record_consent(
                f"canary-{number}", [row.provider_id], row.needed_fields, given_by=PERSON, method=SPOKEN
            )
            made = await ihala.refer(answer.token, row, case_ref=consent.case_ref, consent=consent)
            told += [repr(answer), repr(made), repr(await ihala.get_history(made.referral_id))]
            async with Desk(
                house.profile("coordinator"), actor="duty", on_behalf_of=row.provider_id, via=Via.PHONE
            ) as desk:
                for view in (
                    await desk.accept(made.offer_ids[row.provider_id]),
                    await desk.arrive(made.offer_ids[row.provider_id]),
                    await desk.complete(made.offer_ids[row.provider_id], OUTCOME),
                ):
                    told.append(repr(view))
    return "".join(told)


async def pages(house: House) -> AsyncIterator[bytes]:
    """Fetch the coordinators' pages and the answer page's door."""
    code = (await asyncio.to_thread(house.json, "token", "sign-in", "coordinator"))["code"]
    maps = f"http://{house.parts.address('maps')}"
    async with httpx.AsyncClient(follow_redirects=True, timeout=PATIENCE_S) as browser:
        home = await browser.post(f"{maps}/sign-in", data={"code": code}, headers={"Origin": maps})
        assert home.status_code == 200
        yield home.content
        for path in ("/", "/map.js", *set(re.findall(r'"(/(?:map\.js|tables/)[^"]*)"', home.text))):
            yield (await browser.get(maps + path.replace("&amp;", "&"))).content
        yield (await browser.get(f"http://{house.parts.address('answer')}")).content


async def test_an_exact_confidential_position_is_found_nowhere(house: House, tmp_path: Path) -> None:
    exports = [tmp_path / name for name in ("all.geojson", "all.csv")]
    (tmp_path / "in").mkdir()
    await told_by_rpc(house)

    said = await asyncio.to_thread(told_by_import, house, tmp_path / "in")
    told = (said + await referred(house)).encode()
    for number, file in enumerate(exports):
        assert (
            await asyncio.to_thread(house.ihala, "export", str(file), "--as", ["geojson", "csv"][number])
        ).exit_code == 0
        told += file.read_bytes()
    for arguments in (
        ("search", "--near", "32.0,15.0", "--limit", "500"),
        ("match", "--at", "32.0,15.0", "--need", "ACC-EMG", "--limit", "100"),
        ("referrals", "list"),
        ("tasks",),
        ("receiver", "list"),
    ):
        told += (await asyncio.to_thread(house.ihala, *arguments)).out.encode()
    told += b"".join([page async for page in pages(house)])
    with psycopg.connect(_database(house), autocommit=True) as connection:
        connection.execute("CHECKPOINT")

    for canary in (BY_RPC, BY_IMPORT):
        assert canary.found_in(told) == []
        kept = [each for each in canary.found_under(house.folder) if not each.endswith(CHANCE)]
        assert kept == []  # logs, the NATS store, the database's files


def _database(house: House) -> str:
    password = (house.folder / "postgres" / f"{SUPERUSER}.password").read_text()
    return f"postgresql://{SUPERUSER}:{password}@{house.parts.database_url.rpartition('@')[2].rpartition('/')[0]}/ihala"
