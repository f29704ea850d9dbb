"""A cluster of three loses the leader of a stream: it goes on within 10 s, and nothing confirmed is lost (F17)."""

import asyncio
from collections import Counter
from collections.abc import Callable
from contextlib import suppress
from dataclasses import dataclass, field
from pathlib import Path
from signal import Signals
from time import monotonic

import pytest
from nats.errors import Error as NatsError

from services.errors import IhalaError
from services.runtime import jetstream
from tests.faults.cluster import NAMES, Cluster, cluster_in

#: nats-py leaves the socket of a server that stands still open until it is collected
pytestmark = pytest.mark.filterwarnings("ignore::pytest.PytestUnraisableExceptionWarning")

STREAM, SUBJECT = "REFERRALS", "referral.v1.offer_requested"
BOUND_S = 10.0
BEFORE, AFTER = 200, 400
READY_S = 40.0


@dataclass
class Publishing:
    """Publishes one after the other as the relay does: the same id until it is confirmed."""

    connection: jetstream.Connection
    confirmed: list[str] = field(default_factory=list)
    longest_s: float = 0.0  #: between two confirmations

    async def go_on_until(self, count: int) -> None:
        while len(self.confirmed) < count:
            message_id, began_s = f"event-{len(self.confirmed)}", monotonic()
            while not await self._is_confirmed(message_id):  # noqa: ASYNC110 -- the cluster's
                await asyncio.sleep(0.1)
            self.confirmed.append(message_id)
            self.longest_s = max(self.longest_s, monotonic() - began_s)

    async def _is_confirmed(self, message_id: str) -> bool:
        try:
            await jetstream.publish(self.connection, SUBJECT, message_id.encode(), message_id=message_id)
        except IhalaError:
            return False
        return True


async def is_made(connection: jetstream.Connection) -> bool:
    try:
        await jetstream.ensure_stream(connection, STREAM, ["referral.v1.>"], replicas=3)
    except IhalaError:  # no leader of leaders yet
        return False
    return True


async def leader_of(connection: jetstream.Connection) -> str:
    info = await connection.stream.stream_info(STREAM)
    assert info.cluster is not None
    assert info.cluster.leader is not None
    return info.cluster.leader


async def messages_of(cluster: Cluster, name: str, count: int) -> Counter[str]:
    """Read all that the stream has; the leader of leaders may have been the same, and is chosen anew meanwhile."""
    found: Counter[str] = Counter()
    async with jetstream.connect(cluster.url(name), cluster.seed_file, name="provisioner") as connection:
        subscription = None
        while subscription is None:
            with suppress(TimeoutError, NatsError):
                subscription = await connection.stream.pull_subscribe("referral.v1.>", "test", STREAM)
        while sum(found.values()) < count:
            with suppress(TimeoutError, NatsError):
                batch = await subscription.fetch(50, 5)
                found.update(each.data.decode() for each in batch)
                for each in batch:
                    await each.ack_sync()
        await subscription.unsubscribe()
    return found


@pytest.mark.long
@pytest.mark.parametrize("fault", [Signals.SIGKILL, Signals.SIGSTOP], ids=["killed", "stopped"])
async def test_a_lost_leader_stalls_for_seconds_and_loses_nothing(
    tmp_path: Path, fault: Signals, record_property: Callable[[str, object], None]
) -> None:
    with cluster_in(tmp_path / "cluster") as cluster:
        async with asyncio.timeout(180):
            await connected(cluster)
            async with jetstream.connect(cluster.url("n1"), cluster.seed_file, name="provisioner") as connection:
                async with asyncio.timeout(READY_S):
                    while not await is_made(connection):  # noqa: ASYNC110 -- the cluster's
                        await asyncio.sleep(0.2)
                publishing = Publishing(connection)
                await publishing.go_on_until(BEFORE)
                calm_s, publishing.longest_s = publishing.longest_s, 0.0
                leader = await leader_of(connection)
                cluster.send(leader, fault)
                await publishing.go_on_until(BEFORE + AFTER)
            alive = next(name for name in NAMES if name != leader)
            found = await messages_of(cluster, alive, BEFORE + AFTER)

    record_property("stall, s", round(publishing.longest_s, 1))
    record_property("calm, s", round(calm_s, 3))
    assert found == dict.fromkeys(publishing.confirmed, 1)
    assert publishing.longest_s <= BOUND_S


async def connected(cluster: Cluster) -> None:
    """Wait until the first server takes connections."""
    async with asyncio.timeout(READY_S):
        while True:
            try:
                async with jetstream.connect(cluster.url("n1"), cluster.seed_file, name="provisioner", within_s=2.0):
                    return
            except IhalaError:
                await asyncio.sleep(0.2)
