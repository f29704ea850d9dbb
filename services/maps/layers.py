"""
Turns a picture into what is drawn and what is tabled: the same numbers in both.

Rule of this file: every text in a GeoJSON property goes through `_escaped`, because
the browser writes those as HTML, and because branca takes what a layer rendered for
a Jinja template and renders it again: `{{ … }}` in a name would run here, on the
server. The rows of providers never pass through folium; `static/ihala.js` writes
them as text, and they stay as they are.
"""

import math
from collections import defaultdict
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from html import escape
from typing import Any, Final

from services.geo import Point, centre_of
from services.maps.cells import outline_of, resolution_of
from services.maps.model import LEAST_COUNT, Picture, PlacesState, PublicProvider
from services.maps.words import say, service_label, service_labels

#: one calm colour a group, apart from its neighbours in the legend and from the water
GROUP_COLOURS: Final[Mapping[str, str]] = {
    "ACC": "#3b5ba5",
    "HEA": "#c2523c",
    "PSY": "#d98c3f",
    "LEG": "#6d8b35",
    "PRO": "#1f9488",
    "LNG": "#8e6bbf",
    "BAS": "#a9822a",
    "TRN": "#56778b",
    "FAM": "#cf658d",
    "REC": "#469a5b",
    "RET": "#7d6a5c",
    "RES": "#2d83bd",
    "STF": "#4c545c",
    "EDU": "#a3497e",
    "VOC": "#5d7f4f",
    "EMP": "#9a5a3c",
}
OTHER_COLOUR: Final = "#8b949c"
PLACES_COLOURS: Final[Mapping[PlacesState, str]] = {
    PlacesState.FREE: "#2a9458",
    PlacesState.FULL: "#c2523c",
    PlacesState.NOT_COUNTED: "#8b949c",
}
AREA_COLOUR: Final = "#6b4c9a"
REFERRAL_COLOUR: Final = "#0f6cab"
LARGEST_RADIUS_PX: Final = 34.0
SMALLEST_RADIUS_PX: Final = 7.0

Feature = dict[str, Any]

_TEMPLATE_SIGNS: Final = str.maketrans({each: f"&#{ord(each)};" for each in "{}`$\\"})


@dataclass(frozen=True, slots=True, kw_only=True)
class GroupRow:
    """The providers of one group of services."""

    group: str  #: empty for providers that are not said to offer anything
    label: str
    colour: str
    provider_count: int
    with_free_count: int
    free_places: int  #: places of providers that count any


@dataclass(frozen=True, slots=True, kw_only=True)
class AreaRow:
    """The confidential sites of one area."""

    h3_cell: str
    name: str
    provider_count: int


@dataclass(frozen=True, slots=True, kw_only=True)
class ReferralRow:
    """The offers to one area for one group."""

    h3_cell: str
    name: str
    group: str
    label: str
    offer_count: int
    accepted_count: int | None


def group_of(provider: PublicProvider, chosen_group: str) -> str:
    """Choose the group that a provider is drawn as: the one that was filtered for, else its first."""
    if chosen_group in provider.groups:
        return chosen_group
    return provider.groups[0] if provider.groups else ""


def group_rows(picture: Picture, language: str, chosen_group: str = "") -> list[GroupRow]:
    """Count the providers of each group, in the order of the vocabulary; several groups count in each."""
    by_group: dict[str, list[PublicProvider]] = defaultdict(list)
    for provider in picture.providers:
        for group in provider.groups or ("",):
            if not chosen_group or group in {chosen_group, ""}:
                by_group[group].append(provider)
    order = {code: number for number, code in enumerate(GROUP_COLOURS)}
    return [
        GroupRow(
            group=group,
            label=service_label(group, language) if group else say(language, "no_service"),
            colour=GROUP_COLOURS.get(group, OTHER_COLOUR),
            provider_count=len(providers),
            with_free_count=sum(each.places is PlacesState.FREE for each in providers),
            free_places=sum(each.free_places or 0 for each in providers),
        )
        for group, providers in sorted(by_group.items(), key=lambda pair: (order.get(pair[0], len(order)), pair[0]))
    ]


def area_rows(picture: Picture, names: Mapping[str, str]) -> list[AreaRow]:
    """List the counts of confidential sites, largest first, ties by cell."""
    rows = [
        AreaRow(h3_cell=each.h3_cell, name=names[each.h3_cell], provider_count=each.provider_count)
        for each in picture.areas
    ]
    return sorted(rows, key=lambda row: (-row.provider_count, row.h3_cell))


def referral_rows(picture: Picture, names: Mapping[str, str], language: str) -> list[ReferralRow]:
    """List the counts of offers, largest first, ties by cell and group."""
    rows = [
        ReferralRow(
            h3_cell=each.h3_cell,
            name=names[each.h3_cell],
            group=each.group,
            label=service_label(each.group, language),
            offer_count=each.offer_count,
            accepted_count=each.accepted_count,
        )
        for each in picture.referrals
    ]
    return sorted(rows, key=lambda row: (-row.offer_count, row.h3_cell, row.group))


def provider_row(provider: PublicProvider, language: str) -> dict[str, Any]:
    """Say what a card or a line of the list tells of a provider; plain text, to be written as text."""
    places = say(language, provider.places.value)
    if provider.places is PlacesState.FREE:
        places = f"{places}: {provider.free_places}"
    return {
        "name": provider.name_in(language) or say(language, "no_name"),
        "services": service_labels(provider.codes, language),
        "unsure": service_labels(provider.unsure_codes, language),
        "places": places,
        "reported": f"{provider.report_time:%Y-%m-%d}" if provider.report_time else "",
        "reach": say(language, f"reach_{provider.reach_out}"),
        "phone": provider.phone,
        "verified": f"{provider.verified_time:%Y-%m-%d}" if provider.verified_time else say(language, "never_verified"),
    }


#: how strongly a cell is filled, by its resolution: a cell of a continent's size must not hide the map below it
_FILL: Final = (0.04, 0.08, 0.18, 0.28)


def area_features(rows: Sequence[AreaRow], language: str) -> list[Feature]:
    """Draw the areas of confidential sites: whole cells, never a mark inside one."""
    return [
        {
            "type": "Feature",
            "id": row.h3_cell,
            "geometry": {"type": "Polygon", "coordinates": [outline_of(row.h3_cell)]},
            "properties": {
                "count": str(row.provider_count),
                "fill": _FILL[min(resolution_of(row.h3_cell), len(_FILL) - 1)],
                "name": _escaped(row.name),
                "words": _escaped(f"{say(language, 'confidential_sites')}: {row.provider_count}"),
            },
        }
        for row in rows
    ]


def referral_features(rows: Sequence[ReferralRow], language: str) -> list[Feature]:
    """Draw one circle an area in the middle of its cell, its surface in proportion to the offers."""
    by_cell: dict[str, list[ReferralRow]] = defaultdict(list)
    for row in rows:
        by_cell[row.h3_cell].append(row)
    totals = {cell: sum(row.offer_count for row in listed) for cell, listed in by_cell.items()}
    largest = max(totals.values(), default=LEAST_COUNT)
    features = []
    for cell, total in sorted(totals.items(), key=lambda pair: (-pair[1], pair[0])):  # small circles above large ones
        centre = centre_of(cell)
        listed = by_cell[cell]
        radius_px = max(SMALLEST_RADIUS_PX, LARGEST_RADIUS_PX * math.sqrt(total / largest))
        features.append(
            {
                "type": "Feature",
                "id": cell,
                "geometry": {"type": "Point", "coordinates": [centre.longitude_deg, centre.latitude_deg]},
                "properties": {
                    "radius": round(radius_px, 1),
                    "name": _escaped(listed[0].name),
                    "total": _escaped(f"{say(language, 'offers')}: {total}"),
                    "groups": _escaped("; ".join(f"{row.label} {row.offer_count}" for row in listed)),
                },
            }
        )
    return features


def bounds_of(picture: Picture) -> tuple[Point, Point] | None:
    """Return the south-west and north-east corners of everything drawn; None if that is nothing."""
    points = [each.point for each in picture.providers if each.point]
    corners = [(each.latitude_deg, each.longitude_deg) for each in points]
    corners += [(latitude, longitude) for cell in picture.h3_cells for longitude, latitude in outline_of(cell)]
    if not corners:
        return None
    latitudes = [latitude for latitude, _ in corners]
    longitudes = [min(180.0, longitude) for _, longitude in corners]  # a cell across the antimeridian runs on
    return Point(min(latitudes), min(longitudes)), Point(max(latitudes), max(longitudes))


def _escaped(text: str) -> str:
    return escape(text, quote=True).translate(_TEMPLATE_SIGNS)
