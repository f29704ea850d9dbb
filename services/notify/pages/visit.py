"""Who comes to the page with what: the device by its cookie, the language, and the form that was sent."""

import hashlib
import hmac
from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime
from typing import Final
from urllib.parse import parse_qsl

from starlette.requests import ClientDisconnect, Request

from services.errors import Exhausted, InvalidInput, Reason
from services.notify.model import PageDevice
from services.notify.pages.parts import Parts
from services.notify.pages.words import Words, choose_language
from services.notify.secrecy import form_token, token_digest

MAX_FORM_BYTES: Final = 8_192
MAX_FIELDS: Final = 100
COOKIE: Final = "desk"
LANGUAGE_COOKIE: Final = "l"
#: what browsers that say it call a form of this page, and a page that was opened by hand
OWN_SITES: Final = frozenset({"same-origin", "none"})


@dataclass(frozen=True, slots=True, kw_only=True)
class Visit:
    """One request to the page."""

    request: Request
    words: Words
    now: datetime
    token: str  #: the device's cookie; empty: it has none that holds
    device: PageDevice | None

    @property
    def desk(self) -> PageDevice:
        """The device, on screens that only devices reach."""
        assert self.device is not None  # noqa: S101 -- the door has seen to it
        return self.device

    @property
    def is_unlocked(self) -> bool:
        """Whether a PIN has opened the shift, and its time is not over."""
        return self.open_for_s > 0

    @property
    def open_for_s(self) -> int:
        """How many seconds the shift is open yet."""
        if self.device is None or self.device.unlocked_until is None:
            return 0
        return max(0, int((self.device.unlocked_until - self.now).total_seconds()))


def cookie_name(parts: Parts) -> str:
    """Return the name of the device's cookie; behind https nobody but this host can set it."""
    return f"__Host-{COOKIE}" if parts.is_secure else COOKIE


async def visit(request: Request, parts: Parts) -> Visit:
    """Find out who comes."""
    token = request.cookies.get(cookie_name(parts), "")
    device = await parts.shifts.find(token_digest(token)) if token else None
    language = choose_language(
        request.query_params.get("l"),
        request.cookies.get(LANGUAGE_COOKIE),
        request.headers.get("accept-language", ""),
    )
    return Visit(
        request=request,
        words=Words(language),
        now=parts.now(),
        token=token if device else "",
        device=device,
    )


async def form_of(visit: Visit) -> Mapping[str, str]:
    """
    Read a form that this page gave to this device.

    Raises:
        Exhausted: it is larger than any of ours.

        InvalidInput: it comes from elsewhere, from before the device was enrolled, or
            is not whole (`MALFORMED`).
    """
    if visit.request.headers.get("sec-fetch-site", "same-origin") not in OWN_SITES:
        raise InvalidInput("form must come from this page", reason=Reason.MALFORMED)
    body = b""
    try:
        async for chunk in visit.request.stream():
            body += chunk
            if len(body) > MAX_FORM_BYTES:
                raise Exhausted("form must be smaller", reason=Reason.TOO_LARGE)
    except ClientDisconnect:
        raise InvalidInput("form must be whole: whoever sent it left", reason=Reason.MALFORMED) from None
    try:
        fields = dict(parse_qsl(body.decode(), keep_blank_values=True, max_num_fields=MAX_FIELDS))
    except ValueError as error:
        raise InvalidInput("form must be a form of this page", reason=Reason.MALFORMED) from error
    if visit.device is not None and not hmac.compare_digest(fields.get("form", ""), form_token(visit.token)):
        raise InvalidInput("form must be of this device", reason=Reason.MALFORMED)
    return fields


def request_id_of(visit: Visit, fields: Mapping[str, str]) -> str:
    """
    Name a press of a button, so that pressing it twice is once.

    The same button of the same page with the same choices has the same id; with
    another choice it is another command.
    """
    said = "\0".join(f"{name}={value}" for name, value in sorted(fields.items()))
    text = f"{visit.desk.device_id}\0{visit.request.url.path}\0{said}"
    return hashlib.sha256(text.encode()).hexdigest()[:48]
