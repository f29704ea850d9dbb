"""Parts that stand still, restart, lose or damage their disk or say things twice (F4-F7, F10, F12, F19, F26)."""

import asyncio
import random
import signal
import time
from collections.abc import Callable
from contextlib import suppress
from functools import partial
from uuid import uuid4

import psycopg
import pytest
from nats.aio.msg import Msg

from services.referrals.wire.cloudevents import STREAM
from services.runtime import jetstream
from tests.faults.breaking import NATS, POSTGRES, kill, replace_by, stall, start_again, turn_bits, wipe_nats
from tests.faults.weather import await_referrals, await_that, blowing, storm_at
from tests.house import House

#: nats-py leaves the socket of a server that stands still open until it is collected
pytestmark = pytest.mark.filterwarnings("ignore::pytest.PytestUnraisableExceptionWarning")

CASES = 60
STALL_S = 8.0
NATS_AWAY_S = 20.0
LOST_WITHIN_S = 90.0
SUBJECT = "referral.v1.offer_requested"


def restart(name: str, number: signal.Signals, house: House) -> None:
    kill(house, name, number)
    start_again(house, name)


def away(name: str, seconds: float, house: House) -> None:
    kill(house, name)
    time.sleep(seconds)  # the outage itself
    start_again(house, name)


def stop_in_order(house: House) -> None:
    """SIGTERM while busy: each ends by itself, with 0 (F26)."""
    for name in ("directory", "matching", "referrals", "notify"):
        child = house.children[name]
        kill(house, name, signal.SIGTERM)
        assert child.exit_code == 0, (name, child.log_tail())
        start_again(house, name)


def damage_nats(number: signal.Signals, house: House) -> None:
    """
    Turn bits in the middle of every block of messages (F19).

    Not in the states of consumers: over one of these nats-server 2.15.1 takes memory until there is none.
    """
    kill(house, NATS, number)
    store = house.folder / "nats" / "store"
    damaged = [each for each in store.rglob("*.blk") if each.stat().st_size]
    assert damaged
    for file in damaged:
        turn_bits(file)
    start_again(house, NATS)


def told_three_times_in_any_order(house: House) -> None:
    """Publish all that the stream has three times more, under new ids, shuffled (F10)."""

    async def again() -> None:
        seeds = house.parts.nats_seed_files
        async with jetstream.connect(house.parts.nats_url, seeds["provisioner"], name="provisioner") as reading:
            subscription = await reading.stream.pull_subscribe("referral.v1.>", f"test-{uuid4().hex}", STREAM)
            count = (await reading.stream.stream_info(STREAM)).state.messages
            messages: list[Msg] = []
            while len(messages) < count:
                with suppress(TimeoutError):
                    batch = await subscription.fetch(min(50, count - len(messages)), 5)
                    messages += batch
                    for each in batch:
                        await each.ack()
            await subscription.unsubscribe()
        thrice = [(each.subject, each.data) for each in messages] * 3
        random.Random(3).shuffle(thrice)
        async with jetstream.connect(house.parts.nats_url, seeds["relay"], name="relay") as writing:
            for subject, data in thrice:
                await jetstream.publish(writing, subject, data, message_id=uuid4().hex)

    asyncio.run(again())


OUTAGES: dict[str, Callable[[House], None]] = {
    "postgres-fast": partial(restart, POSTGRES, signal.SIGINT),
    "postgres-immediate": partial(restart, POSTGRES, signal.SIGQUIT),
    "postgres-kill9": partial(restart, POSTGRES, signal.SIGKILL),
    "nats-term": partial(restart, NATS, signal.SIGTERM),
    "nats-lame-duck": partial(restart, NATS, signal.SIGUSR2),
    "nats-away": partial(away, NATS, NATS_AWAY_S),
    "nats-wiped": wipe_nats,
    "nats-damaged": partial(damage_nats, signal.SIGKILL),
    "nats-damaged-at-rest": partial(damage_nats, signal.SIGTERM),
    "nats-stalled": partial(stall, name=NATS, seconds=STALL_S),
    "referrals-stalled": partial(stall, name="referrals", seconds=STALL_S),
    "notify-stalled": partial(stall, name="notify", seconds=STALL_S),
    "postgres-stalled": partial(stall, name=POSTGRES, seconds=STALL_S),
    "sigterm": stop_in_order,
    "duplicates": told_three_times_in_any_order,
}


@pytest.mark.long
@pytest.mark.parametrize("name", OUTAGES)
def test_an_outage_loses_and_doubles_nothing(
    house: House, name: str, record_property: Callable[[str, object], None]
) -> None:
    with blowing(storm_at(house, name, CASES)) as storm:
        await_referrals(storm, CASES // 3)
        OUTAGES[name](house)
        healed_s = time.monotonic()
        await_that(storm, lambda: len(storm.referred) == CASES == len(storm.accepted), "the rest", LOST_WITHIN_S)
        record_property("all done after, s", round(time.monotonic() - healed_s, 1))


@pytest.mark.long
def test_a_message_that_nobody_can_read_holds_back_nobody_and_a_person_has_it(house: House) -> None:
    """F12."""

    async def publish(payload: bytes) -> None:
        seed = house.parts.nats_seed_files["relay"]
        async with jetstream.connect(house.parts.nats_url, seed, name="relay") as connection:
            await jetstream.publish(connection, SUBJECT, payload, message_id=uuid4().hex)

    def letters() -> int:
        with psycopg.connect(house.parts.database_url, autocommit=True) as connection:
            row = connection.execute("SELECT count(*) FROM notify.dead_letter WHERE stream = 'REFERRALS'").fetchone()
        return row[0] if row else 0

    with blowing(storm_at(house, "poison", CASES)) as storm:
        for payload in (b"\xff\x00", b"{}", b'{"specversion":"1.0","data":[]}'):
            asyncio.run(publish(payload))
        await_that(storm, lambda: letters() == 3, "dead letters")


@pytest.mark.long
@pytest.mark.parametrize("jump_s", [7200, -7200])
def test_a_clock_that_jumps_by_two_hours_lets_nothing_lapse_or_expire(house: House, jump_s: int) -> None:
    """F20: no place is freed and no offer runs out while the clock is wrong, nor twice when it is back."""
    clock = house.folder / "clock"
    clock.write_text("0")
    replace_by(house, "referrals", "jumping_clock", {"IHALA_FAULT_CLOCK": str(clock)})
    ended = """
        SELECT count(*) FROM referrals.event
        WHERE type IN ('hold_lapsed', 'offer_expired') AND recorded_time > now() - interval '5 min'
    """

    def count() -> int:
        with psycopg.connect(house.parts.database_url, autocommit=True) as connection:
            row = connection.execute(ended).fetchone()
        return row[0] if row else 0

    before = count()
    with blowing(storm_at(house, f"clock-{abs(jump_s)}-{'on' if jump_s > 0 else 'back'}", CASES)) as storm:
        # a consent of now is not in force two hours ago: nobody is referred by a clock that is slow
        await_referrals(storm, CASES // 3 if jump_s > 0 else CASES)
        clock.write_text(str(jump_s))
        time.sleep(STALL_S)  # the sweeper looks each half second
        assert count() == before
        clock.write_text("0")
    assert count() == before
    replace_by(house, "referrals", None, {})
