"""A network parts one server of a cluster from the others (F18): they go on, it confirms nothing, all agree after."""

import asyncio
from collections import Counter
from collections.abc import AsyncIterator, Callable
from contextlib import asynccontextmanager, suppress
from hashlib import sha256
from pathlib import Path
from time import monotonic

import pytest
from nats.aio.msg import Msg

from services.errors import Unavailable
from services.notify.reconciler import Provisioner
from services.runtime import consuming, jetstream
from tests.faults.cluster import NAMES, Cluster, cluster_in
from tests.faults.networks import needs_networks, own_networks
from tests.faults.replicas import STREAM, Publishing, connected, copy_of, in_step, leader_of, make_stream

pytestmark = [
    pytest.mark.long,
    needs_networks,
    #: nats-py leaves the socket of a server that it cannot reach open until it is collected
    pytest.mark.filterwarnings("ignore::pytest.PytestUnraisableExceptionWarning"),
]

BOUND_S = 10.0
BEFORE = 50  #: by each who publishes
PACE_S = 0.05
#: an election takes 9 s at most, servers give a silent one up after 20 to 30 s, and one without a leader says so then
PARTED_S = 40.0
HEALED_S = 30.0
HEARD_WITHIN_S = 45.0  #: of which NATS takes 30 s to tell the consumer's server that it is alone


@asynccontextmanager
async def hearing(cluster: Cluster, name: str, heard: Counter[str]) -> AsyncIterator[None]:
    """Consume as notify does, from a server."""
    stop = asyncio.Event()

    async def handle(message: Msg) -> None:
        heard[message.data.decode()] += 1

    async with connected(cluster, name) as connection, asyncio.TaskGroup() as group:
        await jetstream.ensure_consumer(connection, STREAM, "notify")
        subscription = await jetstream.subscribe(connection, STREAM, "notify")
        group.create_task(consuming.consume(connection, subscription, handle, stop))
        yield
        stop.set()


async def provisioned(cluster: Cluster, name: str) -> None:
    """Make what is missing as notify's reconciler does, which asks a server that is cut off first, each time anew."""
    provisioner = Provisioner(nats_url=cluster.url(name), seed_file=cluster.seed_file, replicas=len(NAMES))
    async with asyncio.timeout(PARTED_S):
        while True:
            with suppress(Unavailable):  # the leader of leaders is another one than the stream's
                return await provisioner.ensure_streams()


@pytest.mark.parametrize("side", ["leader", "follower"])
async def test_a_minority_confirms_nothing_and_all_replicas_agree_after_it(
    tmp_path: Path, side: str, record_property: Callable[[str, object], None]
) -> None:
    heard: Counter[str] = Counter()
    with own_networks(NAMES) as networks, cluster_in(tmp_path / "cluster", networks) as cluster:
        async with asyncio.timeout(240):
            await make_stream(cluster)
            async with connected(cluster, NAMES[0]) as connection:
                leader = await leader_of(connection)
            alone = leader if side == "leader" else next(name for name in NAMES if name != leader)
            others = [name for name in NAMES if name != alone]
            async with (
                connected(cluster, alone) as to_lose,
                connected(cluster, alone) as to_stay,
                connected(cluster, others[0]) as to_others,
                hearing(cluster, alone, heard),
            ):
                ours = Publishing(to_lose, "ours", PACE_S)
                stubborn = Publishing(to_stay, "stubborn", PACE_S, is_stubborn=True)
                majority = Publishing(to_others, "majority", PACE_S)
                everybody = (ours, stubborn, majority)
                await asyncio.gather(*(each.go_on_until(BEFORE) for each in everybody))
                for each in everybody:
                    each.longest_s = 0.0

                is_over = False
                async with asyncio.TaskGroup() as group:
                    with networks.parted([alone]):
                        parted_s = monotonic()
                        for each in everybody:
                            group.create_task(each.go_on_until(lambda: is_over))
                        await provisioned(cluster, alone)
                        await asyncio.sleep(parted_s + PARTED_S - monotonic())  # the fault itself
                        alone_count, attempt_count = len(stubborn.confirmed) - BEFORE, stubborn.attempts
                        went_on = [len(each.confirmed) - BEFORE for each in (ours, majority)]
                        heard_count = heard.total()
                    async with asyncio.timeout(HEALED_S):
                        while len(stubborn.confirmed) == BEFORE:  # noqa: ASYNC110 -- the cluster's
                            await asyncio.sleep(0.05)
                    healed_s = stubborn.longest_s - PARTED_S
                    is_over = True
                confirmed = {message for each in everybody for message in each.confirmed}
                await in_step(cluster, others[0])
                copies = [await copy_of(to_others, name) for name in NAMES]
                async with asyncio.timeout(HEARD_WITHIN_S):
                    while confirmed - heard.keys():  # noqa: ASYNC110 -- the cluster's
                        await asyncio.sleep(0.05)

    found = Counter(data.decode() for data in copies[0].values())
    for what, figure in {
        "stall of ours, s": round(ours.longest_s, 1),
        "stall of the majority, s": round(majority.longest_s, 1),
        "alone: confirmed of attempts": f"{alone_count} of {attempt_count - BEFORE}",
        "alone confirms again after, s": round(healed_s, 1),
        "heard while parted": heard_count,
        "messages": len(copies[0]),
        "digests": {sha256(repr(sorted(copy.items())).encode()).hexdigest()[:12] for copy in copies},
    }.items():
        record_property(what, figure)
    assert alone_count == 0
    assert min(went_on) > BEFORE
    assert heard_count > len(everybody) * BEFORE
    assert copies[0] == copies[1] == copies[2]
    assert not confirmed - found.keys()
    assert set(found.values()) == {1}
    assert max(ours.longest_s, majority.longest_s) <= BOUND_S
