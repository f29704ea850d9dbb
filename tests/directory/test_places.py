"""Reported places: the newest counts, a pool is shared, a desk reports its own."""

import asyncio
from datetime import timedelta

import pytest
from google.protobuf.timestamp_pb2 import Timestamp

from ihala.directory.v1 import directory_pb2 as pb
from ihala.directory.v1 import directory_service_pb2 as rpc_pb
from services.errors import InvalidInput, NotFound
from services.runtime.auth import Role
from tests.directory.house import NOON, House, a_request_id


def a_report(
    population: str = "girls", total: int | None = 5, occupied: int | None = 2, hours: float = 0
) -> pb.PlaceReport:
    report_time = Timestamp()
    report_time.FromDatetime(NOON + timedelta(hours=hours))
    return pb.PlaceReport(population=population, total=total, occupied=occupied, report_time=report_time)


def reporting(provider: pb.Provider, *reports: pb.PlaceReport) -> rpc_pb.ReportPlacesRequest:
    return rpc_pb.ReportPlacesRequest(request_id=a_request_id(), provider_id=provider.provider_id, reports=reports)


async def test_the_newest_report_of_a_population_counts(house: House) -> None:
    provider = await house.provider()

    await house.editor.ReportPlaces(reporting(provider, a_report(hours=-1), a_report("boys", 3, 3, -1)))
    await house.editor.ReportPlaces(reporting(provider, a_report(total=9, hours=-2)))
    answer = await house.editor.ReportPlaces(reporting(provider, a_report("boys", 3, 1)))

    assert list(answer.provider.place_reports) == [a_report("boys", 3, 1), a_report(hours=-1)]


async def test_a_late_report_is_kept_and_takes_no_revision(house: House) -> None:
    provider = await house.provider()
    first = (await house.editor.ReportPlaces(reporting(provider, a_report()))).provider

    late = (await house.editor.ReportPlaces(reporting(provider, a_report(total=9, hours=-5)))).provider

    assert late == first
    async with house.pool.connection() as connection:
        cursor = await connection.execute("SELECT total FROM place_report ORDER BY report_time")
        assert await cursor.fetchall() == [(9,), (5,)]


async def test_a_report_shows_in_every_provider_of_the_pool(house: House) -> None:
    one = await house.provider()
    two = await house.provider(pool_id=one.pool_id)

    await house.editor.ReportPlaces(reporting(one, a_report()))
    three = await house.provider(pool_id=one.pool_id)

    for provider in (one, two, three):
        now = (await house.editor.GetProvider(rpc_pb.GetProviderRequest(provider_id=provider.provider_id))).provider
        assert list(now.place_reports) == [a_report()]
    assert len(await house.search(places_free=True)) == 3


async def test_a_pool_that_grows_while_it_is_reported_misses_nothing(house: House) -> None:
    first = await house.provider()
    service, location = await house.its_service(), await house.location()

    async with asyncio.TaskGroup() as tasks:
        for number in range(10):
            tasks.create_task(house.provider(service, location, pool_id=first.pool_id))
            report = a_report(occupied=number, hours=number - 20)
            tasks.create_task(house.editor.ReportPlaces(reporting(first, report)))

    listed = (await house.editor.ListProviders(rpc_pb.ListProvidersRequest())).providers
    assert len(listed) == 11
    assert all(list(each.place_reports) == [a_report(occupied=9, hours=-11)] for each in listed)


async def test_more_people_than_places_is_accepted(house: House) -> None:
    provider = await house.provider()

    answer = await house.editor.ReportPlaces(reporting(provider, a_report(total=3, occupied=7)))

    assert answer.provider.place_reports[0].occupied == 7
    assert await house.search(places_free=True) == []


async def test_a_desk_reports_its_own_places_alone(house: House) -> None:
    own, foreign = await house.receiver(), await house.receiver()
    provider = await house.provider(receiver_id=own.receiver_id)
    other = await house.provider(receiver_id=foreign.receiver_id)
    desk = house.stub(Role.RECEIVER, receiver_ids=(own.receiver_id,))

    answer = await desk.ReportPlaces(reporting(provider, a_report()))

    assert list(answer.provider.place_reports) == [a_report()]
    with pytest.raises(NotFound):
        await desk.ReportPlaces(reporting(other, a_report()))
    await house.stub(Role.DUTY_COORDINATOR).ReportPlaces(reporting(other, a_report()))


@pytest.mark.parametrize(
    ("reports", "field"),
    [
        ([], "reports"),
        ([a_report(), a_report()], "reports"),
        ([a_report(hours=1)], "reports[0].report_time"),
        ([pb.PlaceReport(population="girls")], "reports[0].report_time"),
        ([a_report(), a_report("boys", -1)], "reports[1].total"),
        ([a_report("boys", None, 100_001)], "reports[0].occupied"),
        ([a_report("everybody")], "reports[0].population"),
    ],
)
async def test_a_report_that_cannot_be_is_refused(house: House, reports: list[pb.PlaceReport], field: str) -> None:
    provider = await house.provider()

    with pytest.raises(InvalidInput) as caught:
        await house.editor.ReportPlaces(reporting(provider, *reports))

    assert caught.value.fields[0].field == field
