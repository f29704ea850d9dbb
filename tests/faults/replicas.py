"""The stream of a cluster: made, published to as the relay does, and read from each of its replicas."""

import asyncio
import json
from collections import Counter
from collections.abc import AsyncIterator, Callable
from contextlib import AsyncExitStack, asynccontextmanager, suppress
from dataclasses import dataclass, field
from time import monotonic

from nats.errors import Error as NatsError
from nats.js.errors import NotFoundError, ServiceUnavailableError

from services.errors import IhalaError
from services.runtime import jetstream
from tests.faults.cluster import NAMES, Cluster

STREAM, SUBJECTS, SUBJECT = "REFERRALS", "referral.v1.>", "referral.v1.offer_requested"
USER = "provisioner"
READY_S = 40.0
ELECTED_WITHIN_S = 5.0
PAUSE_S = 0.1


@dataclass
class Publishing:
    """Publishes one after the other as the relay does: the same id until it is confirmed."""

    connection: jetstream.Connection
    prefix: str = "event"
    pause_s: float = 0.0  #: between two
    is_stubborn: bool = False  #: stays with the server that it is connected to, whatever that says
    confirmed: list[str] = field(default_factory=list)
    attempts: int = 0
    longest_s: float = 0.0  #: between two confirmations

    async def go_on_until(self, enough: int | Callable[[], bool]) -> None:
        is_enough = enough if callable(enough) else lambda: len(self.confirmed) >= enough
        began_s = monotonic()
        while not is_enough():
            message_id = f"{self.prefix}-{len(self.confirmed)}"
            if not await self._is_confirmed(message_id):
                await asyncio.sleep(PAUSE_S)
                continue
            self.confirmed.append(message_id)
            self.longest_s = max(self.longest_s, monotonic() - began_s)
            await asyncio.sleep(self.pause_s)
            began_s = monotonic()

    async def _is_confirmed(self, message_id: str) -> bool:
        self.attempts += 1
        payload = message_id.encode()
        try:
            if self.is_stubborn:
                await self.connection.stream.publish(SUBJECT, payload, headers={"Nats-Msg-Id": message_id})
            else:
                await jetstream.publish(self.connection, SUBJECT, payload, message_id=message_id)
        except (IhalaError, TimeoutError, NatsError):
            return False
        return True


async def make_stream(cluster: Cluster) -> None:
    """Make the stream, as soon as the servers have found each other."""
    async with asyncio.timeout(READY_S), connected(cluster, NAMES[0]) as connection:
        while True:
            with suppress(IhalaError):  # no leader of leaders yet
                await jetstream.ensure_stream(connection, STREAM, [SUBJECTS], replicas=len(NAMES))
                return
            await asyncio.sleep(PAUSE_S)


@asynccontextmanager
async def connected(cluster: Cluster, name: str) -> AsyncIterator[jetstream.Connection]:
    """Connect to a server as the user that may do everything, as soon as it takes connections."""
    async with AsyncExitStack() as stack:
        async with asyncio.timeout(READY_S):
            while True:
                try:
                    connecting = jetstream.connect(cluster.url(name), cluster.seed_file, name=USER, within_s=2.0)
                    connection = await stack.enter_async_context(connecting)
                    break
                except IhalaError:
                    await asyncio.sleep(PAUSE_S)
        yield connection


async def leader_of(connection: jetstream.Connection) -> str:
    """Return which server leads the stream."""
    info = await connection.stream.stream_info(STREAM)
    assert info.cluster is not None
    assert info.cluster.leader is not None
    return info.cluster.leader


async def in_step(cluster: Cluster, name: str) -> None:
    """
    Wait until every server says of its own replica that it has as much, up to the same place.

    What the leader says of the others is how far they know of what happened, not what they have of it.
    """
    async with jetstream.connect(cluster.url(name), cluster.sys_seed_file, name="sys") as connection:
        while len(states := await _states(connection)) < len(NAMES) or len(set(states.values())) > 1:  # noqa: ASYNC110 -- the servers'
            await asyncio.sleep(PAUSE_S)


async def _states(connection: jetstream.Connection) -> dict[str, tuple[int, int, int]]:
    client = connection.client
    inbox = client.new_inbox()
    answers = await client.subscribe(inbox)
    question = json.dumps({"accounts": True, "streams": True}).encode()
    await client.publish("$SYS.REQ.SERVER.PING.JSZ", question, reply=inbox)
    found = {}
    with suppress(TimeoutError):
        for _ in NAMES:
            said = json.loads((await answers.next_msg(1.0)).data)
            for account in said["data"].get("account_details", []):
                for stream in account.get("stream_detail", []):
                    state = stream["state"]
                    found[said["server"]["name"]] = (state["messages"], state["first_seq"], state["last_seq"])
    await answers.unsubscribe()
    return found


async def lead(connection: jetstream.Connection, name: str) -> None:
    """Let a server lead the stream, once its replica is as far as the others."""
    order = json.dumps({"placement": {"preferred": name}}).encode()
    ordered_s = -ELECTED_WITHIN_S
    while True:
        with suppress(TimeoutError, NatsError):
            cluster = (await connection.stream.stream_info(STREAM)).cluster
            if cluster is not None and cluster.leader == name:
                return
            peers = (cluster and cluster.replicas) or []
            is_current = any(each.name == name and each.current and not each.lag for each in peers)
            # a leader that changes again and again lets no replica catch up
            if is_current and monotonic() - ordered_s >= ELECTED_WITHIN_S:
                ordered_s = monotonic()
                await connection.client.request(f"$JS.API.STREAM.LEADER.STEPDOWN.{STREAM}", order, timeout=2)
        await asyncio.sleep(PAUSE_S)


async def copy_of(connection: jetstream.Connection, name: str) -> dict[int, bytes]:
    """Read what a server's own replica has, by place: only the leader's is read from, so let it lead."""
    while True:
        await lead(connection, name)
        with suppress(TimeoutError, ServiceUnavailableError):  # a leader that has just begun
            found = await _read(connection)
            if await leader_of(connection) == name:
                return found


async def _read(connection: jetstream.Connection) -> dict[int, bytes]:
    state = (await connection.stream.stream_info(STREAM)).state
    found = {}
    for sequence in range(state.first_seq, state.last_seq + 1):
        with suppress(NotFoundError):
            found[sequence] = (await connection.stream.get_msg(STREAM, sequence)).data or b""
    return found


async def messages_of(cluster: Cluster, name: str, count: int) -> Counter[str]:
    """Read all that the stream has; the leader of leaders may have been the same, and is chosen anew meanwhile."""
    found: Counter[str] = Counter()
    async with connected(cluster, name) as connection:
        subscription = None
        while subscription is None:
            with suppress(TimeoutError, NatsError):
                subscription = await connection.stream.pull_subscribe(SUBJECTS, "test", STREAM)
        while sum(found.values()) < count:
            with suppress(TimeoutError, NatsError):
                batch = await subscription.fetch(50, 5)
                found.update(each.data.decode() for each in batch)
                for each in batch:
                    await each.ack_sync()
        await subscription.unsubscribe()
    return found
