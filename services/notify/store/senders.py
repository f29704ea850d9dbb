"""Keep what senders are to be told, and how far their feeds were heard: both in one transaction."""

from collections.abc import Sequence
from datetime import datetime

from services.notify.history import FeedCursor, FeedPage
from services.notify.model import Channel
from services.notify.store import missed
from services.notify.store.rows import NOTIFY, add_delivery
from services.runtime.postgres import Act, Pool, read, transaction
from services.taxonomy import Urgency


class SenderStore:
    """Senders in PostgreSQL."""

    def __init__(self, pool: Pool) -> None:
        self._pool = pool

    async def with_endpoints(self) -> Sequence[str]:
        """List the senders that have an endpoint in use or paused: what happens meanwhile is not forgotten."""
        async with read(self._pool) as connection:
            cursor = await connection.execute(
                """
                SELECT DISTINCT client_id FROM endpoint
                WHERE client_id IS NOT NULL AND state IN ('active', 'paused') ORDER BY client_id
                """
            )
            return [row[0] async for row in cursor]

    async def cursor(self, client_id: str) -> FeedCursor | None:
        """Return how far a sender's feed was heard; None: not at all."""
        async with read(self._pool) as connection:
            found = await connection.execute(
                "SELECT epoch, revision FROM sender_feed WHERE client_id = %s", [client_id]
            )
            row = await found.fetchone()
        return FeedCursor(epoch=row[0], revision=row[1]) if row else None

    async def forget(self, client_id: str) -> None:
        """Begin with what comes: the feed is another one."""
        act = Act(action="sender.forget", object_kind="client", object_id=client_id)
        async with transaction(self._pool, NOTIFY, act) as connection:
            await connection.execute("DELETE FROM sender_feed WHERE client_id = %s", [client_id])

    async def hear(self, client_id: str, page: FeedPage, now: datetime) -> int:
        """
        Let each event that is new go to each endpoint that the sender has in use.

        One that is paused is told of the latest of them once it is resumed. Replicas may
        hear the same page: an event is told once, by its id.

        Returns:
            How many deliveries were begun.
        """
        act = Act(action="sender.hear", object_kind="client", object_id=client_id)
        async with transaction(self._pool, NOTIFY, act) as connection:
            await connection.execute(
                """
                INSERT INTO sender_feed (client_id, epoch, revision) VALUES (%(client)s, %(epoch)s, %(revision)s)
                ON CONFLICT (client_id) DO UPDATE SET epoch = excluded.epoch, revision = excluded.revision
                WHERE sender_feed.epoch <> excluded.epoch OR sender_feed.revision < excluded.revision
                """,
                {"client": client_id, "epoch": page.cursor.epoch, "revision": page.cursor.revision},
            )
            found = await connection.execute(
                """
                SELECT endpoint_id, channel, state FROM endpoint
                WHERE client_id = %s AND state IN ('active', 'paused')
                """,
                [client_id],
            )
            rows = await found.fetchall()
            endpoints = [(row[0], Channel(row[1])) for row in rows if row[2] == "active"]
            if page.events and len(endpoints) < len(rows):
                await missed.note_paused(connection, client_id, *max(page.events, key=lambda event: event[1]))
            count = 0
            for event_id, revision in page.events if endpoints else ():
                # rings for nobody: it is settled from the start, and only its deliveries are open
                taken = await connection.execute(
                    """
                    INSERT INTO alert (alert_id, client_id, revision, urgency, create_time, settled_time)
                    VALUES (%s, %s, %s, %s, %s, %s) ON CONFLICT DO NOTHING
                    """,
                    [event_id, client_id, revision, Urgency.NORMAL, now, now],
                )
                for endpoint_id, channel in endpoints if taken.rowcount else ():
                    await add_delivery(connection, event_id, channel, now, endpoint_id=endpoint_id)
                    count += 1
        return count
