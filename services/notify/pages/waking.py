"""Let a browser be woken while the page is closed, and be installed under a name that says nothing."""

from typing import Final, Protocol
from urllib.parse import urlencode

from starlette.responses import JSONResponse, Response

from services.errors import InvalidInput, NotFound
from services.notify.outgoing import Outgoing
from services.notify.pages.parts import Parts, Push
from services.notify.pages.screens import static_file, static_path
from services.notify.pages.visit import Visit, form_of
from services.notify.pages.words import RIGHT_TO_LEFT, Words

GROUND: Final = "#eef2f1"
ACCENT: Final = "#1f6a6d"


class HasWords(Protocol):
    """A visit to any page."""

    @property
    def words(self) -> Words:
        """Of the reader."""


async def subscribe(visit: Visit, parts: Parts) -> Response:
    """Keep where this browser is woken; the address is read as strictly as any that a stranger names."""
    fields = await form_of(visit)
    push = _push(parts)
    try:
        url = push.rules.read(fields.get("url", "")).url
    except InvalidInput:
        return JSONResponse({"kept": False}, status_code=400)
    await push.subscriptions.subscribe(visit.desk, url, visit.words.language, visit.now)
    return JSONResponse({"kept": True})


async def unsubscribe(visit: Visit, parts: Parts) -> Response:
    """Let this browser sleep."""
    await form_of(visit)
    await _push(parts).subscriptions.unsubscribe(visit.desk.device_id, visit.now)
    return JSONResponse({"kept": False})


async def worker(visit: object, parts: object) -> Response:
    """Return the script that a browser wakes; its words come with its address."""
    return Response(static_file("worker.js"), media_type="text/javascript")


def worker_path(words: Words) -> str:
    """Say where that script is, with the few words that it shows."""
    said = {"t": words["title"], "b": words["woken"], "o": words["offline"], "a": words["send_again"]}
    return f"/worker.js?{urlencode({'l': words.language, **said})}"


async def manifest(visit: HasWords, parts: object) -> Response:
    """Say what a page is called when it is installed."""
    words = visit.words
    return JSONResponse(
        {
            "name": words["title"],
            "short_name": words["title"],
            "lang": words.language,
            "dir": "rtl" if words.language in RIGHT_TO_LEFT else "ltr",
            "start_url": "/",
            "scope": "/",
            "display": "standalone",
            "background_color": GROUND,
            "theme_color": ACCENT,
            "icons": [{"src": static_path("icon.svg"), "sizes": "any", "type": "image/svg+xml"}],
        },
        media_type="application/manifest+json",
    )


def push_of(ways: Outgoing | None) -> Push | None:
    """Say what it takes to wake a browser, as far as this house is set up for it."""
    if ways is None or ways.waker is None:
        return None
    return Push(subscriptions=ways.subscriptions, rules=ways.rules, public_key=ways.waker.public_text)


def _push(parts: Parts) -> Push:
    if parts.push is None:
        raise NotFound("browsers are not woken here")
    return parts.push
