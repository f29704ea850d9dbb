"""Places by pool and population, and what is claimed of them."""

from collections.abc import Collection, Mapping, Sequence

from services.referrals import holds
from services.referrals.model import Place, PlaceKey
from services.referrals.store.rows import PLACE
from services.referrals.store.together import Together
from services.runtime.postgres import Connection


async def lock(connection: Connection, keys: Collection[PlaceKey]) -> holds.Places:
    """Lock those of the places that are known, in the order of their keys, and return them."""
    if not keys:
        return {}
    rows = await PLACE.select(
        connection,
        """
        WHERE (pool_id, population) IN (SELECT * FROM unnest(%(pool_ids)s::text[], %(populations)s::text[]))
        ORDER BY pool_id, population FOR UPDATE
        """,
        {"pool_ids": [key.pool_id for key in keys], "populations": [key.population for key in keys]},
    )
    return {place.key: place for place in rows}


def save(together: Together, places: Sequence[Place]) -> None:
    """Write what is claimed of places, and what a provider said meanwhile, that this transaction has locked."""
    if places:
        together.add(
            f"""
            UPDATE place SET occupied = changed.occupied, held = changed.held, booked = changed.booked
            FROM {PLACE.rows} AS changed
            WHERE place.pool_id = changed.pool_id AND place.population = changed.population
            """,  # noqa: S608
            place=PLACE.document(places),
        )


async def taken(connection: Connection) -> Mapping[PlaceKey, tuple[int, int]]:
    """List the places that are held or booked: counts of both by key."""
    cursor = await connection.execute(
        "SELECT pool_id, population, held, booked FROM place WHERE held <> 0 OR booked <> 0"
    )
    return {PlaceKey(row[0], row[1]): (row[2], row[3]) for row in await cursor.fetchall()}
