"""The made-up directory of the benchmarks is one that the directory itself could have written."""

from collections.abc import Awaitable, Callable
from itertools import islice
from pathlib import Path

from psycopg import AsyncConnection

from bench.synthetic_directory import SyntheticDirectory, load
from ihala.directory.v1 import directory_pb2 as pb
from ihala.directory.v1 import directory_service_pb2 as rpc_pb
from services.directory.model import Stored
from services.directory.store.provider_columns import COLUMNS, columns_of
from services.directory.wire.nouns_wire import PROVIDER
from services.runtime.embedded.postgres import SUPERUSER, PostgresServer
from tests.directory.house import a_house, towns

COUNT = 400


def test_every_row_is_as_the_store_would_write_it() -> None:
    directory = SyntheticDirectory(towns(), COUNT)
    rows = [row for building in directory.buildings() for row in directory.providers(building)]

    for row in rows:
        provider = PROVIDER.value(Stored(record_id=row["provider_id"], revision=1, doc=row["doc"]))
        written = columns_of(row["provider_id"], provider)
        assert {name: row[name] for name in COLUMNS} == written
    assert {row["disclosure"] for row in rows} == {"PUBLIC", "AREA"}


def test_the_same_count_makes_the_same_directory() -> None:
    one, other = (SyntheticDirectory(towns(), COUNT) for _ in range(2))

    assert list(islice(one.buildings(), 5)) == list(islice(other.buildings(), 5))


async def test_what_is_loaded_is_a_directory_that_works(
    migrated_url: Callable[..., Awaitable[str]], postgres_server: PostgresServer, tmp_path: Path
) -> None:
    url = await migrated_url("directory")
    as_superuser = postgres_server.url(url.rpartition("/")[2], SUPERUSER)
    async with await AsyncConnection.connect(
        as_superuser, autocommit=True, options="-c search_path=directory"
    ) as connection:
        await load(connection, SyntheticDirectory(towns(), COUNT))

    async with a_house(url, tmp_path) as house:
        found = await house.search(text="مأوى", statuses=[pb.STATUS_ACTIVE, pb.STATUS_DRAFT], page_size=500)
        assert found
        first = await house.editor.GetProvider(rpc_pb.GetProviderRequest(provider_id=found[0]))
        await house.editor.ArchiveProvider(
            rpc_pb.ArchiveProviderRequest(
                request_id="gone", provider_id=found[0], expected_revision=first.provider.revision
            )
        )
        after = await house.search(text="مأوى", statuses=[pb.STATUS_ACTIVE, pb.STATUS_DRAFT], page_size=500)
    assert after == found[1:]
