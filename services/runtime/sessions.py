"""Who is signed in: sessions in the memory of this process, known by a cookie that scripts cannot read."""

import hashlib
import secrets
from collections.abc import Callable
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Final

MAX_SESSIONS: Final = 1000  #: beyond it the one that was used least recently ends


@dataclass(slots=True)
class _Session:
    coordinator: str
    start_time: datetime
    used_time: datetime


class Sessions:
    """
    The sessions of one process; they end with it.

    Args:
        now: The time now.

        idle: How long a session lasts without a request.

        life: How long it lasts in any case.
    """

    def __init__(self, now: Callable[[], datetime], idle: timedelta, life: timedelta) -> None:
        self._now = now
        self._idle = idle
        self._life = life
        self._by_digest: dict[str, _Session] = {}

    def begin(self, coordinator: str) -> str:
        """Begin a session and return the secret that its cookie carries."""
        self._forget_ended()
        secret = secrets.token_urlsafe(32)
        self._by_digest[_digest(secret)] = _Session(coordinator, self._now(), self._now())
        return secret

    def coordinator(self, secret: str) -> str | None:
        """Return who a session belongs to, and count this as use of it; None if there is none, or it has ended."""
        session = self._by_digest.get(_digest(secret))
        if session is None or self._has_ended(session):
            return None
        session.used_time = self._now()
        return session.coordinator

    def end(self, secret: str) -> None:
        """End a session; one that is not known has ended."""
        self._by_digest.pop(_digest(secret), None)

    def _has_ended(self, session: _Session) -> bool:
        now = self._now()
        return now - session.used_time >= self._idle or now - session.start_time >= self._life

    def _forget_ended(self) -> None:
        self._by_digest = {key: each for key, each in self._by_digest.items() if not self._has_ended(each)}
        while len(self._by_digest) >= MAX_SESSIONS:
            del self._by_digest[min(self._by_digest, key=lambda key: self._by_digest[key].used_time)]


def _digest(secret: str) -> str:
    return hashlib.sha256(secret.encode()).hexdigest()
