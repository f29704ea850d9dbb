"""Render the page's screens; every value is escaped, and nothing is loaded from elsewhere."""

import hashlib
from collections.abc import Callable, Mapping
from functools import cache, partial
from importlib.resources import files
from typing import Any, Final
from urllib.parse import urlencode

from jinja2 import Environment, FunctionLoader, StrictUndefined
from starlette.responses import HTMLResponse, Response

from services.notify.pages.parts import Parts
from services.notify.pages.visit import Visit
from services.notify.pages.words import LANGUAGES, RIGHT_TO_LEFT, Words
from services.notify.secrecy import form_token

STATIC_TYPES: Final = {
    "page.css": "text/css",
    "page.js": "text/javascript",
    "icon.svg": "image/svg+xml",
}
_PACKAGE: Final = "services.notify"


def show(
    visit: Visit,
    parts: Parts,
    template: str,
    *,
    status: int = 200,
    note: str = "",
    fault: str = "",
    **values: Any,
) -> Response:
    """
    Render a screen.

    Args:
        visit: Who sees it.

        parts: What the page is made of.

        template: A file of `templates/`.

        status: Of HTTP.

        note: Something that went well, or is to be known.

        fault: Something that went wrong.

        values: What the template names besides.
    """
    html = rendered(
        template,
        visit.words,
        visit.token,
        in_language=partial(_same_page, visit),
        press=parts.random_token(),
        open_for_s=visit.open_for_s,
        note=note,
        fault=fault,
        **values,
    )
    return HTMLResponse(html, status_code=status)


def rendered(template: str, words: Words, token: str, /, *, in_language: Callable[[str], str], **values: Any) -> str:
    """
    Render what a screen of any page is made of.

    Args:
        template: A file of `templates/`.

        words: In the visitor's language.

        token: Of the visitor's cookie, to which forms are bound; empty for who is not known.

        in_language: Says where the same screen is in another language.

        values: What the template names besides.
    """
    return (
        environment()
        .get_template(template)
        .render(
            words=words,
            language=words.language,
            direction="rtl" if words.language in RIGHT_TO_LEFT else "ltr",
            languages=[(each, name, in_language(each)) for each, name in LANGUAGES.items()],
            static=static_path,
            is_enrolled=bool(token),
            form=form_token(token) if token else "",
            **values,
        )
    )


def message(visit: Visit, parts: Parts, fault: str, status: int, again: Mapping[str, str] | None = None) -> Response:
    """Say that something went wrong; `again` are the fields of a form that can be sent once more."""
    return show(
        visit,
        parts,
        "message.html",
        status=status,
        fault=fault,
        again=tuple(again.items()) if again else (),
        again_at=visit.request.url.path,
    )


def _same_page(visit: Visit, language: str) -> str:
    kept = {name: visit.request.query_params[name] for name in ("next",) if name in visit.request.query_params}
    return f"?{urlencode({'l': language, **kept})}"


@cache
def static_file(name: str) -> bytes:
    """Return one of the page's own files."""
    return files(_PACKAGE).joinpath("static", name).read_bytes()


@cache
def static_path(name: str) -> str:
    """Return the address of a file, which changes with its content: it may be kept for long."""
    return f"/static/{name}?v={hashlib.sha256(static_file(name)).hexdigest()[:12]}"


@cache
def environment() -> Environment:
    """Return what renders templates: every value is escaped, and one that is missing is a fault."""

    def load(name: str) -> str:
        return files(_PACKAGE).joinpath("templates", name).read_text(encoding="utf-8")

    return Environment(
        loader=FunctionLoader(load),
        autoescape=True,
        undefined=StrictUndefined,
        trim_blocks=True,
        lstrip_blocks=True,
    )
