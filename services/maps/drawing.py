"""
Draws the layers with folium, and hands over the script alone.

Rules of this file: folium's own page is never used, because it loads from four
outside hosts; the page is `templates/map.html`. Only `GeoJson` with
`GeoJsonTooltip` and `GeoJsonPopup` on values that `layers` escaped, and
`FastMarkerCluster` on numbers with functions of `static/ihala.js`; never
`Popup(text)`, `Tooltip(text)` or `DivIcon(html)`. Names of layers are our own words.
"""

from collections.abc import Mapping, Sequence
from typing import Any, Final, cast

import folium
from branca.element import Figure, MacroElement
from folium.plugins import FastMarkerCluster
from folium.template import Template
from jinja2.utils import htmlsafe_json_dumps

from services.maps.filters import View
from services.maps.layers import (
    AREA_COLOUR,
    GROUP_COLOURS,
    OTHER_COLOUR,
    PLACES_COLOURS,
    REFERRAL_COLOUR,
    Feature,
    area_features,
    area_rows,
    bounds_of,
    group_of,
    provider_row,
    referral_features,
    referral_rows,
)
from services.maps.model import Picture, PlacesState
from services.maps.words import say

MAP_ID: Final = "map"  #: of the element that the page has for it
HOME: Final = ((20.0, -17.0), (37.5, 36.0))  #: what is shown where nothing is drawn: Mauritania to Egypt
LARGEST_ZOOM: Final = 16
PLACES_KINDS: Final = tuple(PlacesState)


class Outlines(MacroElement):
    """Country and region outlines from a file of their own that browsers keep."""

    def __init__(self) -> None:
        super().__init__()  # type: ignore[no-untyped-call]
        self._name = "Outlines"

    _template = Template(
        "{% macro script(this, kwargs) %}ihala.drawOutlines({{ this._parent.get_name() }});{% endmacro %}"
    )


class CellCounts(MacroElement):
    """A number on every cell; Leaflet shows one permanent tooltip a layer, so each cell gets its own."""

    _template = Template(
        "{% macro script(this, kwargs) %}ihala.countCells({{ this._parent.get_name() }});{% endmacro %}"
    )

    def __init__(self) -> None:
        super().__init__()  # type: ignore[no-untyped-call]
        self._name = "CellCounts"


class _Map(folium.Map):
    """A map whose name the page knows, with no tiles and nothing to load."""

    default_js: list[tuple[str, str]] = []  # noqa: RUF012 -- folium's own shape
    default_css: list[tuple[str, str]] = []  # noqa: RUF012 -- the same

    def get_name(self) -> str:
        return MAP_ID


class _Cluster(FastMarkerCluster):
    """Clusters without the plugin's own links."""

    default_js: list[tuple[str, str]] = []  # noqa: RUF012 -- folium's own shape
    default_css: list[tuple[str, str]] = []  # noqa: RUF012 -- the same


def map_script(picture: Picture, view: View, names: Mapping[str, str]) -> str:
    """
    Draw a picture.

    Args:
        picture: What to draw.

        view: The filters it was read with, and the language of its words.

        names: A name for the cell of every area.

    Returns:
        JavaScript that draws it into the element `MAP_ID`, after leaflet,
        markercluster, `outlines.js` and `ihala.js`. It holds no "<".
    """
    drawn = _Map(tiles=None, zoom_control="topleft", maxZoom=LARGEST_ZOOM, minZoom=2, zoomSnap=0.25, worldCopyJump=True)
    drawn.add_child(Outlines())
    _add_areas(drawn, picture, view, names)
    _add_referrals(drawn, picture, view, names)
    given = _add_providers(drawn, picture, view)
    corner = "topleft" if view.direction == "rtl" else "topright"
    folium.LayerControl(position=corner, collapsed=False).add_to(drawn)
    corners = bounds_of(picture)
    drawn.fit_bounds(
        [(each.latitude_deg, each.longitude_deg) for each in corners] if corners else HOME,
        padding=(24, 24),
        max_zoom=12,
    )
    figure = cast("Figure", drawn.get_root())
    figure.render()  # fills figure.script; its own page, with the header of links, is dropped
    return f"ihala.begin({htmlsafe_json_dumps(given)});\n{figure.script.render()}\nihala.end({MAP_ID});\n"


def _add_providers(drawn: _Map, picture: Picture, view: View) -> dict[str, Any]:
    """Add the providers twice, by service and by places, and return what their cards and colours say."""
    groups = [*GROUP_COLOURS, ""]
    placed = [each for each in picture.providers if each.point]
    by_service, by_places = [], []
    for index, each in enumerate(placed):
        if each.point is None:  # said to the type checker
            continue
        where = [each.point.latitude_deg, each.point.longitude_deg, index]
        group = group_of(each, view.filters.group)
        by_service.append([*where, groups.index(group) if group in groups else len(groups) - 1])
        by_places.append([*where, PLACES_KINDS.index(each.places)])
    for name, rows, kind, is_shown in (
        ("by_service", by_service, "service", True),
        ("by_places", by_places, "places", False),
    ):
        # a radio button each: one provider is never drawn twice
        layer = folium.FeatureGroup(name=say(view.language, name), overlay=False, show=is_shown).add_to(drawn)
        _Cluster(  # type: ignore[no-untyped-call]
            rows,
            callback=f"ihala.marker('{kind}')",
            icon_create_function=f"ihala.clusterIcon('{kind}')",
            max_cluster_radius=46,
            spider_legs_polyline_options={"weight": 1, "color": "#56778b"},
            show_coverage_on_hover=False,
            chunked_loading=False,
        ).add_to(layer)
    return {
        "cards": [provider_row(each, view.language) for each in placed],
        "colours": {
            "service": [GROUP_COLOURS.get(group, OTHER_COLOUR) for group in groups],
            "places": [PLACES_COLOURS[kind] for kind in PLACES_KINDS],
        },
        "words": {
            key: say(view.language, key) for key in ("reach", "phone", "places", "reported", "verified", "unsure")
        },
        "attribution": say(view.language, "outlines"),
    }


def _add_areas(drawn: _Map, picture: Picture, view: View, names: Mapping[str, str]) -> None:
    features = area_features(area_rows(picture, names), view.language)
    if not features:
        return
    layer = folium.GeoJson(
        _collection(features),
        name=say(view.language, "areas"),
        style_function=_cell,
        popup=folium.GeoJsonPopup(["name", "words"], labels=False, class_name="area-card"),
    ).add_to(drawn)
    layer.add_child(CellCounts())


def _add_referrals(drawn: _Map, picture: Picture, view: View, names: Mapping[str, str]) -> None:
    features = referral_features(referral_rows(picture, names, view.language), view.language)
    if not features:
        return
    folium.GeoJson(
        _collection(features),
        name=say(view.language, "referrals"),
        marker=folium.CircleMarker(radius=1, fill=True),
        style_function=_circle,
        popup=folium.GeoJsonPopup(["name", "total", "groups"], labels=False, class_name="area-card"),
    ).add_to(drawn)


def _cell(feature: Feature) -> dict[str, Any]:
    return {
        "color": AREA_COLOUR,
        "weight": 1.5,
        "fillColor": AREA_COLOUR,
        "fillOpacity": feature["properties"]["fill"],
    }


def _circle(feature: Feature) -> dict[str, Any]:
    return {
        "radius": feature["properties"]["radius"],
        "color": REFERRAL_COLOUR,
        "weight": 1.5,
        "fillColor": REFERRAL_COLOUR,
        "fillOpacity": 0.18,
    }


def _collection(features: Sequence[Feature]) -> dict[str, Any]:
    return {"type": "FeatureCollection", "features": list(features)}
