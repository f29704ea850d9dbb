"""Send what is due, by every channel that pushes: one attempt at a time for each alert and channel."""

import asyncio
from collections.abc import Callable, Mapping
from datetime import datetime
from typing import Final

import structlog

from services.errors import Unavailable
from services.notify.channels import Sender, SendFailed
from services.notify.model import Attempt, Channel
from services.notify.store.deliveries import CLAIM, DeliveryStore

POLL_S: Final = 0.5  #: between looks for what is due, unless something rang

log = structlog.get_logger(__name__)


async def run(
    store: DeliveryStore,
    senders: Mapping[Channel, Sender],
    rang: asyncio.Event,
    now: Callable[[], datetime],
    stop: asyncio.Event,
) -> None:
    """Deliver until a stop is requested; a database that is away is waited for."""
    while not stop.is_set():
        rang.clear()
        try:
            if await deliver_due(store, senders, now) == CLAIM:
                continue
        except Unavailable:
            log.warning("delivery.database_away")
        await _rung_or_stopped(rang, stop)


async def deliver_due(store: DeliveryStore, senders: Mapping[Channel, Sender], now: Callable[[], datetime]) -> int:
    """Make one attempt for each delivery that is due; say how many there were."""
    attempts = await store.claim_due(now())
    outcomes = await asyncio.gather(*(_send(senders, each) for each in attempts))
    await store.mark_sent([each for each, fault in zip(attempts, outcomes, strict=True) if fault is None], now())
    for attempt, fault in zip(attempts, outcomes, strict=True):
        if fault is not None:
            log.warning("delivery.failed", channel=attempt.channel, code=fault.code, attempt=attempt.number)
            await store.mark_failed(attempt, fault.code, now(), permanent=fault.permanent)
    return len(attempts)


async def _send(senders: Mapping[Channel, Sender], attempt: Attempt) -> SendFailed | None:
    sender = senders.get(attempt.channel)
    if sender is None:
        return SendFailed("no_such_channel", permanent=True)
    try:
        await sender.send(attempt)
    except SendFailed as fault:
        return fault
    return None


async def _rung_or_stopped(rang: asyncio.Event, stop: asyncio.Event) -> None:
    waits = [asyncio.ensure_future(rang.wait()), asyncio.ensure_future(stop.wait())]
    try:
        await asyncio.wait(waits, timeout=POLL_S, return_when=asyncio.FIRST_COMPLETED)
    finally:
        for each in waits:
            each.cancel()
