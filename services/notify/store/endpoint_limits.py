"""Hold how many endpoints there may be of one receiver or system: each makes this house post to somewhere."""

from datetime import datetime, timedelta
from typing import Final

from services.errors import Exhausted
from services.notify.endpoint import Endpoint
from services.runtime.postgres import Connection

MAX_OPEN: Final = 20  #: of one receiver or system that are not ended
MAX_NEW: Final = 60  #: of one receiver or system that are registered within an hour
RETRY_AFTER_S: Final = 60.0


async def require_room(connection: Connection, endpoint: Endpoint, now: datetime) -> None:
    """
    Refuse one endpoint too many.

    Raises:
        Exhausted: whose it would be has `MAX_OPEN`, or has registered `MAX_NEW` within an hour (QUOTA).
    """
    cursor = await connection.execute(
        """
        SELECT count(*) FILTER (WHERE end_time IS NULL), count(*) FILTER (WHERE create_time > %s) FROM endpoint
        WHERE receiver_id = %s OR client_id = %s
        """,
        [now - timedelta(hours=1), endpoint.receiver_id or None, endpoint.client_id or None],
    )
    open_count, new_count = await cursor.fetchone() or (0, 0)
    if open_count >= MAX_OPEN:
        raise Exhausted(f"no more than {MAX_OPEN} endpoints may be open: end one first")
    if new_count >= MAX_NEW:
        raise Exhausted(f"no more than {MAX_NEW} endpoints may be registered an hour", retry_after_s=RETRY_AFTER_S)
