"""The matching process: `python -m services.matching`."""

import asyncio
import gc
import sys
from collections.abc import AsyncIterator, Coroutine
from contextlib import asynccontextmanager
from datetime import UTC, datetime
from typing import Any, Final

import structlog
import uvloop

from ihala.matching.v1.matching_pb2_grpc import add_MatchingServiceServicer_to_server
from services.matching.clients import RemoteDirectory, RemoteReferrals
from services.matching.consumer import (
    ProviderFollower,
    follow_calendar,
    follow_lines,
    follow_providers,
    follow_taken,
)
from services.matching.index.state import Directory, Taken
from services.matching.model.travel import Mode, Pace
from services.matching.origins import REGION, Origins
from services.matching.servicer import MatchingServicer
from services.matching.settings import Settings
from services.matching.silence import Silences
from services.matching.token import Sealer, read_key
from services.runtime import log, rpc, settings
from services.runtime.channel import open_channel, token_file
from services.runtime.stop import on_signals
from services.runtime.telemetry import CallMetrics, serve_metrics
from services.runtime.tokens import Verifier
from services.towns import load

SERVICE: Final = "ihala.matching.v1.MatchingService"
DIRECTORY_FEED: Final = "directory feed"
SWITCH_INTERVAL_S: Final = 0.0005


async def run(chosen: Settings, stop: asyncio.Event) -> None:
    """Serve until a stop is requested; warm once the directory has been read whole."""
    sealer = Sealer(read_key(chosen.token_key_file))
    origins = Origins(await asyncio.to_thread(load, chosen.countries.split(",") if chosen.countries else REGION))
    directory, taken, silences = Directory(), Taken(), Silences(chosen.silence_m)
    directory.lines = None  # until they are read
    metrics = CallMetrics()
    server = rpc.new_server(
        Verifier(chosen.jwks_file, chosen.deny_file, now=utc_now).verify,
        services=[SERVICE],
        dependencies=[DIRECTORY_FEED],
        metrics=metrics,
        with_reflection=chosen.reflection,
        max_concurrent_calls=chosen.max_concurrent_calls,
    )
    servicer = MatchingServicer(directory, taken, origins, sealer, utc_now, pace_of(chosen), silences)
    add_MatchingServiceServicer_to_server(servicer, server.grpc)  # type: ignore[arg-type]  # a plain class will do
    follower = ProviderFollower(directory, lambda: server.health.set_serving(DIRECTORY_FEED, is_serving=True))
    token = None if chosen.token_file is None else token_file(chosen.token_file)
    options: dict[str, Any] = {"allow_plaintext": chosen.allow_plaintext}
    async with (
        open_channel(chosen.directory_address, token, chosen.tls_dir, **options) as to_directory,
        open_channel(chosen.referrals_address, token, chosen.tls_dir, **options) as to_referrals,
        running(
            follow_providers(RemoteDirectory(to_directory), follower),
            follow_calendar(RemoteDirectory(to_directory), directory),
            follow_lines(RemoteDirectory(to_directory), directory),
            follow_taken(RemoteReferrals(to_referrals), taken, silences, utc_now),
        ),
    ):
        port = server.listen(chosen.listen_address, chosen.tls_dir)
        with serve_metrics(metrics.registry, chosen.metrics_address):
            structlog.get_logger(__name__).info("service.started", port=port)
            await rpc.serve(server, stop, chosen.stop_grace_s)


def pace_of(chosen: Settings) -> Pace:
    """Say how fast people get on here."""
    usual = {Mode.CAR: chosen.car_kmh, Mode.PUBLIC: chosen.public_kmh, Mode.FOOT: chosen.foot_kmh}
    return Pace(detour=chosen.detour, usual_kmh=usual)


@asynccontextmanager
async def running(*loops: Coroutine[Any, Any, None]) -> AsyncIterator[None]:
    """Run loops beside what is inside, and end them with it; one that fails ends everything."""
    async with asyncio.TaskGroup() as group:
        tasks = [group.create_task(each) for each in loops]
        yield
        for task in tasks:
            task.cancel()


def utc_now() -> datetime:
    return datetime.now(UTC)


def tune() -> None:
    """Prepare the interpreter for answers: they are short, and many."""
    # a rebuild runs in a thread: an answer waits for it no longer than this
    sys.setswitchinterval(SWITCH_INTERVAL_S)
    # an answer makes some hundred values that hold no circles: looked for in each, they cost it a thirtieth
    gc.set_threshold(20_000, 20, 50)


async def main() -> None:
    tune()
    chosen = settings.load(Settings)
    log.configure("matching", chosen.log_level)
    with on_signals() as stop:
        await run(chosen, stop)


if __name__ == "__main__":
    uvloop.run(main())
