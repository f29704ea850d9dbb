"""A connection to NATS that finds back by itself, and does not hide what it is refused."""

import asyncio
import ssl
from collections.abc import AsyncIterator, Iterator, Mapping, Sequence
from contextlib import asynccontextmanager, contextmanager
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import structlog
from nats.aio.client import Client, Server
from nats.errors import Error as NatsError
from nats.errors import NoRespondersError
from nats.js import JetStreamContext
from nats.js.errors import APIError, BadRequestError, NoStreamResponseError, ServiceUnavailableError

from services.errors import PermissionDenied, Unavailable

log = structlog.get_logger()

ANSWER_WAIT_S = 4.0
#: for the word of one of several servers that a message is kept: a cluster takes seconds to find a new leader, and
#: each of three may be asked in vain meanwhile, within the 10 s that the loss of a leader may take
TURN_WAIT_S = 2.0
RETRY_AFTER_S = 1.0
RECONNECT_WAIT_S = 0.5  #: before a server is tried that could not be reached before
PENDING_BYTES = 65_536  #: core NATS would buffer 2 MiB without a word while the server is away
REPLY = '"_r_.'  #: subjects that the server gives to who asks from another account; an answer may come too late
REFUSALS = ("permissions violation", "authorization violation")
#: what a server of a cluster says when it cannot reach the others; of a full disk it says another number
CUT_OFF = frozenset({None, 10008})
IN_PROCESS = 10158  #: a leader that is cut off says so of a message that it was sent before and cannot confirm


class Course:
    """Which server of several is tried next: of those that failed least, the one that was left longest ago."""

    def __init__(self) -> None:
        self._left: list[str] = []  #: by host and port, the last one last

    def leave(self, server: str) -> None:
        """Note that a server was left, since it could not answer."""
        self._left = [*(each for each in self._left if each != server), server]

    def choose(self, servers: Sequence[Server], _info: Mapping[str, Any]) -> tuple[Server, float]:
        """Choose one of them, and how long to wait before, in seconds; nats-py alone would throw dice."""
        chosen = min(servers, key=lambda each: (each.reconnects, self._place(each.uri.netloc)))
        return chosen, RECONNECT_WAIT_S if chosen.reconnects else 0.0

    def _place(self, server: str) -> int:
        return self._left.index(server) if server in self._left else -1


@dataclass(frozen=True, slots=True)
class Connection:
    """A connection that finds back by itself, for as long as it takes."""

    client: Client
    stream: JetStreamContext
    refused: asyncio.Event  #: the server refused this user or a subject; cleared when it is let in again
    _course: Course = field(default_factory=Course, repr=False)
    _leaving: set[asyncio.Task[None]] = field(default_factory=set, repr=False)

    @property
    def turn(self) -> int:
        """How often it has gone from one server to another, or to the same again."""
        return int(self.client.stats["reconnects"])

    @property
    def kept_wait_s(self) -> float:
        """How long to wait for the word that a message is kept, in seconds."""
        return TURN_WAIT_S if len(self.client.servers) > 1 else ANSWER_WAIT_S

    def check(self) -> None:
        """
        Fail if the server refuses something: that is a fault of ours, and waiting does not cure it.

        nats-py shows a missing permission as a mere timeout, which looks like a server
        that is away and would be retried for ever.

        Raises:
            PermissionDenied: It does; what it was is in the server's log.
        """
        if self.refused.is_set():
            raise PermissionDenied("NATS refuses this user, or a subject to it")

    def turn_elsewhere(self, asked: int) -> None:
        """
        Leave a server of several that did not answer, or that is cut off from the others.

        One that stands still is noticed by pings after half a minute, one that is cut off never.
        Where there is one server only, whatever is on its way comes once it goes on.

        Args:
            asked: The turn in which it was asked: a server that was left since then is not left again.
        """
        here = self.client.connected_url
        if asked == self.turn and here is not None and len(self.client.servers) > 1:
            self._course.leave(here.netloc)
            task = asyncio.get_running_loop().create_task(self.client.force_reconnect())
            self._leaving.add(task)
            task.add_done_callback(self._leaving.discard)


@asynccontextmanager
async def connect(
    url: str,
    seed_file: Path,
    *,
    name: str,
    inbox_prefix: str | None = None,
    tls: ssl.SSLContext | None = None,
    within_s: float = 5.0,
) -> AsyncIterator[Connection]:
    """
    Connect as the user whose key is in a file.

    Args:
        url: `nats://…` on loopback; elsewhere `tls://…`.

        seed_file: Holds the user's seed.

        name: Of the process, shown by the server.

        inbox_prefix: Of replies, as the user's permissions have it; None for `_INBOX_<name>`.

        tls: Whom to trust, for `tls://…`; nothing is said before the handshake.

        within_s: Time in seconds for the first connection; later ones are tried for ever.

    Raises:
        Unavailable: The server cannot be reached now.

        PermissionDenied: It does not know the key.
    """
    seed = await asyncio.to_thread(seed_file.read_text, encoding="ascii")
    refused = asyncio.Event()

    async def on_error(error: Exception) -> None:
        if REPLY in str(error).lower():  # it was asked before the server read its accounts again, and asks again
            log.warning("nats.answer_refused", service=name)
        elif any(words in str(error).lower() for words in REFUSALS):
            refused.set()
            log.error("nats.refused", service=name)  # the subject names a receiver; the server's log has it
        else:
            log.warning("nats.failed", service=name, error=type(error).__name__)

    async def on_reconnected() -> None:
        refused.clear()

    client = Client()
    course = Course()
    connection = Connection(client, client.jetstream(timeout=ANSWER_WAIT_S), refused, course)
    try:
        try:
            async with asyncio.timeout(within_s):
                await client.connect(
                    url,
                    name=name,
                    nkeys_seed_str=seed.strip(),
                    inbox_prefix=inbox_prefix or f"_INBOX_{name}",
                    tls=tls,
                    tls_handshake_first=tls is not None,
                    # the defaults notice a dead server after minutes, and give up for ever after 60 attempts
                    max_reconnect_attempts=-1,
                    reconnect_time_wait=RECONNECT_WAIT_S,  # type: ignore[arg-type]  # it is slept, in seconds
                    reconnect_to_server_handler=course.choose,
                    ping_interval=10,
                    max_outstanding_pings=2,
                    connect_timeout=2,
                    pending_size=PENDING_BYTES,
                    error_cb=on_error,
                    reconnected_cb=on_reconnected,
                )
        except TimeoutError:
            connection.check()
            raise Unavailable("NATS cannot be reached", retry_after_s=RETRY_AFTER_S) from None
        yield connection
    finally:
        # drain raises while the connection is being made again
        await (client.drain() if client.is_connected else client.close())


@contextmanager
def answered(connection: Connection) -> Iterator[None]:
    """
    Translate what comes instead of an answer; a refusal with a reason passes.

    Raises:
        Unavailable: No answer came in time.

        PermissionDenied: As `Connection.check`.
    """
    asked = connection.turn
    try:
        yield
    except BadRequestError:
        raise
    except (TimeoutError, NatsError) as error:
        connection.check()
        if is_cut_off(error):
            connection.turn_elsewhere(asked)
        log.warning("nats.unavailable", error=type(error).__name__)
        raise Unavailable("NATS did not answer in time", retry_after_s=RETRY_AFTER_S) from None


def is_cut_off(error: Exception) -> bool:
    """Say whether another server of the cluster may be able to do what this one was not."""
    if isinstance(error, ServiceUnavailableError):
        return error.err_code in CUT_OFF
    if isinstance(error, APIError):
        return error.err_code == IN_PROCESS
    return isinstance(error, TimeoutError | NoRespondersError | NoStreamResponseError)
