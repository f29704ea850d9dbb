"""The outlines of service areas: kept beside the records that have them, found by a point."""

from collections.abc import Collection, Mapping
from dataclasses import replace
from typing import Any

import numpy as np

from services.directory.model import Service, ServiceAreas
from services.directory.search import Polygon
from services.directory.store.bodies import SERVICES
from services.directory.wire.areas_wire import outline_doc, outline_from_doc
from services.geo import Point
from services.runtime.postgres import Connection


async def keep_areas(connection: Connection, areas_by_owner: Mapping[str, ServiceAreas]) -> None:
    """Keep the outlines of providers or services instead of those that were kept of them."""
    if not areas_by_owner:
        return
    await connection.execute("DELETE FROM service_area WHERE owner_id = ANY(%s::uuid[])", [list(areas_by_owner)])
    rows: list[list[Any]] = []
    for owner_id, areas in areas_by_owner.items():
        outlines = [area.outline for area in areas if area.outline]
        parts = [
            (box, outline_doc(each)) for each in outlines for box in Polygon(each.exterior, each.interiors).boxes()
        ]
        for number, (box, doc) in enumerate(parts):
            bounds = f"({box.west_deg!r},{box.south_deg!r}),({box.east_deg!r},{box.north_deg!r})"
            rows.append([owner_id, number, bounds, doc])
    if rows:
        async with connection.cursor() as cursor:
            await cursor.executemany(
                "INSERT INTO service_area (owner_id, number, bounds, outline) VALUES (%s, %s, %s, %s)", rows
            )


async def owners_covering(connection: Connection, point: Point) -> list[str]:
    """List the providers and services with an outline of their own that holds a point, edges among it."""
    cursor = await connection.execute(
        "SELECT owner_id::text, outline FROM service_area WHERE bounds @> %s::point::box",
        [f"({point.longitude_deg!r},{point.latitude_deg!r})"],
    )
    latitude_deg, longitude_deg = np.array([point.latitude_deg]), np.array([point.longitude_deg])
    return [owner_id for owner_id, doc in await cursor.fetchall() if _polygon(doc).has(latitude_deg, longitude_deg)[0]]


async def forget_outlines(connection: Connection, service_ids: Collection[str]) -> None:
    """Leave services that have come to a confidential site their named regions alone."""
    for service_id in sorted(service_ids):
        stored = await SERVICES.hold(connection, service_id)
        if stored is None:
            continue
        service = SERVICES.noun.value(stored)
        if any(area.outline for area in service.service_areas):
            await SERVICES.save(connection, stored, without_outlines(service))
            await keep_areas(connection, {service_id: ()})


def without_outlines(service: Service) -> Service:
    """Leave of the areas of a service those that are named regions: it has a confidential site (R16)."""
    regions = tuple(area for area in service.service_areas if area.outline is None)
    return replace(service, service_areas=regions)


def _polygon(doc: bytes) -> Polygon:
    outline = outline_from_doc(doc)
    return Polygon(outline.exterior, outline.interiors)


async def has_outlines_at(connection: Connection, location_id: str) -> bool:
    """Say whether a service at a location tells by an outline where people are served."""
    cursor = await connection.execute(
        """
        SELECT EXISTS (
            SELECT FROM provider JOIN service_area ON owner_id = service_id WHERE location_id = %s AND NOT archived
        )
        """,
        [location_id],
    )
    return await cursor.fetchone() == (True,)


async def is_hidden(connection: Connection, service_id: str) -> bool:
    """Say whether a service has a confidential site."""
    cursor = await connection.execute(
        "SELECT EXISTS (SELECT FROM provider WHERE service_id = %s AND disclosure = 'AREA' AND NOT archived)",
        [service_id],
    )
    return await cursor.fetchone() == (True,)
