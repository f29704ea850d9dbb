"""Read what was done about alerts: every way, every attempt, and when silence led further. No address is here."""

from datetime import datetime

from psycopg.rows import dict_row

from services.notify.history import AlertLog, Escalated, LoggedAttempt
from services.notify.model import Channel
from services.notify.store.rows import ALERT_COLUMNS, alert_from_row, deliveries_of
from services.runtime.postgres import Connection, Pool, read


class LogStore:
    """The log of deliveries in PostgreSQL."""

    def __init__(self, pool: Pool) -> None:
        self._pool = pool

    async def list_page(
        self, *, receiver_id: str = "", offer_id: str = "", limit: int, after: tuple[datetime, str] | None
    ) -> list[AlertLog]:
        """
        List alerts of a receiver, of an offer, or of both, newest first.

        Args:
            receiver_id: Whose; empty: whosever.

            offer_id: Of which offer; empty: of any.

            limit: How many at most.

            after: Create time and id of the last one of the page before.
        """
        async with read(self._pool, snapshot=True) as connection:
            cursor = await connection.cursor(row_factory=dict_row).execute(
                f"""
                SELECT {ALERT_COLUMNS}, settled_time FROM alert
                WHERE (%(receiver_id)s::text IS NULL OR receiver_id = %(receiver_id)s)
                  AND (%(offer_id)s::text IS NULL OR offer_id = %(offer_id)s OR %(offer_id)s = ANY(offer_ids))
                  AND (%(time)s::timestamptz IS NULL OR (create_time, alert_id) < (%(time)s, %(id)s))
                ORDER BY create_time DESC, alert_id DESC LIMIT %(limit)s
                """,  # noqa: S608 -- a constant of this file
                {
                    "receiver_id": receiver_id or None,
                    "offer_id": offer_id or None,
                    "limit": limit,
                    "time": after[0] if after else None,
                    "id": after[1] if after else "",
                },
            )
            rows = await cursor.fetchall()
            alert_ids = [row["alert_id"] for row in rows]
            deliveries = await deliveries_of(connection, alert_ids)
            attempts = await _attempts(connection, alert_ids)
            escalations = await _escalations(connection, alert_ids)
        return [
            AlertLog(
                alert=alert_from_row(row),
                settled_time=row["settled_time"],
                deliveries=tuple(
                    (each, tuple(attempts.get((row["alert_id"], each.channel, each.endpoint_id), ())))
                    for each in deliveries.get(row["alert_id"], ())
                ),
                escalations=tuple(escalations.get(row["alert_id"], ())),
            )
            for row in rows
        ]


async def _attempts(
    connection: Connection, alert_ids: list[str]
) -> dict[tuple[str, Channel, str], list[LoggedAttempt]]:
    cursor = await connection.execute(
        """
        SELECT alert_id, channel, endpoint_id, attempt_no, attempt_time, code FROM attempt
        WHERE alert_id = ANY(%s) ORDER BY alert_id, channel, endpoint_id, attempt_no
        """,
        [alert_ids],
    )
    found: dict[tuple[str, Channel, str], list[LoggedAttempt]] = {}
    async for alert_id, channel, endpoint_id, number, time, code in cursor:
        key = (alert_id, Channel(channel), endpoint_id)
        found.setdefault(key, []).append(LoggedAttempt(number=number, time=time, code=code))
    return found


async def _escalations(connection: Connection, alert_ids: list[str]) -> dict[str, list[Escalated]]:
    cursor = await connection.execute(
        """
        SELECT alert_id, rung, create_time, way_count FROM escalation
        WHERE alert_id = ANY(%s) ORDER BY create_time, rung
        """,
        [alert_ids],
    )
    found: dict[str, list[Escalated]] = {}
    async for alert_id, rung, time, count in cursor:
        found.setdefault(alert_id, []).append(Escalated(rung=rung, create_time=time, way_count=count))
    return found
