"""Run the notify service: its RPCs, its answer page, and its loops on NATS."""

import asyncio
import secrets
from contextlib import AsyncExitStack
from datetime import UTC, datetime, timedelta
from functools import partial
from typing import Final

import structlog
import uvloop

from ihala.notify.v1 import notify_pb2_grpc
from services.errors import Unavailable
from services.notify import deliveries, escalations, follower, receipts, restored, sweeper
from services.notify.accounts import AccountsFile
from services.notify.at_once import AtOnce
from services.notify.bus import NATS, RETRY_S, Bells, Bus
from services.notify.channels.nats import NatsChannel
from services.notify.clients import RemoteDirectory, RemoteReferrals, RemoteSenders
from services.notify.consumer import EventConsumer
from services.notify.duty import running as duty
from services.notify.heard import HeardReporter
from services.notify.model import Channel
from services.notify.outgoing import outgoing
from services.notify.pages.app import make_app
from services.notify.pages.parts import Parts
from services.notify.pages.serving import listen, serve
from services.notify.pages.waking import push_of
from services.notify.reconciler import Provisioner, Reconciler
from services.notify.servicer import Combined, NotifyServicer
from services.notify.servicer_contacts import ContactMethods
from services.notify.servicer_endpoints import EndpointMethods
from services.notify.servicer_records import RecordMethods
from services.notify.servicer_streams import Hub, StreamMethods
from services.notify.settings import Settings
from services.notify.store.alerts import AlertStore
from services.notify.store.begun import BegunStore
from services.notify.store.contacts import ContactStore
from services.notify.store.deliveries import DeliveryStore
from services.notify.store.devices import DeviceStore
from services.notify.store.heard import HeardStore
from services.notify.store.letters import LetterStore
from services.notify.store.logs import LogStore
from services.notify.store.outages import OutageStore
from services.notify.store.repairs import RepairStore
from services.notify.store.senders import SenderStore
from services.notify.store.shifts import ShiftStore
from services.notify.store.streams import StreamStore
from services.notify.store.wanted import WantedTaskStore
from services.runtime import log, rpc, telemetry
from services.runtime.channel import open_channel, token_file
from services.runtime.migrate import migrate
from services.runtime.postgres import open_pool
from services.runtime.settings import load
from services.runtime.stop import first_of, on_signals
from services.runtime.tokens import Verifier

SERVICE: Final = "ihala.notify.v1.NotifyService"
POSTGRES: Final = "postgres"
TOKEN_BYTES: Final = 32

logger = structlog.get_logger(__name__)


def utc_now() -> datetime:
    """Return the time of this machine's clock."""
    return datetime.now(UTC)


async def run(settings: Settings, stop: asyncio.Event) -> None:
    """Serve until a stop is requested; what is not there yet is waited for."""
    verifier = Verifier(settings.jwks_file, settings.deny_file, now=utc_now)
    metrics = telemetry.CallMetrics()
    server = rpc.new_server(
        verifier.verify,
        services=[SERVICE],
        dependencies=[POSTGRES, NATS],
        metrics=metrics,
        with_reflection=settings.reflection,
        max_concurrent_calls=settings.max_concurrent_calls,
    )
    listener = listen(settings.page_address)
    scheme = "http" if settings.tls_dir is None else "https"
    duty_listener = listen(settings.duty_address) if settings.duty_address else None
    page_url = settings.page_url or f"{scheme}://{settings.page_address.rpartition(':')[0]}:{listener.getsockname()[1]}"
    token = token_file(settings.token_file)
    async with (
        open_pool(settings.database_url, "notify", plans_once=True) as pool,
        open_channel(
            settings.referrals_address, token, settings.tls_dir, allow_plaintext=settings.allow_plaintext
        ) as to_referrals,
        open_channel(
            settings.directory_address, token, settings.tls_dir, allow_plaintext=settings.allow_plaintext
        ) as to_directory,
        AsyncExitStack() as parts,
        asyncio.TaskGroup() as tasks,
    ):
        alerts, sent, devices = AlertStore(pool), DeliveryStore(pool), DeviceStore(pool)
        directory = RemoteDirectory(to_directory)
        channel = NatsChannel(utc_now)
        accounts = AccountsFile(settings.nats_accounts_file, settings.nats_pid_file, devices.nats_accounts)
        letters, streams = LetterStore(pool), StreamStore(pool)
        rang, hub = asyncio.Event(), Hub(streams)
        servicer = NotifyServicer(
            alerts=alerts,
            devices=devices,
            directory=directory,
            consumers=channel,
            accounts=accounts,
            page_url=page_url,
            now=utc_now,
            random_below=secrets.randbelow,
        )
        ways = outgoing(settings, pool, directory, utc_now)
        all_senders = {Channel.NATS: channel, **(ways.senders if ways else {})}
        combined = Combined(
            servicer,
            EndpointMethods(endpoint_desk=ways.desk if ways else None),
            RecordMethods(logs=LogStore(pool), letters=letters, now=utc_now),
            ContactMethods(contacts=ContactStore(pool), now=utc_now),
            StreamMethods(streams=streams, deliveries=sent, hub=hub, now=utc_now),
        )
        notify_pb2_grpc.add_NotifyServiceServicer_to_server(combined, server.grpc)  # type: ignore[arg-type]  # plain
        server.listen(settings.listen_address, settings.tls_dir)
        parts.enter_context(telemetry.serve_metrics(metrics.registry, settings.metrics_address))
        app = make_app(
            Parts(
                alerts=alerts,
                deliveries=sent,
                devices=devices,
                shifts=ShiftStore(pool),
                outages=OutageStore(pool),
                push=push_of(ways),
                referrals=RemoteReferrals(to_referrals),
                directory=directory,
                now=utc_now,
                random_token=lambda: secrets.token_urlsafe(TOKEN_BYTES),
                exit_url=settings.exit_url,
                is_secure=page_url.startswith("https://"),
            )
        )
        at_once = AtOnce(sent, all_senders, utc_now)
        hears = EventConsumer(alerts, letters, Bells(rang, hub), utc_now, at_once)
        provisioner, begun = _provisioner(settings), BegunStore(pool)
        bus = Bus(settings, channel, server, partial(restored.begin_streams, begun, provisioner))
        bus.add(lambda connection: hears.run(connection, stop))
        bus.add(lambda connection: receipts.run(connection, sent, utc_now, stop))
        reconciler = Reconciler(
            devices=devices,
            deliveries=sent,
            repairs=RepairStore(pool),
            channel=channel,
            accounts=accounts,
            provisioner=provisioner,
            now=utc_now,
        )
        bus.add(lambda connection: reconciler.run(connection, stop))
        tasks.create_task(rpc.serve(server, stop, settings.stop_grace_s), name="rpc")
        if await _migrated(settings, stop):
            await restored.ring_anew(begun, utc_now, stop)
            server.health.set_serving(POSTGRES, is_serving=True)
            tasks.create_task(serve(app, listener, settings.tls_dir, stop), name="page")
            if duty_listener is not None:
                tasks.create_task(duty.run(settings, duty_listener, pool, ways, utc_now, stop), name="duty")
            tasks.create_task(deliveries.run(sent, all_senders, rang, utc_now, stop), name="deliveries")
            tasks.create_task(at_once.run(stop), name="at once")
            tasks.create_task(hub.run(stop), name="streams")
            senders = RemoteSenders(to_referrals)
            tasks.create_task(escalations.run(WantedTaskStore(pool), senders, utc_now, stop), name="escalations")
            tasks.create_task(follower.run(SenderStore(pool), senders, rang.set, utc_now, stop), name="senders")
            tasks.create_task(bus.run(stop), name="bus")
            tasks.create_task(sweeper.run(pool, timedelta(days=settings.retention_days), utc_now, stop), name="sweeper")
            tasks.create_task(HeardReporter(HeardStore(pool), directory, utc_now).run(stop), name="heard")


def _provisioner(settings: Settings) -> Provisioner | None:
    if settings.nats_provisioner_seed_file is None:
        return None
    return Provisioner(
        nats_url=settings.nats_url,
        seed_file=settings.nats_provisioner_seed_file,
        replicas=settings.nats_replicas,
    )


async def _migrated(settings: Settings, stop: asyncio.Event) -> bool:
    """Bring the tables up to date as soon as the database is there; False if a stop comes first."""
    while not stop.is_set():
        try:
            await migrate(settings.database_url, "notify", "services.notify")
        except Unavailable:
            await first_of(RETRY_S, stop)
        else:
            return True
    return False


async def _main(settings: Settings) -> None:
    with on_signals() as stop:
        await run(settings, stop)


def main() -> None:
    """Read the settings and run."""
    settings = load(Settings)
    log.configure("notify", settings.log_level)
    uvloop.run(_main(settings))


if __name__ == "__main__":
    main()
