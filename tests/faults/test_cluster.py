"""A cluster of three loses the leader of a stream: it goes on within 10 s, and nothing confirmed is lost (F17)."""

import asyncio
from collections.abc import Callable
from pathlib import Path
from signal import Signals

import pytest

from tests.faults.cluster import NAMES, cluster_in
from tests.faults.replicas import Publishing, connected, leader_of, make_stream, messages_of

#: nats-py leaves the socket of a server that stands still open until it is collected
pytestmark = pytest.mark.filterwarnings("ignore::pytest.PytestUnraisableExceptionWarning")

BOUND_S = 10.0
BEFORE, AFTER = 200, 400


@pytest.mark.long
@pytest.mark.parametrize("fault", [Signals.SIGKILL, Signals.SIGSTOP], ids=["killed", "stopped"])
async def test_a_lost_leader_stalls_for_seconds_and_loses_nothing(
    tmp_path: Path, fault: Signals, record_property: Callable[[str, object], None]
) -> None:
    with cluster_in(tmp_path / "cluster") as cluster:
        async with asyncio.timeout(180):
            await make_stream(cluster)
            async with connected(cluster, "n1") as connection:
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
