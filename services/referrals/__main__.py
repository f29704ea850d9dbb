"""The referrals process: `python -m services.referrals`."""

import asyncio
import time
from collections.abc import AsyncIterator, Awaitable, Callable, Coroutine, Sequence
from contextlib import AbstractAsyncContextManager, asynccontextmanager
from datetime import UTC, datetime, timedelta
from functools import partial
from typing import Any, Final
from uuid import uuid4

import structlog
import uvloop

from ihala.referrals.v1.referrals_service_pb2_grpc import add_ReferralsServiceServicer_to_server
from services.errors import IhalaError
from services.hours import zone
from services.referrals.clients import RemoteDirectory, RemoteMatching
from services.referrals.clocks import Clocks, ladders, overridden
from services.referrals.due import (
    Rematcher,
    Rewrapper,
    SteadyClock,
    erase_cases,
    escalate_tasks,
    remind_senders,
    send_corrections,
    take_rungs,
)
from services.referrals.follower import Follower
from services.referrals.model import Need
from services.referrals.relay import relay
from services.referrals.rounds import TROUBLE_REST_S, rounds
from services.referrals.scene import House, WorkingTime
from services.referrals.servicer import Desk, ReferralsServicer
from services.referrals.settings import Settings
from services.referrals.store.sealing import Sealer
from services.referrals.sweeper import Sweeper
from services.referrals.wire.cloudevents import STREAM, SUBJECTS
from services.runtime import jetstream, log, postgres, rpc, settings
from services.runtime.channel import open_channel, token_file
from services.runtime.feed import FeedWaker
from services.runtime.migrate import migrate
from services.runtime.sealing import read_key
from services.runtime.stop import first_of, on_signals
from services.runtime.telemetry import CallMetrics, serve_metrics
from services.runtime.tokens import Verifier

SERVICE: Final = "ihala.referrals.v1.ReferralsService"
SCHEMA: Final = "referrals"
DATABASE: Final = "postgres"
DIRECTORY_FEED: Final = "directory feed"
ERASURE_REST_S: Final = 60.0
REWRAPPING_REST_S: Final = 60.0  #: between two passes over all keys, while a KEK is replaced
CALENDAR_REST_S: Final = 30.0  #: clocks of days need no seconds, nor do corrections of a record
SETTLES_AFTER_S: Final = 300.0  #: a new time is taken for the right one, so that no clock stands still for ever


async def run(chosen: Settings, stop: asyncio.Event) -> None:
    """Serve until a stop is requested; ready once the tables are there and the directory has been read."""
    metrics = CallMetrics()
    server = rpc.new_server(
        Verifier(chosen.jwks_file, chosen.deny_file, now=utc_now).verify,
        services=[SERVICE],
        dependencies=[DATABASE, DIRECTORY_FEED],
        metrics=metrics,
        with_reflection=chosen.reflection,
        max_concurrent_calls=chosen.max_concurrent_calls,
    )
    token = None if chosen.token_file is None else token_file(chosen.token_file)
    options: dict[str, Any] = {"allow_plaintext": chosen.allow_plaintext}
    calendar = WorkingTime()
    house = House(
        Clocks(overridden(chosen.clocks_s), ladders(chosen.ladder_s), calendar),
        chosen.duty_roster,
        new_id,
        chosen.manager_roster,
        zone(chosen.time_zone),
        chosen.has_legal_duty,
    )
    async with (
        postgres.open_pool(str(chosen.database_url), SCHEMA, max_size=chosen.max_connections, plans_once=True) as pool,
        open_channel(chosen.directory_address, token, chosen.tls_dir, **options) as to_directory,
        open_channel(chosen.matching_address, token, chosen.tls_dir, **options) as to_matching,
    ):
        desk = Desk(
            pool=pool,
            house=house,
            sealer=sealer_of(chosen),
            digest_key=read_key(chosen.hmac_key_file, "hmac_key_file"),
            matching=RemoteMatching(to_matching),
            waker=FeedWaker(),
            now=utc_now,
            max_held=chosen.max_held,
        )
        directory = RemoteDirectory(to_directory)

        async def announced() -> int:
            calendar.announce(await directory.closures())
            return 0

        servicer = ReferralsServicer(desk)
        add_ReferralsServiceServicer_to_server(servicer, server.grpc)  # type: ignore[arg-type]  # a plain class will do
        port = server.listen(chosen.listen_address, chosen.tls_dir)
        with serve_metrics(metrics.registry, chosen.metrics_address):
            structlog.get_logger(__name__).info("service.started", port=port)
            async with asyncio.TaskGroup() as group:
                group.create_task(work(chosen, desk, server, directory, stop), name="work")
                group.create_task(rounds(announced, stop, kind="calendar", rest_s=CALENDAR_REST_S), name="calendar")
                await rpc.serve(server, stop, chosen.stop_grace_s)


async def work(
    chosen: Settings, desk: Desk, server: rpc.Server, directory: RemoteDirectory, stop: asyncio.Event
) -> None:
    """Bring the schema up, then run the loops until a stop is requested."""
    await until_done(partial(migrate, str(chosen.database_url), SCHEMA, "services.referrals"), stop)
    if stop.is_set():
        return
    desk.readiness.has_schema = True
    server.health.set_serving(DATABASE, is_serving=True)

    def on_caught_up() -> None:
        desk.readiness.knows_providers = True
        server.health.set_serving(DIRECTORY_FEED, is_serving=True)

    follower = Follower(desk.pool, desk.house, directory, desk.waker, now=utc_now, on_caught_up=on_caught_up)
    sweeper = Sweeper(desk.pool, desk.house, now=utc_now, monotonic_s=time.monotonic)

    clock = SteadyClock("due", now=utc_now, monotonic_s=time.monotonic, settles_after_s=SETTLES_AFTER_S)
    rematcher = Rematcher(desk.pool, desk.house, desk.sealer, desk.matching)

    async def take_due() -> int:
        now = clock.now()
        if now is None:
            return 0
        taken = await take_rungs(desk.pool, desk.house, now) + await remind_senders(desk.pool, desk.house, now)
        taken += await escalate_tasks(desk.pool, desk.house, now)
        return woken(desk.waker, taken)

    async def erase() -> int:
        now = clock.now()
        if now is None:
            return 0
        return woken(desk.waker, await erase_cases(desk.pool, desk.house, timedelta(days=chosen.retention_days), now))

    async def correct() -> int:
        return await send_corrections(desk.pool, directory, utc_now())

    async def rematch() -> int:
        return woken(desk.waker, await rematcher.look(utc_now()))

    async def sweep() -> int:
        return woken(desk.waker, await sweeper.sweep())

    seeking = FeedWaker()
    async with (
        beside(rounds(follower.follow, stop, kind="follower")),
        desk.pool.heard_by(partial(seek, seeking)),
        asyncio.TaskGroup() as loops,
    ):
        loops.create_task(rounds(take_due, stop, kind="due"), name="due")
        loops.create_task(rounds(rematch, stop, kind="rematch", waker=seeking), name="rematch")
        loops.create_task(rounds(erase, stop, kind="erasure", rest_s=ERASURE_REST_S), name="erasure")
        loops.create_task(rounds(correct, stop, kind="corrections", rest_s=CALENDAR_REST_S), name="corrections")
        loops.create_task(rounds(sweep, stop, kind="sweeper"), name="sweeper")
        loops.create_task(rewrap(chosen, desk, stop), name="rewrapping")
        loops.create_task(publish(chosen, desk, stop), name="relay")


def sealer_of(chosen: Settings) -> Sealer:
    """Read the KEK, and the other one while it is replaced."""
    other = None if chosen.kek_other_file is None else read_key(chosen.kek_other_file, "kek_other_file")
    return Sealer(read_key(chosen.kek_file, "kek_file"), other)


async def rewrap(chosen: Settings, desk: Desk, stop: asyncio.Event) -> None:
    """While one KEK takes the place of another, put what the other wrapped under it."""
    if chosen.kek_other_file is not None:
        look = Rewrapper(desk.pool, desk.sealer).look
        await rounds(look, stop, kind="rewrapping", rest_s=REWRAPPING_REST_S)


async def publish(chosen: Settings, desk: Desk, stop: asyncio.Event) -> None:
    """Make the stream if we may, then relay."""
    if chosen.nats_provisioner_seed_file is not None:
        await until_done(partial(provision, chosen), stop)
    await relay(desk.pool, partial(connect, chosen, "relay"), stop, utc_now)


async def provision(chosen: Settings) -> None:
    """Make the stream, unless it is there."""
    async with connect(chosen, "provisioner") as connection:
        await jetstream.ensure_stream(connection, STREAM, [f"{SUBJECTS}.>"], replicas=chosen.nats_replicas)


def connect(chosen: Settings, user: str) -> AbstractAsyncContextManager[jetstream.Connection]:
    """Connect to NATS as one of its users."""
    seed_file = chosen.nats_seed_file
    if user == "provisioner" and chosen.nats_provisioner_seed_file is not None:
        seed_file = chosen.nats_provisioner_seed_file
    return jetstream.connect(chosen.nats_url, seed_file, name=user)


async def until_done(attempt: Callable[[], Awaitable[Any]], stop: asyncio.Event) -> None:
    """Try until it works or a stop is requested: what we need may start after us."""
    while not stop.is_set():
        try:
            await attempt()
        except IhalaError as error:
            structlog.get_logger(__name__).warning("start.waits", reason=error.reason)
            await first_of(TROUBLE_REST_S / 4, stop)
        else:
            return


@asynccontextmanager
async def beside(side: Coroutine[Any, Any, None]) -> AsyncIterator[None]:
    """Run something beside what is inside, and end it with it; if it fails, everything ends."""
    async with asyncio.TaskGroup() as group:
        task = group.create_task(side)
        yield
        task.cancel()


def woken(waker: FeedWaker, count: int) -> int:
    """Wake who waits if something was done."""
    if count:
        waker.wake()
    return count


def seek(seeking: FeedWaker, word: Sequence[object]) -> None:
    """Wake who looks for the next provider if a need was left to be met by one."""
    if any(isinstance(each, Need) for each in word):
        seeking.wake()


def new_id() -> str:
    return str(uuid4())


def utc_now() -> datetime:
    return datetime.now(UTC)


async def main() -> None:
    chosen = settings.load(Settings)
    log.configure("referrals", chosen.log_level)
    with on_signals() as stop:
        await run(chosen, stop)


if __name__ == "__main__":
    uvloop.run(main())
