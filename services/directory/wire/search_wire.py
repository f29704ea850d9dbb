"""Searches and counts of areas on the wire."""

import math
from collections.abc import Mapping, Sequence
from typing import Final

import h3

from ihala.directory.v1 import directory_service_pb2 as service_pb
from ihala.geo.v1 import geo_pb2
from services.directory.model import Found, inside, language_tag, refuse
from services.directory.model.checks import check_codes, check_country, check_dataset
from services.directory.search import Area, BoxArea, Circle, Conditions, Polygon, asked_code, asked_words
from services.directory.search.counts import merged
from services.directory.wire.areas_wire import outline_from_wire
from services.directory.wire.nouns_wire import PROVIDER
from services.directory.wire.places_wire import point_from_wire, reach_to_wire
from services.directory.wire.requests_wire import fitting, page_position, page_token_for, refuse_unknown
from services.directory.wire.values_wire import time_from_wire
from services.directory.wire.words_wire import DELIVERY, STATUS
from services.errors import NotFound
from services.geo import Point, is_cell
from services.taxonomy import Kind
from services.towns import TownList

FARTHEST_M: Final = 20_003_932
MAX_CODES: Final = 50


def conditions_of(request: service_pb.SearchProvidersRequest, towns: TownList) -> Conditions:
    """
    Read what to look for.

    Raises:
        InvalidInput: a condition breaks a rule, or is one that this server does not know.
    """
    refuse_unknown(request)
    origin = inside("origin", lambda each: _origin(each, towns), request.origin) if request.HasField("origin") else None
    if len(request.codes) > MAX_CODES:
        raise refuse("codes", f"must have at most {MAX_CODES} entries")
    if request.dataset:
        check_dataset("dataset", request.dataset)
    if request.country_code:
        check_country("country_code", request.country_code)
    return Conditions(
        origin=origin,
        area=inside("area", _area, request.area) if request.HasField("area") else None,
        max_cost_mm=_max_cost_mm(request, origin),
        codes=tuple(asked_code(f"codes[{index}]", code) for index, code in enumerate(request.codes)),
        words=asked_words(request.text),
        language=language_tag(request.language) if request.language else "",
        statuses=tuple(STATUS.read(f"statuses[{index}]", each) for index, each in enumerate(request.statuses)),
        dataset=request.dataset,
        country_code=request.country_code,
        places_free=request.places_free,
        open_at_time=time_from_wire("open_at_time", request.open_at_time) if request.HasField("open_at_time") else None,
        covers=inside("covers", point_from_wire, request.covers) if request.HasField("covers") else None,
        deliveries=tuple(DELIVERY.read(f"deliveries[{index}]", each) for index, each in enumerate(request.deliveries)),
        staff_genders=_genders(request.staff_genders),
        by_relevance=_by_relevance(request),
    )


def _genders(codes: Sequence[str]) -> tuple[str, ...]:
    check_codes("staff_genders", Kind.GENDER, codes)
    return tuple(codes)


def _by_relevance(request: service_pb.SearchProvidersRequest) -> bool:
    if request.order not in service_pb.SearchOrder.values():
        raise refuse("order", "must be a SearchOrder")
    by_relevance = bool(request.order == service_pb.SEARCH_ORDER_RELEVANCE)
    if by_relevance and not request.text:
        raise refuse("order", "must not be relevance without a text")
    return by_relevance


def search_position(request: service_pb.SearchProvidersRequest) -> tuple[int, str] | None:
    """Read where the page before ended: what rows are ordered by, and id."""
    position = page_position(request, (int, str))
    return None if position is None else (position[0], position[1])


def found_page(
    request: service_pb.SearchProvidersRequest, found: Sequence[Found], size: int
) -> service_pb.SearchProvidersResponse:
    """
    Write a page of what was found.

    Args:
        request: The request.

        found: The records in their order, at most one more than fits.

        size: How many fit; fewer are shown if they are very large.
    """
    count = fitting((each.stored.doc for each in found), size)
    token = ""
    if len(found) > count:
        last = found[count - 1]
        token = page_token_for(request, [last.rank, last.stored.record_id])
    rows = [
        service_pb.FoundProvider(
            provider=PROVIDER.shown(each.stored), reach=None if each.cost_mm is None else reach_to_wire(each.cost_mm)
        )
        for each in found[:count]
    ]
    return service_pb.SearchProvidersResponse(found=rows, next_page_token=token)


def asked_area_code(request: service_pb.CountAreasRequest) -> str:
    """Read which service to count; empty for all."""
    refuse_unknown(request)
    return asked_code("code", request.code) if request.code else ""


def area_counts(count_by_cell: Mapping[str, int]) -> service_pb.CountAreasResponse:
    """Merge counts until none points at a site, and write them."""
    return service_pb.CountAreasResponse(
        counts=[service_pb.AreaCount(h3_cell=cell, provider_count=count) for cell, count in merged(count_by_cell)]
    )


def _origin(origin: geo_pb2.Origin, towns: TownList) -> Point:
    """Read where to measure from: public providers are points, so a cell stands for its centre."""
    match origin.WhichOneof("origin"):
        case "point":
            return inside("point", point_from_wire, origin.point)
        case "h3_cell":
            if not is_cell(origin.h3_cell):
                raise refuse("h3_cell", "must be an H3 cell")
            return Point(*h3.cell_to_latlng(origin.h3_cell))
        case "place_id":
            try:
                return towns.get(origin.place_id).point
            except NotFound:
                raise refuse("place_id", "must be a place id of ResolvePlace") from None
        case _:
            raise refuse("origin", "must be a point, a cell or a place id")


def _max_cost_mm(request: service_pb.SearchProvidersRequest, origin: Point | None) -> int | None:
    if not request.HasField("max_distance_m"):
        return None
    if origin is None:
        raise refuse("max_distance_m", "must come with an origin")
    if not 0 < request.max_distance_m <= FARTHEST_M:
        raise refuse("max_distance_m", f"must be in (0, {FARTHEST_M}]")
    return math.floor(request.max_distance_m * 1000)


def _area(area: geo_pb2.Area) -> Area:
    match area.WhichOneof("area"):
        case "circle":
            return inside("circle", _circle, area.circle)
        case "box":
            return inside("box", _box, area.box)
        case "polygon":
            return inside("polygon", _polygon, area.polygon)
        case _:
            raise refuse("area", "must be a circle, a box or a polygon")


def _circle(circle: geo_pb2.Circle) -> Area:
    return Circle(inside("center", point_from_wire, circle.center), circle.radius_m)


def _box(box: geo_pb2.Box) -> Area:
    return BoxArea(south_deg=box.south_deg, west_deg=box.west_deg, north_deg=box.north_deg, east_deg=box.east_deg)


def _polygon(polygon: geo_pb2.Polygon) -> Area:
    outline = outline_from_wire(polygon)
    return Polygon(outline.exterior, outline.interiors)
