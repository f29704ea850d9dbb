"""Confidential providers as counts by cell, before they are merged for anybody to see."""

from services.runtime.postgres import Connection


async def count_cells(connection: Connection, code: str) -> dict[str, int]:
    """Count the confidential providers in use by their own cells; `code` as in a search, empty for all."""
    cursor = await connection.execute(
        """
        SELECT h3_cell, count(*) FROM provider
        WHERE NOT archived AND disclosure = 'AREA' AND h3_cell IS NOT NULL
          AND status IN ('ACTIVE', 'PAUSED', 'DO_NOT_REFER')
          AND (%(code)s = '' OR codes @> ARRAY[%(code)s])
        GROUP BY h3_cell
        """,
        {"code": code},
    )
    return dict(await cursor.fetchall())
