"""
Fetch a receiver's alerts from NATS, for as long as it takes.

The order is what makes nothing be lost: fetch, keep on disk, ask for the receipt,
and only when notify has answered acknowledge to NATS. What came together is kept
together; each alert has its receipt for itself, so that none waits for another's.
"""

import asyncio
import json
import logging
import ssl
from collections.abc import Callable, Sequence
from contextlib import suppress
from pathlib import Path
from typing import Any, Final

from nats.aio.client import Client
from nats.aio.msg import Msg
from nats.errors import AuthorizationError
from nats.errors import Error as NatsError

from ihala.journal import Journal
from ihala.profile import ReceiverProfile

STREAM: Final = "ALERTS"
TYPE: Final = "org.ihala.alert.v1"
BATCH: Final = 64  #: as many as the server hands out before it has an acknowledgement
FETCH_WAIT_S: Final = 5.0
RECEIPT_WAIT_S: Final = 5.0
PAUSE_S: Final = 1.0
#: answers after which asking again is of no use: the alert is not ours, or notify has forgotten it
FINAL_REASONS: Final = frozenset({"NOT_FOUND", "MALFORMED"})
REFUSAL: Final = "authorization violation"

log = logging.getLogger(__name__)


class AlertFeed:
    """
    The connection of one receiver.

    Args:
        profile: Who it is and where NATS is.

        tls_dir: Folder with `ca.crt`, for `tls://…`.

        journal: Where alerts are kept before their receipt.

        heard: Called once with each new alert's fields.
    """

    def __init__(
        self, profile: ReceiverProfile, tls_dir: Path | None, journal: Journal, heard: Callable[[dict[str, Any]], None]
    ) -> None:
        self._profile = profile
        self._tls_dir = tls_dir
        self._journal = journal
        self._heard = heard
        self._asking: set[asyncio.Task[None]] = set()  # for receipts
        self._is_ending = False
        self._while_let_in = asyncio.timeout(None)  #: ends once our key is refused

    async def settle(self) -> None:
        """Wait until notify has the receipt of what was handed over last; nothing more is fetched."""
        # a fetch that nobody waits for would swallow the next alert until NATS sends it again
        self._is_ending = True
        if self._asking:
            await asyncio.wait(self._asking)

    async def run(self) -> None:
        """Fetch until cancelled: a server that is away, or refuses us for now, is tried again."""
        while True:
            try:
                await self._fetch_while_connected()
            except (NatsError, OSError, TimeoutError) as error:
                log.warning("alerts cannot be fetched now: %s", type(error).__name__)
            await asyncio.sleep(PAUSE_S)

    async def _fetch_while_connected(self) -> None:
        client = Client()
        try:
            # by a key that is none of our account's any more nats-py would knock for ever: the next may be in its file
            async with asyncio.timeout(None) as self._while_let_in:
                await self._connect(client)
                subscription = await client.jetstream().pull_subscribe_bind(self._profile.receiver_id, STREAM)
                while not client.is_closed:  # a server that takes our account away closes it for good
                    if self._is_ending:
                        await asyncio.Event().wait()  # until cancelled, which closes the connection in order
                    try:
                        messages = await subscription.fetch(BATCH, timeout=FETCH_WAIT_S)
                    except TimeoutError:  # nothing came
                        continue
                    await self._take(client, messages)
        finally:
            for task in self._asking:
                task.cancel()
            # not drained: with an idle pull subscription that takes 30 s in nats-py 2.16
            await client.close()

    async def _connect(self, client: Client) -> None:
        seed = await asyncio.to_thread(self._profile.seed_file.read_text, encoding="ascii")
        is_private = self._profile.nats_url.startswith("tls://")
        await client.connect(
            self._profile.nats_url,
            name="ihala receiver",
            nkeys_seed_str=seed.strip(),
            tls=_tls(self._tls_dir) if is_private else None,
            tls_handshake_first=is_private,  # else a man in the middle could ask for plain text
            max_reconnect_attempts=-1,
            reconnect_time_wait=0.5,  # type: ignore[arg-type]  # any number will do
            ping_interval=10,
            max_outstanding_pings=2,
            connect_timeout=2,
            error_cb=self._on_error,
        )

    async def _on_error(self, error: Exception) -> None:
        log.warning("NATS: %s", type(error).__name__)
        if isinstance(error, AuthorizationError) or REFUSAL in str(error).lower():
            with suppress(RuntimeError):  # it was told before, and has left
                self._while_let_in.reschedule(asyncio.get_running_loop().time())

    async def _take(self, client: Client, messages: Sequence[Msg]) -> None:
        read = [(message, _alert_in(message.data)) for message in messages]
        alerts = [(message, alert) for message, alert in read if alert is not None]
        news = self._journal.keep_all([alert for _, alert in alerts])
        for message, alert in alerts:
            task = asyncio.create_task(self._confirm(client, message, alert["alert_id"]))
            self._asking.add(task)
            task.add_done_callback(self._asking.discard)
        for fresh in news:
            self._heard(dict(fresh))
        for message, alert_or_none in read:
            if alert_or_none is None:
                await message.term()

    async def _confirm(self, client: Client, message: Msg, alert_id: str) -> None:
        reason = await self._ask_for_receipt(client, alert_id)
        try:
            if reason is None:
                await message.ack()
            elif reason in FINAL_REASONS:
                await message.term()
            else:
                await message.nak(delay=PAUSE_S)
        except NatsError as error:  # it comes again, and is recognised
            log.warning("an alert is not acknowledged: %s", type(error).__name__)

    async def _ask_for_receipt(self, client: Client, alert_id: str) -> str | None:
        """Return None once notify has it on disk that we have the alert, else why not."""
        payload = json.dumps({"event_id": alert_id}).encode()
        try:
            answer = await client.request(f"receipt.v1.{self._profile.receiver_id}", payload, timeout=RECEIPT_WAIT_S)
            said = json.loads(answer.data)
            return None if said.get("kept") is True else str(said.get("reason"))
        except (NatsError, TimeoutError, ValueError, AttributeError):
            return "UNREADY"


def _alert_in(payload: bytes) -> dict[str, Any] | None:
    with suppress(ValueError, KeyError, TypeError):
        message = json.loads(payload)
        if message["type"] == TYPE and message["data"]["alert_id"] == message["id"]:
            return dict(message["data"])
    log.warning("a message was no alert of this version")
    return None


def _tls(tls_dir: Path | None) -> ssl.SSLContext:
    context = ssl.create_default_context(cafile=None if tls_dir is None else str(tls_dir / "ca.crt"))
    context.minimum_version = ssl.TLSVersion.TLSv1_3
    if tls_dir is not None and (tls_dir / "tls.crt").exists():
        context.load_cert_chain(tls_dir / "tls.crt", tls_dir / "tls.key")
    return context
