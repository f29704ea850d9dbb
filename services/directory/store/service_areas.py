"""The outlines of service areas: kept beside the records that have them, found by a point."""

from collections.abc import Collection, Mapping
from typing import Any

import numpy as np
from psycopg.rows import class_row

from services.directory.model import Service, ServiceAreas, Stored
from services.directory.search import Polygon
from services.directory.store.bodies import SERVICES
from services.directory.store.requests import forget
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


async def hide_services(connection: Connection, service_ids: Collection[str]) -> list[str]:
    """Leave services of a confidential site neither outlines nor contacts; return those whose areas changed."""
    changed = []
    for service_id in sorted(service_ids):
        stored = await SERVICES.hold(connection, service_id)
        if stored is None:
            continue
        service = SERVICES.noun.value(stored)
        hidden = service.hiding()
        if hidden != service:
            await SERVICES.save(connection, stored, hidden)
            await keep_areas(connection, {service_id: ()})
            await forget(connection, [service_id])  # answers have what it told before
            if hidden.service_areas != service.service_areas:
                changed.append(service_id)
    return changed


def _polygon(doc: bytes) -> Polygon:
    outline = outline_from_doc(doc)
    return Polygon(outline.exterior, outline.interiors)


async def services_at(connection: Connection, location_id: str) -> dict[str, Service]:
    """Read the services that are offered at a location, by id."""
    async with connection.cursor(row_factory=class_row(Stored)) as cursor:
        await cursor.execute(
            """
            SELECT service_id::text AS record_id, revision, archived, doc FROM service WHERE service_id IN (
                SELECT service_id FROM provider WHERE location_id = %s AND NOT archived
            )
            """,
            [location_id],
        )
        return {stored.record_id: SERVICES.noun.value(stored) for stored in await cursor.fetchall()}


async def is_hidden(connection: Connection, service_id: str) -> bool:
    """Say whether a service has a confidential site."""
    cursor = await connection.execute(
        "SELECT EXISTS (SELECT FROM provider WHERE service_id = %s AND disclosure = 'AREA' AND NOT archived)",
        [service_id],
    )
    return await cursor.fetchone() == (True,)
