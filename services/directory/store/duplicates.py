"""Public providers that stand near each other under similar names: perhaps one that was entered twice."""

import math
from typing import Any, Final

from services.directory.model import Stored
from services.directory.wire.life_wire import Alike, Pair
from services.geo import Point, distance_m
from services.runtime.postgres import Connection

LOOKED_AT: Final = 500  #: records of a page, whether they have a double or not
MOST_BESIDE: Final = 50  #: neighbours of one record that are compared
_DEG_M: Final = 110_574.0  #: the shortest degree of latitude


async def pairs(connection: Connection, alike: Alike, after_id: str | None, limit: int) -> tuple[list[Pair], str]:
    """
    Look at some records in the order of their ids, and list those that may be there twice.

    Returns:
        Pairs, the first with the smaller id, about `limit` of them; and the id
        after which to go on, empty at the end.
    """
    found: list[Pair] = []
    cursor = await connection.execute(
        """
        SELECT provider_id::text, position[1], position[0] FROM provider
        WHERE NOT archived AND disclosure = 'PUBLIC' AND status <> 'CLOSED' AND position IS NOT NULL
        AND (%(after_id)s::uuid IS NULL OR provider_id > %(after_id)s::uuid)
        ORDER BY provider.provider_id LIMIT %(limit)s
        """,
        {"after_id": after_id, "limit": LOOKED_AT},
    )
    rows = await cursor.fetchall()
    for provider_id, latitude_deg, longitude_deg in rows:
        found += await _beside(connection, alike, provider_id, Point(latitude_deg, longitude_deg))
        if len(found) >= limit:
            return found, provider_id
    return found, rows[-1][0] if len(rows) == LOOKED_AT else ""


async def _beside(connection: Connection, alike: Alike, provider_id: str, point: Point) -> list[Pair]:
    height_deg = alike.apart_m / _DEG_M
    width_deg = min(180.0, height_deg / max(1e-6, math.cos(math.radians(point.latitude_deg)) * 0.99))
    cursor = await connection.execute(
        """
        SELECT other.provider_id::text, other.position[1], other.position[0],
            tsvector_to_array(one.words), tsvector_to_array(other.words),
            one.revision, one.doc, one.create_time, one.update_time,
            other.revision, other.doc, other.create_time, other.update_time
        FROM provider AS one JOIN provider AS other ON other.provider_id > one.provider_id
        WHERE one.provider_id = %(provider_id)s AND NOT other.archived AND other.disclosure = 'PUBLIC'
        AND other.status <> 'CLOSED' AND other.position <@ %(bounds)s::box
        AND other.location_id <> one.location_id
        AND (%(dataset)s = '' OR %(dataset)s IN (one.dataset, other.dataset))
        ORDER BY other.provider_id LIMIT %(limit)s
        """,
        {
            "provider_id": provider_id,
            "bounds": f"({point.longitude_deg + width_deg!r},{point.latitude_deg + height_deg!r}),"
            f"({point.longitude_deg - width_deg!r},{point.latitude_deg - height_deg!r})",
            "dataset": alike.dataset,
            "limit": MOST_BESIDE,
        },
    )
    found = []
    for other_id, latitude_deg, longitude_deg, words, other_words, *rest in await cursor.fetchall():
        apart_m = distance_m(point, Point(latitude_deg, longitude_deg))
        likeness = likeness_of(set(words), set(other_words))
        if apart_m <= alike.apart_m and likeness >= alike.likeness:
            found.append(Pair(_stored(provider_id, *rest[:4]), _stored(other_id, *rest[4:]), apart_m, likeness))
    return found


def likeness_of(words: set[str], other_words: set[str]) -> float:
    """Compare names by their words: those in common over those of either; nothing is like no words."""
    return len(words & other_words) / len(words | other_words) if words and other_words else 0.0


def _stored(record_id: str, revision: int, doc: bytes, create_time: Any, update_time: Any) -> Stored:
    return Stored(record_id=record_id, revision=revision, doc=doc, create_time=create_time, update_time=update_time)
