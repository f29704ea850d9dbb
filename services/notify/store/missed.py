"""
What an endpoint was not told of while it was paused, and what it is told once it is in use again.

A desk is told of what still rings; what has passed meanwhile needs nobody any more. A
sender is told of the latest event of its feed, once: reading from where it stopped, it
reads all that came before. So nothing is lost, and nobody is flooded.
"""

from datetime import datetime

from services.notify.model import Channel
from services.notify.store import ladder
from services.notify.store.rows import add_delivery
from services.runtime.postgres import Connection
from services.taxonomy import Urgency


async def note_paused(connection: Connection, client_id: str, event_id: str, revision: int) -> None:
    """Note for all paused endpoints of a sender that an event of its feed has passed them."""
    await connection.execute(
        """
        UPDATE endpoint SET missed_event_id = %s, missed_revision = %s
        WHERE client_id = %s AND state = 'paused'
        """,
        [event_id, revision, client_id],
    )


async def note_given_up(connection: Connection, endpoint_id: str, event_id: str, revision: int) -> None:
    """Note that an endpoint of a sender could not be told of an event: it may be paused for that very reason."""
    await connection.execute(
        """
        UPDATE endpoint SET missed_event_id = %(event_id)s, missed_revision = %(revision)s
        WHERE endpoint_id = %(endpoint_id)s AND coalesce(missed_revision, 0) < %(revision)s
        """,
        {"event_id": event_id, "revision": revision, "endpoint_id": endpoint_id},
    )


async def tell(connection: Connection, endpoint_id: str, now: datetime) -> None:
    """Tell an endpoint that has come into use, or has come back, of what it must know; one that has not, of nothing."""
    cursor = await connection.execute(
        """
        SELECT coalesce(receiver_id, ''), coalesce(client_id, ''), channel, missed_event_id, missed_revision
        FROM endpoint WHERE endpoint_id = %s AND state = 'active'
        """,
        [endpoint_id],
    )
    row = await cursor.fetchone()
    if row is None:
        return
    receiver_id, client_id, channel, event_id, revision = row
    if receiver_id:
        await _tell_what_rings(connection, receiver_id, endpoint_id, now)
    elif event_id is not None:
        await connection.execute(
            """
            INSERT INTO alert (alert_id, client_id, revision, urgency, create_time, settled_time)
            VALUES (%s, %s, %s, %s, %s, %s) ON CONFLICT DO NOTHING
            """,
            [event_id, client_id, revision, Urgency.NORMAL, now, now],
        )
        await add_delivery(connection, event_id, Channel(channel), now, endpoint_id=endpoint_id)
        await connection.execute(
            "UPDATE endpoint SET missed_event_id = NULL, missed_revision = NULL WHERE endpoint_id = %s", [endpoint_id]
        )


async def _tell_what_rings(connection: Connection, receiver_id: str, endpoint_id: str, now: datetime) -> None:
    cursor = await connection.execute(
        "SELECT alert_id FROM alert WHERE receiver_id = %s AND settled_time IS NULL ORDER BY alert_id", [receiver_id]
    )
    for (alert_id,) in await cursor.fetchall():
        await ladder.begin_missing(connection, alert_id, now)  # locks the alert, and begins what was never begun
        await connection.execute(
            """
            UPDATE delivery SET state = 'pending', next_time = %(now)s, first_time = %(now)s
            WHERE alert_id = %(alert_id)s AND endpoint_id = %(endpoint_id)s AND state = 'dead'
              AND EXISTS (SELECT FROM alert WHERE alert.alert_id = delivery.alert_id AND settled_time IS NULL)
            """,
            {"now": now, "alert_id": alert_id, "endpoint_id": endpoint_id},
        )
