"""Take receipts from receivers' systems, which acknowledge an alert only when they were answered: it is committed."""

import asyncio
from collections.abc import Callable
from datetime import datetime
from typing import Final

import structlog
from nats.aio.msg import Msg
from nats.errors import Error as NatsError

from services.errors import InvalidInput, Reason, Unavailable
from services.notify.model import Channel
from services.notify.store.deliveries import DeliveryStore
from services.notify.wire.events import receipt_answer_to_json, receipt_from_json
from services.runtime.jetstream import Connection

SUBJECTS: Final = "receipt.v1.*"
QUEUE: Final = "notify"  #: one of several replicas answers

log = structlog.get_logger(__name__)


async def run(connection: Connection, store: DeliveryStore, now: Callable[[], datetime], stop: asyncio.Event) -> None:
    """Answer receipts until a stop is requested."""

    async def on_receipt(message: Msg) -> None:
        answer = await take(message.subject, message.data, store, now())
        try:
            await message.respond(answer)
        except NatsError as error:  # the receiver asks again
            log.warning("receipt.not_answered", error=type(error).__name__)

    subscription = await connection.client.subscribe(SUBJECTS, queue=QUEUE, cb=on_receipt)
    try:
        await stop.wait()
    finally:
        try:
            await subscription.unsubscribe()
        except NatsError:  # the connection is closed, and with it the subscription
            log.debug("receipt.closed")


async def take(subject: str, payload: bytes, store: DeliveryStore, now: datetime) -> bytes:
    """
    Keep a receipt and return the answer to it.

    Args:
        subject: `receipt.v1.<receiver_id>`; the server itself puts the sending account's name there.

        payload: What was sent.

        store: Where it is kept.

        now: The time of it.
    """
    receiver_id = subject.rpartition(".")[2]
    try:
        alert_id = receipt_from_json(payload)
        if not await store.receive([alert_id], receiver_id, Channel.NATS, None, now):
            return receipt_answer_to_json(Reason.NOT_FOUND)
    except InvalidInput:
        return receipt_answer_to_json(Reason.MALFORMED)
    except Unavailable:
        return receipt_answer_to_json(Reason.UNREADY)
    return receipt_answer_to_json()
