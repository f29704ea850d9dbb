"""Render the duty page's screens."""

from typing import Any

from starlette.responses import HTMLResponse, Response

from services.notify.duty.parts import DutyParts, DutyVisit
from services.notify.pages.screens import rendered


def show(
    visit: DutyVisit,
    parts: DutyParts,
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
    return HTMLResponse(render(visit, parts, template, note=note, fault=fault, **values), status_code=status)


def render(visit: DutyVisit, parts: DutyParts, template: str, *, note: str = "", fault: str = "", **values: Any) -> str:
    """Render a screen, or a part of one, as text."""
    return rendered(
        template,
        visit.words,
        visit.token,
        in_language="?l={}".format,
        press=parts.random_token(),
        coordinator=visit.coordinator,
        note=note,
        fault=fault,
        **values,
    )
