"""How a process takes messages from JetStream: each is settled by what came of it, and none is given up."""

import asyncio
from collections.abc import Awaitable, Callable, Sequence
from typing import Final

import structlog
from nats.aio.msg import Msg
from nats.errors import Error as NatsError

from services.runtime import failpoints
from services.runtime.jetstream import Subscription
from services.runtime.nats_connection import RETRY_AFTER_S, Connection, is_cut_off
from services.runtime.stop import first_of

FETCH_WAIT_S: Final = 1.0
REDELIVERY_DELAY_S: Final = 5.0
#: a consumer that is gone for a moment is refused, too, and to turn would take what others ask on the connection
REFUSALS_TO_LEAVE: Final = 5

Handle = Callable[[Msg], Awaitable[None]]

log = structlog.get_logger()


class Malformed(Exception):  # named for what is wrong, as everywhere
    """A message that no later delivery makes better; raised by a handler."""


async def consume(
    connection: Connection,
    subscription: Subscription,
    handle: Handle,
    stop: asyncio.Event,
    *,
    batch: int = 10,
    handle_all: Callable[[Sequence[Msg]], Awaitable[None]] | None = None,
) -> None:
    """
    Hand each message to `handle` until a stop is requested, and settle what came of it.

    A message whose handling returns is acknowledged; one that raises `Malformed`
    is terminated; one that raises anything else is delivered again after a delay.
    The batch in hand when the stop comes is finished first. A server that is away, or a
    consumer that is gone and comes back under its name, is waited for; a server that goes on
    saying that it is cut off from its cluster is left.

    Args:
        connection: Of the subscription.

        subscription: As of `subscribe`.

        handle: Takes one message.

        stop: Ends it.

        batch: How many are fetched at once, at most.

        handle_all: Takes all that were fetched together; they are acknowledged when it returns. If it raises, each
            is handed to `handle`, so that one that nobody can read falls alone.
    """
    refusals = 0
    try:
        while not stop.is_set():
            asked = connection.turn
            try:
                messages = await subscription.fetch(batch, timeout=FETCH_WAIT_S)
            except TimeoutError:  # not nats.errors.TimeoutError: fetch raises either kind
                continue
            except NatsError as error:
                log.warning("nats.fetch_failed", error=type(error).__name__)
                refusals += is_cut_off(error)
                if refusals >= REFUSALS_TO_LEAVE:
                    refusals = 0
                    connection.turn_elsewhere(asked)
                await first_of(RETRY_AFTER_S, stop)
                continue
            refusals = 0
            if handle_all is None or not await _settle_all(messages, handle_all):
                for message in messages:
                    await _settle(message, handle)
    finally:
        # nats-py 2.16: draining a connection with an idle pull subscription takes 30 s
        await _unsubscribe(subscription)


async def _settle_all(messages: Sequence[Msg], handle_all: Callable[[Sequence[Msg]], Awaitable[None]]) -> bool:
    try:
        await handle_all(messages)
    except Exception as error:  # noqa: BLE001  # whatever it was, one by one shows whose it is
        log.info("messages.taken_one_by_one", error=type(error).__name__, count=len(messages))
        return False
    for message in messages:
        await _settled(message.ack())
    return True


async def _settle(message: Msg, handle: Handle) -> None:
    try:
        await handle(message)
    except Malformed:
        log.error("message.malformed", stream=message.metadata.stream, consumer=message.metadata.consumer)  # noqa: TRY400
        settle = message.term()
    except Exception as error:  # noqa: BLE001  # whatever it was, the message must come again
        log.warning("message.retried", error=type(error).__name__, delay_s=REDELIVERY_DELAY_S)
        settle = message.nak(delay=REDELIVERY_DELAY_S)
    else:
        settle = message.ack()
    await _settled(settle)


async def _settled(settle: Awaitable[None]) -> None:
    try:
        await settle
        failpoints.reach("N4")
    except NatsError as error:  # it is delivered again, and recognised at the end
        log.warning("message.not_settled", error=type(error).__name__)


async def _unsubscribe(subscription: Subscription) -> None:
    try:
        await subscription.unsubscribe()
    except NatsError:  # the connection is closed, and with it the subscription
        return
