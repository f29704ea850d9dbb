"""
Put back what NATS has lost: streams, consumers, accounts, and alerts that nobody has confirmed.

PostgreSQL is the truth. An alert without a receipt is due again after a minute
(`ringing.CONFIRM_WITHIN`), under a new message id; here is what it needs to arrive, and
where a receiver's consumer was lost, all that it has not confirmed is due at once.
"""

import asyncio
from collections.abc import Callable
from contextlib import AbstractAsyncContextManager
from dataclasses import dataclass
from datetime import datetime
from pathlib import Path
from typing import Final

import structlog

from services.errors import IhalaError, Unavailable
from services.notify import consumer
from services.notify.accounts import AccountsFile
from services.notify.channels import nats
from services.notify.store.deliveries import DeliveryStore
from services.notify.store.devices import DeviceStore
from services.notify.store.repairs import RepairStore
from services.runtime import jetstream
from services.runtime.stop import first_of

EVERY_S: Final = 30.0
_SUBJECTS: Final = {consumer.STREAM: consumer.SUBJECTS, nats.STREAM: nats.SUBJECTS}

log = structlog.get_logger(__name__)


@dataclass(frozen=True, slots=True, kw_only=True)
class Provisioner:
    """Who may make streams: a user of its own, connected for a moment."""

    nats_url: str
    seed_file: Path
    replicas: int

    async def ensure_streams(self) -> None:
        """
        Make the streams that are missing.

        Raises:
            Unavailable: NATS is away.
        """
        async with self._connected() as connection:
            try:
                await self._ensure(connection)
            except Unavailable:  # a server that is cut off from its cluster has been left by then
                await asyncio.sleep(jetstream.RETRY_AFTER_S)
                await self._ensure(connection)

    async def begin_streams(self) -> int:
        """
        Make the streams anew, with nothing in them.

        Returns:
            How many messages they had.

        Raises:
            Unavailable: NATS is away; some may be gone already.
        """
        async with self._connected() as connection:
            count = sum([await jetstream.remove_stream(connection, stream) for stream in _SUBJECTS])
            await self._ensure(connection)
        return count

    def _connected(self) -> AbstractAsyncContextManager[jetstream.Connection]:
        return jetstream.connect(self.nats_url, self.seed_file, name="provisioner")

    async def _ensure(self, connection: jetstream.Connection) -> None:
        for stream, subjects in _SUBJECTS.items():
            await jetstream.ensure_stream(connection, stream, [subjects], replicas=self.replicas)


@dataclass(frozen=True, slots=True, kw_only=True)
class Reconciler:
    """Compares what ought to be with what is, again and again."""

    devices: DeviceStore
    deliveries: DeliveryStore
    repairs: RepairStore
    channel: nats.NatsChannel
    accounts: AccountsFile
    provisioner: Provisioner | None  #: None: streams are made elsewhere
    now: Callable[[], datetime]

    async def run(self, connection: jetstream.Connection, stop: asyncio.Event) -> None:
        """Reconcile until a stop is requested; what fails is tried again in the next round."""
        while not stop.is_set():
            try:
                await self.reconcile(connection)
            except IhalaError as error:
                log.warning("reconcile.failed", reason=error.reason)
            await first_of(EVERY_S, stop)

    async def reconcile(self, connection: jetstream.Connection) -> None:
        """
        Put back what is missing, once.

        Raises:
            Unavailable: PostgreSQL or NATS is away.
        """
        if self.provisioner is not None:
            await self.provisioner.ensure_streams()
        await jetstream.ensure_consumer(connection, consumer.STREAM, consumer.DURABLE)
        for receiver_id in await self.devices.nats_accounts():
            made_time = await self.channel.ensure_consumer(receiver_id)
            if made_time is not None and await self.repairs.note_consumer(receiver_id, made_time, self.now()):
                log.error("reconcile.consumer_lost")
        await self.accounts.apply()
        await self.deliveries.add_missing(self.now())
        await self.repairs.forget_heard(self.now())
