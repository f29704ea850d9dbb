"""What the duty page is made of, and who comes to it with what."""

import asyncio
import hashlib
import hmac
from collections.abc import AsyncGenerator, Callable, Mapping
from dataclasses import dataclass
from datetime import datetime
from pathlib import Path
from typing import Any, Final, Protocol

from starlette.requests import Request

from services.errors import InvalidInput, Reason
from services.notify.channels.egress_rules import EgressRules
from services.notify.duty.model import Callee, DutyRoster, DutyTask
from services.notify.pages.visit import LANGUAGE_COOKIE
from services.notify.pages.words import Words, choose_language
from services.notify.secrecy import form_token, token_digest
from services.notify.shown import Offer
from services.notify.store.contacts import ContactStore
from services.notify.store.duty_pushes import DutyPushStore
from services.notify.store.duty_sessions import DutySessionStore
from services.runtime.feed import FeedWaker
from services.runtime.forms import is_from_here, read_form

COOKIE: Final = "duty"
WORDS: Final = ("words.toml", "duty_words.toml")


class Duty(Protocol):
    """Tasks, rosters and offers, as far as a duty coordinator may; `by` is who is signed in."""

    async def tasks(self, by: str) -> list[DutyTask]: ...

    async def task(self, task_id: str, by: str) -> DutyTask: ...

    def changes(self) -> AsyncGenerator[None]: ...

    async def take(self, task_id: str, version: int, by: str, request_id: str) -> None: ...

    async def close(self, task_id: str, version: int, outcome: str, by: str, request_id: str) -> None: ...

    async def read(self, offer_id: str, on_behalf_of: str, by: str) -> Offer: ...

    async def answer(
        self, verb: str, offer_id: str, on_behalf_of: str, by: str, request_id: str, **facts: Any
    ) -> None: ...

    async def rosters(self, by: str) -> list[DutyRoster]: ...

    async def pause(self, roster_id: str, by: str, request_id: str, **until: Any) -> None: ...


class Callees(Protocol):
    """Whom to ring."""

    async def callee(self, provider_id: str) -> Callee: ...


@dataclass(frozen=True, slots=True, kw_only=True)
class DutyPush:
    """What it takes to wake the browsers of those on duty."""

    pushes: DutyPushStore
    rules: EgressRules  #: by which the address of a push service is read
    public_key: str  #: by which push services know us, as browsers want it


@dataclass(frozen=True, slots=True, kw_only=True)
class DutyParts:
    """Everything that the duty page's screens use."""

    duty: Duty
    callees: Callees
    contacts: ContactStore
    sessions: DutySessionStore
    push: DutyPush | None  #: None: browsers are not woken
    bell: FeedWaker  #: rings when tasks have changed
    stop: asyncio.Event  #: set when pages must not wait any longer
    login_file: Path  #: of one-time codes
    time_zone: str  #: IANA, of the roster
    now: Callable[[], datetime]
    random_token: Callable[[], str]
    exit_url: str
    is_secure: bool

    @property
    def cookie(self) -> str:
        """The cookie's name; behind https nobody but this host can set it."""
        return f"__Host-{COOKIE}" if self.is_secure else COOKIE


@dataclass(frozen=True, slots=True, kw_only=True)
class DutyVisit:
    """One request to the duty page."""

    request: Request
    words: Words
    now: datetime
    token: str  #: of the session's cookie; empty: nobody is signed in
    coordinator: str

    async def form(self) -> Mapping[str, str]:
        """
        Read a form that this page gave to this session.

        Raises:
            InvalidInput: it comes from elsewhere, or is larger than any of ours.
        """
        if not is_from_here(self.request):
            raise InvalidInput("form must come from this page", reason=Reason.MALFORMED)
        fields = await read_form(self.request)
        if self.token and not hmac.compare_digest(fields.get("form", ""), form_token(self.token)):
            raise InvalidInput("form must be of this session", reason=Reason.MALFORMED)
        return fields

    def request_id(self, fields: Mapping[str, str]) -> str:
        """Name a press of a button, so that pressing it twice is once."""
        said = "\0".join(f"{name}={value}" for name, value in sorted(fields.items()))
        text = f"{self.coordinator}\0{self.request.url.path}\0{said}"
        return hashlib.sha256(text.encode()).hexdigest()[:48]


async def duty_visit(request: Request, parts: DutyParts) -> DutyVisit:
    """Find out who comes."""
    now = parts.now()
    token = request.cookies.get(parts.cookie, "")
    coordinator = await parts.sessions.find(token_digest(token), now) if token else None
    language = choose_language(
        request.query_params.get("l"),
        request.cookies.get(LANGUAGE_COOKIE),
        request.headers.get("accept-language", ""),
    )
    return DutyVisit(
        request=request,
        words=Words(language, WORDS),
        now=now,
        token=token if coordinator else "",
        coordinator=coordinator or "",
    )
