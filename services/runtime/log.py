"""
Logs as JSON lines that cannot say what they must not.

Rules of this file: an event is a constant name, `thing.happened`; only keys of
the lists below pass, and ids pass as a hash that changes daily; an exception is
its class and the lines of code it went through, never its text, which may hold
a name or an address. Libraries are heard from WARNING on, by the same rules.
"""

import hashlib
import hmac
import logging
import os
import re
import sys
import threading
import traceback
from collections.abc import Callable, MutableMapping
from types import TracebackType
from typing import Any, Final, TextIO

import structlog

#: constants of the code, counts and times; a text under them has no spaces, so that a sentence,
#: an address or str(error) is dropped even under an allowed key
ALLOWED_KEYS: Final = frozenset(
    {
        "action",
        "attempt",
        "channel",
        "code",
        "constraint",
        "consumer",
        "count",
        "database",
        "delay_s",
        "dependency",
        "duration_ms",
        "epoch",
        "error",
        "error_id",
        "event",
        "exit_code",
        "file",
        "grace_s",
        "kind",
        "level",
        "logger",
        "method",
        "migration",
        "pid",
        "port",
        "reason",
        "revision",
        "schema",
        "service",
        "signal",
        "sqlstate",
        "state",
        "stream",
        "time",
        "version",
        "where",
    }
)
PLAIN_TEXT: Final = re.compile(r"[A-Za-z0-9_.:/<>+-]{0,400}")
LIBRARY_EVENT: Final = "library.warned"
EVENT_NAME: Final = re.compile(r"[a-z][a-z0-9_]*(\.[a-z0-9_]+)+")
#: where an exception went through, innermost last
MAX_FRAMES: Final = 6

Event = MutableMapping[str, Any]


def configure(
    service: str,
    level: str = "info",
    *,
    stream: TextIO | None = None,
    secret: bytes | None = None,
) -> None:
    """
    Send the logs of this process to a stream, and its last words with them.

    Args:
        service: Stands in every line.

        level: "debug", "info", "warning" or "error"; libraries never below "warning".

        stream: Standard error by default.

        secret: Key of the hashes of ids; made for this process by default, so
            that lines of two processes cannot be joined by an id.
    """
    out = stream or sys.stderr
    processors: list[Any] = [
        structlog.contextvars.merge_contextvars,
        structlog.processors.add_log_level,
        structlog.processors.TimeStamper(fmt="iso", utc=True, key="time"),
        _named(service),
        shape_exception,
        AllowList(secret or os.urandom(32)),
        structlog.processors.JSONRenderer(ensure_ascii=False),
    ]
    structlog.configure(
        processors=processors,
        wrapper_class=structlog.make_filtering_bound_logger(level),
        logger_factory=structlog.PrintLoggerFactory(out),
        cache_logger_on_first_use=False,
    )
    handler = _LibraryHandler()
    logging.basicConfig(handlers=[handler], level=logging.WARNING, force=True)
    for name in ("grpc", "nats", "asyncio", "uvicorn", "httpx", "psycopg"):
        logging.getLogger(name).setLevel(logging.WARNING)
    sys.excepthook = _last_words
    threading.excepthook = lambda args: _last_words(
        args.exc_type, args.exc_value or args.exc_type(), args.exc_traceback
    )


class AllowList:
    """
    Drop what may not be logged and name what was dropped, so that nobody wonders where it went.

    Args:
        secret: Key of the hashes of ids.
    """

    def __init__(self, secret: bytes) -> None:
        self._secret = secret

    def __call__(self, logger: Any, method: str, event: Event) -> Event:
        kept: Event = {}
        dropped = []
        day = str(event.get("time", ""))[:10]
        for key, value in event.items():
            is_template = key == "template" and event.get("event") == LIBRARY_EVENT
            if is_template or (key in ALLOWED_KEYS and _is_plain(value)):
                kept[key] = value
            elif key.endswith("_id") and isinstance(value, str) and key not in ALLOWED_KEYS:
                kept[key] = self._hash(day, value)
            else:
                dropped.append(key)
        if EVENT_NAME.fullmatch(str(kept.get("event"))) is None:
            kept["event"] = "log.event_unnamed"
        if dropped:
            kept["dropped"] = sorted(dropped)
        return kept

    def _hash(self, day: str, value: str) -> str:
        return hmac.new(self._secret, f"{day}|{value}".encode(), hashlib.sha256).hexdigest()[:12]


def shape_exception(logger: Any, method: str, event: Event) -> Event:
    """Replace an exception by the classes of its chain and the lines it went through."""
    info = event.pop("exc_info", None)
    if info is True:
        info = sys.exc_info()
    error = info[1] if isinstance(info, tuple) else info
    if isinstance(error, BaseException):
        event["error"] = "<".join(type(each).__qualname__ for each in _chain(error))
        event["where"] = ">".join(f"{frame.f_globals.get('__name__', '?')}:{line}" for frame, line in _frames(error))
    return event


def _chain(error: BaseException) -> list[BaseException]:
    """List an exception and what led to it; of a group its first, as the others mostly follow from it."""
    chain: list[BaseException] = []
    following: BaseException | None = error
    while following is not None and following not in chain:
        chain.append(following)
        if isinstance(following, BaseExceptionGroup):
            following = following.exceptions[0]
        else:
            following = following.__cause__ or following.__context__
    return chain


def _frames(error: BaseException) -> list[Any]:
    while isinstance(error, BaseExceptionGroup):
        error = error.exceptions[0]
    return list(traceback.walk_tb(error.__traceback__))[-MAX_FRAMES:]


def _is_plain(value: Any) -> bool:
    if isinstance(value, str):
        return PLAIN_TEXT.fullmatch(value) is not None
    return value is None or isinstance(value, bool | int | float)


def _named(service: str) -> Callable[[Any, str, Event], Event]:
    def add_service(logger: Any, method: str, event: Event) -> Event:
        event["service"] = service
        return event

    return add_service


class _LibraryHandler(logging.Handler):
    """Hands the records of libraries to our processors."""

    def emit(self, record: logging.LogRecord) -> None:
        # a message without arguments may have been put together with values in it: it is not shown
        template = str(record.msg) if record.args else None
        level = "error" if record.levelno >= logging.ERROR else "warning"
        logger = structlog.get_logger()
        getattr(logger, level)(
            LIBRARY_EVENT,
            logger=record.name,
            template=template,
            where=f"{record.module}:{record.lineno}",
            exc_info=record.exc_info,
        )


def _last_words(kind: type[BaseException], error: BaseException, trace: TracebackType | None) -> None:
    if issubclass(kind, KeyboardInterrupt):
        return
    structlog.get_logger().critical("process.failed", exc_info=(kind, error, trace))
