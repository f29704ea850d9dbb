"""The directory process: `python -m services.directory`."""

import asyncio
import gc
from datetime import UTC, datetime
from typing import Any, Final
from uuid import uuid4

import structlog
import uvloop

from ihala.directory.v1.directory_service_pb2_grpc import add_DirectoryServiceServicer_to_server
from ihala.directory.v1.documents_pb2_grpc import add_DocumentServiceServicer_to_server
from services.directory.alarms import Alarms, keep_counting
from services.directory.imports import ImportMethods
from services.directory.readiness import Ready, keep_house, keep_ready
from services.directory.servicer import Directory, DirectoryServicer
from services.directory.servicer.documents import DocumentServicer
from services.directory.settings import Settings
from services.geo import AreaCell
from services.runtime import log, rpc, settings
from services.runtime.feed import FeedWaker
from services.runtime.postgres import open_pool
from services.runtime.stop import on_signals
from services.runtime.telemetry import CallMetrics, serve_metrics
from services.runtime.tokens import Verifier
from services.towns import TownList, load

SERVICES: Final = ("ihala.directory.v1.DirectoryService", "ihala.directory.v1.DocumentService")
SCHEMA: Final = "directory"


async def run(chosen: Settings, stop: asyncio.Event) -> None:
    """Serve until a stop is requested; ready once the database is there and its tables are made."""
    towns = await asyncio.to_thread(_read_towns, chosen.countries.split(","))
    metrics = CallMetrics()
    ready = Ready()
    server = rpc.new_server(
        Verifier(chosen.jwks_file, chosen.deny_file, now=utc_now).verify,
        services=SERVICES,
        dependencies=["postgres"],
        metrics=metrics,
        interceptors=[ready],
        with_reflection=chosen.reflection,
        max_concurrent_calls=chosen.max_concurrent_calls,
    )
    async with (
        open_pool(str(chosen.database_url), SCHEMA, max_size=chosen.max_connections) as pool,
        asyncio.TaskGroup() as loops,
    ):
        directory = Directory(pool=pool, towns=towns, waker=FeedWaker(), now=utc_now, new_id=uuid4)
        servicer: Any = DirectoryServicer(directory, ImportMethods(directory))
        add_DirectoryServiceServicer_to_server(servicer, server.grpc)
        documents: Any = DocumentServicer(directory)
        add_DocumentServiceServicer_to_server(documents, server.grpc)
        watch = loops.create_task(keep_ready(chosen.database_url, pool, server.health, ready))
        tidying = loops.create_task(keep_house(pool, ready, utc_now))
        counting = loops.create_task(keep_counting(pool, ready, Alarms(metrics.registry), utc_now))
        port = server.listen(chosen.listen_address, chosen.tls_dir)
        with serve_metrics(metrics.registry, chosen.metrics_address):
            structlog.get_logger(__name__).info("service.started", port=port)
            await rpc.serve(server, stop, chosen.stop_grace_s)
        watch.cancel()
        tidying.cancel()
        counting.cancel()


def _read_towns(countries: list[str]) -> TownList:
    towns = load(countries)
    towns.population_in(AreaCell("83384bfffffffff"))  # counts the people of all cells, once
    gc.collect()
    gc.freeze()  # the towns stay for good: looking through them for circles again and again costs an import a tenth
    return towns


def utc_now() -> datetime:
    return datetime.now(UTC)


async def main() -> None:
    # an import makes many values that live for one batch and hold no circles: looked at rarely, it takes an eighth less
    gc.set_threshold(200_000, 50, 50)
    chosen = settings.load(Settings)
    log.configure("directory", chosen.log_level)
    with on_signals() as stop:
        await run(chosen, stop)


if __name__ == "__main__":
    uvloop.run(main())
