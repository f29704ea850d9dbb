"""A message that was damaged while its server did not run is noticed when it starts (F19)."""

import asyncio
from pathlib import Path

import pytest

from services.runtime import jetstream
from services.runtime.embedded import nats
from services.runtime.embedded.nats import NatsServer
from services.runtime.embedded.processes import Supervisor
from tests.faults.breaking import turn_bits

COUNT = 41  #: odd: what is damaged is what a message says, not its length, which the server notices by itself


async def publish(connection: jetstream.Connection, number: int) -> None:
    await jetstream.publish(connection, "referral.v1.offer_requested", b"{}", message_id=f"{number:04}")


async def last_sequence(server: NatsServer) -> int:
    async with jetstream.connect(server.url, server.seed_file("provisioner"), name="provisioner") as connection:
        return (await jetstream.stream_state(connection, "REFERRALS")).last_sequence


@pytest.mark.parametrize(("block", "left"), [("damaged", COUNT // 2), ("whole", COUNT)])
async def test_a_stream_ends_before_what_was_damaged_so_that_its_loss_shows(
    tmp_path: Path, block: str, left: int
) -> None:
    with Supervisor(tmp_path / "nats_server") as supervisor:
        server = nats.start(supervisor)
        async with jetstream.connect(server.url, server.seed_file("provisioner"), name="provisioner") as connection:
            await jetstream.ensure_stream(connection, "REFERRALS", ["referral.v1.>"])
            await asyncio.gather(*(publish(connection, number) for number in range(COUNT)))
        supervisor.end(server.child)  # in order: the server writes down where everything is
        (file,) = (server.folder / "store").rglob("REFERRALS/msgs/*.blk")
        if block == "damaged":
            turn_bits(file)

        found = await last_sequence(nats.start(supervisor))

    assert found == left
