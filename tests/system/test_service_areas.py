"""Where a service serves holds for its providers that say nothing, from the directory through the feed to a match."""

import asyncio

from ihala.client import Ihala, Person, Point, between
from ihala.directory.v1.directory_service_pb2 import GetProviderRequest
from ihala.directory.v1.directory_service_pb2_grpc import DirectoryServiceStub
from tests.house import House

TRIPOLI = Point(32.8874, 13.1873)
CODE = "HEA-PRI"
ADULT = Person(age=between(30, 30))
PATIENCE_S = 20


async def until_offered(ihala: Ihala, provider_id: str, *, offered: bool) -> None:
    """Ask until matching has read the change."""
    async with asyncio.timeout(PATIENCE_S):
        while True:
            need = (await ihala.find_matches([CODE], TRIPOLI, person=ADULT, limit=100))[CODE]
            if (provider_id in {row.provider_id for row in (*need.matches, *need.ask_first)}) is offered:
                return


async def test_a_provider_that_names_no_area_serves_where_its_service_does(house: House) -> None:
    async with (
        Ihala(house.profile("ministry"), actor="worker-9") as ihala,
        house.profile("editor").open_channel("directory", actor="editor-9") as channel,
    ):
        need = (await ihala.find_matches([CODE], TRIPOLI, person=ADULT))[CODE]
        provider_id = (*need.matches, *need.ask_first)[0].provider_id
        service_id = (
            await DirectoryServiceStub(channel).GetProvider(GetProviderRequest(provider_id=provider_id))
        ).provider.service_id

        drawn = await asyncio.to_thread(house.ihala, "areas", "draw", service_id, "--service", "--region", "TN")
        await until_offered(ihala, provider_id, offered=False)
        ended = await asyncio.to_thread(house.ihala, "areas", "end", service_id, "--service", "--all")
        await until_offered(ihala, provider_id, offered=True)

    assert (drawn.exit_code, ended.exit_code) == (0, 0)
