"""Writes the pages: the map with its tables, the sign-in form, and what is said when something is missing."""

import base64
import hashlib
import re
from collections import Counter
from collections.abc import Mapping, Sequence
from functools import cache
from types import SimpleNamespace
from typing import Any, Final

from jinja2 import Environment, PackageLoader, StrictUndefined
from markupsafe import Markup

from services.maps.assets import SCRIPTS, STYLES, assets
from services.maps.drawing import map_script
from services.maps.filters import View, filters_by_name
from services.maps.layers import (
    AREA_COLOUR,
    PLACES_COLOURS,
    REFERRAL_COLOUR,
    area_rows,
    group_rows,
    provider_row,
    referral_rows,
)
from services.maps.model import Part, Picture
from services.maps.tables import TABLES
from services.maps.words import country_choices, language_choices, say, service_choices, words_in

LISTED_PROVIDERS: Final = 200  #: in the list below the tables; more would be no list any more
LANGUAGE_NAMES: Final = (("ar", "العربية"), ("fr", "Français"), ("en", "English"))
_URL_IN_STYLE: Final = re.compile(r"url\(([^)]*)\)")


@cache
def _environment() -> Environment:
    return Environment(loader=PackageLoader("services.maps"), autoescape=True, undefined=StrictUndefined)


def map_page(picture: Picture, view: View, names: Mapping[str, str]) -> str:
    """Write the page of a picture; its map comes with the script of the same query."""
    return _write(
        "map.html",
        view,
        **_tables(picture, view, names),
        query=view.query(),
        csv_links={name: f"/tables/{name}.csv?{view.query()}" for name in TABLES},
        service_choices=service_choices(view.language),
        language_choices=language_choices(view.language),
        country_choices=country_choices(view.language, view.filters.country),
        chosen=filters_by_name(view.filters),
        scripts=SCRIPTS,
        language_links=_language_links(view, "/"),
    )


def standalone_page(picture: Picture, view: View, names: Mapping[str, str]) -> str:
    """
    Write a page that is one file and asks nobody for anything, to be kept or sent.

    Its scripts are named by their digests in its own policy, so that nothing else runs in it.
    """
    scripts = [assets().text(name) for name in SCRIPTS] + [map_script(picture, view, names)]
    digests = " ".join(f"'sha256-{_digest(script)}'" for script in scripts)
    return _write(
        "standalone.html",
        view,
        **_tables(picture, view, names),
        csv_links=None,
        policy=f"default-src 'none'; script-src {digests}; style-src 'unsafe-inline'; img-src data:; base-uri 'none'",
        inline_styles=[Markup(_with_images(assets().text(name))) for name in STYLES],  # noqa: S704 -- our own files
        inline_scripts=[Markup(script) for script in scripts],  # noqa: S704 -- our own, and a script without "<"
    )


def sign_in_page(view: View, *, is_refused: bool = False) -> str:
    """Write the form for the one-time code; the view waits in its address."""
    return _write(
        "sign_in.html",
        view,
        query=view.query(),
        is_refused=is_refused,
        language_links=_language_links(view, "/sign-in"),
    )


def message_page(view: View, heading: str, lines: Sequence[str] = (), *, link_key: str = "to_map") -> str:
    """Write a page that says one thing and leads back to the map."""
    return _write(
        "message.html",
        view,
        heading=say(view.language, heading),
        lines=lines,
        link=f"/?{view.query()}",
        link_words=say(view.language, link_key),
    )


def missing_lines(picture: Picture, language: str) -> list[str]:
    """Say what could not be read, and why as a code."""
    return [f"{say(language, f'missing_{part}')} ({reason})" for part, reason in picture.missing.items()]


def _tables(picture: Picture, view: View, names: Mapping[str, str]) -> dict[str, Any]:
    language = view.language
    by_places = Counter(each.places for each in picture.providers)
    without_point = sum(each.point is None for each in picture.providers)
    shown = len(picture.providers)
    return {
        "groups": group_rows(picture, language, view.filters.group),
        "areas": area_rows(picture, names),
        "referrals": referral_rows(picture, names, language),
        "has_areas": Part.AREAS not in picture.missing,
        "has_referrals": Part.REFERRALS not in picture.missing,
        "is_suppressed": picture.is_suppressed,
        "is_cut": picture.is_cut,
        "missing_lines": missing_lines(picture, language),
        "places_key": [(colour, say(language, kind), by_places[kind]) for kind, colour in PLACES_COLOURS.items()],
        "area_colour": AREA_COLOUR,
        "referral_colour": REFERRAL_COLOUR,
        "shown": say(language, "shown", count=f"{shown:,}"),
        "without_point": say(language, "without_point", count=f"{without_point:,}") if without_point else "",
        "as_of": say(language, "as_of", time=f"{picture.as_of:%Y-%m-%d %H:%M}"),
        "listed": [provider_row(each, language) for each in picture.providers[:LISTED_PROVIDERS]],
        "list_cut": say(language, "list_cut", count=LISTED_PROVIDERS) if shown > LISTED_PROVIDERS else "",
    }


def _write(template: str, view: View, **values: Any) -> str:
    return (
        _environment()
        .get_template(template)
        .render(
            language=view.language,
            direction=view.direction,
            words=SimpleNamespace(**words_in(view.language)),  # a dict has names of its own
            styles=STYLES,
            digest=assets().digest,
            **values,
        )
    )


def _language_links(view: View, path: str) -> list[tuple[str, str, str]]:
    return [(tag, name, f"{path}?{view.query(lang=tag)}") for tag, name in LANGUAGE_NAMES]


def _digest(script: str) -> str:
    return base64.b64encode(hashlib.sha256(script.encode()).digest()).decode("ascii")


def _with_images(style: str) -> str:
    """Put the images of a style sheet into it."""

    def inline(found: re.Match[str]) -> str:
        content = assets().contents.get(found[1])
        encoded = base64.b64encode(content).decode("ascii") if content else ""
        return f"url(data:image/png;base64,{encoded})"

    return _URL_IN_STYLE.sub(inline, style)
