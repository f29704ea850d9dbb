"""Take receipts from receivers' systems, which acknowledge an alert only when they were answered: it is committed."""

import asyncio
from collections.abc import Callable, Collection, Sequence
from datetime import datetime
from typing import Final

import structlog
from nats.aio.msg import Msg
from nats.errors import Error as NatsError

from services.errors import InvalidInput, Reason, Unavailable
from services.notify.store.deliveries import DeliveryStore
from services.notify.wire.events import receipt_answer_to_json, receipt_from_json
from services.runtime.jetstream import Connection

SUBJECTS: Final = "receipt.v1.*"
QUEUE: Final = "notify"  #: one of several replicas answers
TOGETHER_S: Final = 0.02  #: that a receipt waits for others: the alert is in the receiver's hands already
MOST_AT_ONCE: Final = 256  #: receipts in one commit

log = structlog.get_logger(__name__)


async def run(connection: Connection, store: DeliveryStore, now: Callable[[], datetime], stop: asyncio.Event) -> None:
    """Answer receipts until a stop is requested; those that come together share a commit."""
    waiting: asyncio.Queue[Msg] = asyncio.Queue()
    subscription = await connection.client.subscribe(SUBJECTS, queue=QUEUE, cb=waiting.put)
    try:
        async with asyncio.TaskGroup() as tasks:
            answering = tasks.create_task(_answer(waiting, store, now))
            await stop.wait()
            answering.cancel()
    finally:
        try:
            await subscription.unsubscribe()
        except NatsError:  # the connection is closed, and with it the subscription
            log.debug("receipt.closed")


async def _answer(waiting: asyncio.Queue[Msg], store: DeliveryStore, now: Callable[[], datetime]) -> None:
    while True:
        messages = [await waiting.get()]
        await asyncio.sleep(TOGETHER_S)
        while not waiting.empty() and len(messages) < MOST_AT_ONCE:
            messages.append(waiting.get_nowait())
        answers = await take([(each.subject, each.data) for each in messages], store, now())
        for message, answer in zip(messages, answers, strict=True):
            try:
                await message.respond(answer)
            except NatsError as error:  # the receiver asks again
                log.warning("receipt.not_answered", error=type(error).__name__)


async def take(receipts: Sequence[tuple[str, bytes]], store: DeliveryStore, now: datetime) -> list[bytes]:
    """
    Keep receipts in one commit and return the answer to each.

    Args:
        receipts: Subject `receipt.v1.<receiver_id>`, where the server itself puts the sending account's name,
            and what was sent.

        store: Where they are kept.

        now: The time of it.
    """
    said = [_said(subject, payload) for subject, payload in receipts]
    readable = [each for each in said if each is not None]
    try:
        kept = await store.receive_all(readable, now) if readable else set()
    except Unavailable:
        return [receipt_answer_to_json(Reason.UNREADY if each else Reason.MALFORMED) for each in said]
    return [_answer_to(each, kept) for each in said]


def _said(subject: str, payload: bytes) -> tuple[str, str] | None:
    """Read an alert's id and the receiver's; None if it is no receipt."""
    try:
        return receipt_from_json(payload), subject.rpartition(".")[2]
    except InvalidInput:
        return None


def _answer_to(said: tuple[str, str] | None, kept: Collection[tuple[str, str]]) -> bytes:
    if said is None:
        return receipt_answer_to_json(Reason.MALFORMED)
    return receipt_answer_to_json(None if said in kept else Reason.NOT_FOUND)
