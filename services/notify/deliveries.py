"""
Send what is due: at once over NATS, and to each endpoint one after the other.

A slow endpoint holds back its own queue: others have attempts of their own in hand, and
a round never waits for them.
"""

import asyncio
from collections.abc import Callable, Mapping
from datetime import datetime
from random import SystemRandom
from typing import Final

import structlog

from services.errors import Unavailable
from services.notify.channels import Sender, SendFailed
from services.notify.endpoint import ADDRESSED
from services.notify.model import Attempt, Channel
from services.notify.store.deliveries import CLAIM, DeliveryStore
from services.runtime import failpoints
from services.runtime.stop import first_of

POLL_S: Final = 0.5  #: between looks for what is due, unless something rang
MAX_IN_HAND: Final = 64  #: endpoints to which this process sends at once
STOP_WAIT_S: Final = 16.0  #: for attempts in hand: as long as a channel may take for one
STOPPED: Final = "endpoint_stopped"

Chance = Callable[[], float]  #: a random number in [0, 1)
CHANCE: Final[Chance] = SystemRandom().random

log = structlog.get_logger(__name__)


async def run(
    store: DeliveryStore,
    senders: Mapping[Channel, Sender],
    rang: asyncio.Event,
    now: Callable[[], datetime],
    stop: asyncio.Event,
    chance: Chance = CHANCE,
) -> None:
    """
    Deliver until a stop is requested; a database that is away is waited for.

    Args:
        store: Where deliveries are.

        senders: By channel; one that is missing has no deliveries that can succeed.

        rang: Set when something new may be due.

        now: The clock.

        stop: Ends it: what is in hand then is finished first.

        chance: A random number in [0, 1).
    """
    in_hand: set[asyncio.Task[None]] = set()

    def on_done(task: asyncio.Task[None]) -> None:
        in_hand.discard(task)
        rang.set()  # its endpoint is free again: the next of its queue may be due

    try:
        while not stop.is_set():
            rang.clear()
            try:
                claimed = await deliver_due(store, senders, now, chance)
                for attempt in await store.claim_endpoints(now(), MAX_IN_HAND - len(in_hand), ADDRESSED):
                    task = asyncio.create_task(deliver(store, senders, attempt, now, chance))
                    in_hand.add(task)
                    task.add_done_callback(on_done)
                if claimed == CLAIM:
                    continue
            except Unavailable:
                log.warning("delivery.database_away")
            await first_of(POLL_S, rang, stop)
    finally:
        if in_hand:
            _done, late = await asyncio.wait(in_hand, timeout=STOP_WAIT_S)
            for each in late:
                each.cancel()


async def deliver_due(
    store: DeliveryStore,
    senders: Mapping[Channel, Sender],
    now: Callable[[], datetime],
    chance: Chance = CHANCE,
) -> int:
    """Make one attempt for each delivery that is due and goes to no endpoint; say how many there were."""
    attempts = await store.claim_due(now())
    outcomes = await asyncio.gather(*(send(senders, each) for each in attempts))
    if attempts:
        failpoints.reach("C3")
    # all that went out in one transaction: a hundred alerts a second are not a hundred commits
    await store.mark_sent(
        [each for each, outcome in zip(attempts, outcomes, strict=True) if not isinstance(outcome, SendFailed)], now()
    )
    for attempt, outcome in zip(attempts, outcomes, strict=True):
        if isinstance(outcome, SendFailed):
            await fail(store, attempt, outcome, now, chance)
    return len(attempts)


async def deliver(
    store: DeliveryStore,
    senders: Mapping[Channel, Sender],
    attempt: Attempt,
    now: Callable[[], datetime],
    chance: Chance,
) -> None:
    """Make one attempt at an endpoint, and note what came of it; a database that is away leaves it to the lease."""
    outcome = await send(senders, attempt)
    failpoints.reach("C3")
    try:
        if isinstance(outcome, SendFailed):
            await fail(store, attempt, outcome, now, chance)
        elif outcome:
            await store.mark_confirmed(attempt, now())
        else:
            await store.mark_sent([attempt], now())
    except Unavailable:
        log.warning("delivery.database_away")


async def fail(
    store: DeliveryStore, attempt: Attempt, fault: SendFailed, now: Callable[[], datetime], chance: Chance
) -> None:
    """Note that an attempt failed, and why."""
    log.warning("delivery.failed", channel=attempt.channel, code=fault.code, attempt=attempt.number)
    await store.mark_failed(attempt, fault.code, now(), permanent=fault.permanent, chance=chance(), asked=fault.asked)


async def send(senders: Mapping[Channel, Sender], attempt: Attempt) -> bool | SendFailed:
    """Make an attempt; return whether the other side has confirmed it, or what was wrong."""
    sender = senders.get(attempt.channel)
    if attempt.is_stopped or sender is None:
        return SendFailed(STOPPED if attempt.is_stopped else "no_such_channel", permanent=True)
    try:
        failpoints.reach("C1")
        failpoints.reach_soon("C2")
        return await sender.send(attempt)
    except SendFailed as fault:
        return fault
    except Exception as error:  # whatever it was, it is not the other endpoints' matter
        log.exception("delivery.broke", channel=attempt.channel, exc_info=error)
        return SendFailed("internal", permanent=False)
