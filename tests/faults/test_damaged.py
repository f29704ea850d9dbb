"""One replica of three is damaged while its server does not run (F19): all that was confirmed stays readable."""

import asyncio
from collections.abc import Callable
from pathlib import Path
from time import monotonic

import pytest

from tests.faults.breaking import turn_bits
from tests.faults.cluster import NAMES, Cluster, cluster_in
from tests.faults.replicas import STREAM, Publishing, connected, copy_of, in_step, leader_of, make_stream

pytestmark = [
    pytest.mark.long,
    #: nats-py leaves the socket of a server that has ended open until it is collected
    pytest.mark.filterwarnings("ignore::pytest.PytestUnraisableExceptionWarning"),
]

BEFORE, MEANWHILE, AFTER = 300, 50, 50
WHOLE_WITHIN_S = 90.0


def damage(cluster: Cluster, name: str) -> None:
    """
    Turn bits in every block of messages of one replica.

    Not in the states of consumers: over one of these nats-server 2.15.1 takes memory until there is none.
    """
    blocks = list(cluster.store(name).rglob(f"{STREAM}/msgs/*.blk"))
    assert blocks
    for block in blocks:
        turn_bits(block)


async def damaged_and_started(cluster: Cluster, side: str, *, is_checked: bool) -> tuple[str, list[str]]:
    """Publish before, while and after a server is down and damaged; return its name and what was confirmed."""
    await make_stream(cluster)
    async with connected(cluster, NAMES[0]) as connection:
        publishing = Publishing(connection)
        await publishing.go_on_until(BEFORE)
        leader = await leader_of(connection)
        name = leader if side == "leader" else next(name for name in NAMES if name != leader)
        cluster.end(name)  # in order: it writes down where everything is
        damage(cluster, name)
        await publishing.go_on_until(BEFORE + MEANWHILE)
        cluster.start(name, is_checked=is_checked)
        await publishing.go_on_until(BEFORE + MEANWHILE + AFTER)
    return name, publishing.confirmed


@pytest.mark.parametrize("side", ["leader", "follower"])
async def test_a_damaged_replica_is_made_whole_by_the_others(
    tmp_path: Path, side: str, record_property: Callable[[str, object], None]
) -> None:
    with cluster_in(tmp_path / "cluster") as cluster:
        async with asyncio.timeout(180):
            name, confirmed = await damaged_and_started(cluster, side, is_checked=True)
            started_s = monotonic()
            other = next(each for each in NAMES if each != name)
            await in_step(cluster, other)
            whole_s = monotonic() - started_s
            async with connected(cluster, other) as connection:
                copies = [await copy_of(connection, each) for each in NAMES]

    record_property("whole after, s", round(whole_s, 1))
    assert copies[0] == copies[1] == copies[2]
    assert sorted(data.decode() for data in copies[0].values()) == sorted(confirmed)
    assert whole_s <= WHOLE_WITHIN_S


async def test_by_itself_a_server_keeps_a_damaged_message_and_passes_over_it(tmp_path: Path) -> None:
    """The check at the start is needed: a replica that believes its summaries counts what nobody can read."""
    with cluster_in(tmp_path / "cluster") as cluster:
        async with asyncio.timeout(180):
            name, confirmed = await damaged_and_started(cluster, "follower", is_checked=False)
            other = next(each for each in NAMES if each != name)
            await in_step(cluster, other)
            async with connected(cluster, other) as connection:
                damaged, whole = [await copy_of(connection, each) for each in (name, other)]

    assert len(whole) == len(confirmed)
    assert len(damaged) == len(confirmed) - 1
