"""Render the duty page's screens."""

from typing import Any

from starlette.responses import HTMLResponse, Response

from services.notify.duty.parts import DutyParts, DutyVisit
from services.notify.pages.screens import environment, static_path
from services.notify.pages.words import LANGUAGES, RIGHT_TO_LEFT
from services.notify.secrecy import form_token


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
    language = visit.words.language
    return (
        environment()
        .get_template(template)
        .render(
            words=visit.words,
            language=language,
            direction="rtl" if language in RIGHT_TO_LEFT else "ltr",
            languages=[(each, name, f"?l={each}") for each, name in LANGUAGES.items()],
            static=static_path,
            is_enrolled=bool(visit.token),
            form=form_token(visit.token) if visit.token else "",
            press=parts.random_token(),
            coordinator=visit.coordinator,
            note=note,
            fault=fault,
            **values,
        )
    )
