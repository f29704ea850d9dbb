"""Keep what became of alerts in each channel: who takes an attempt on, what came of it, receipts."""

from collections.abc import Collection, Sequence
from datetime import datetime, timedelta
from typing import Final, LiteralString

from psycopg import AsyncCursor
from psycopg.rows import DictRow, dict_row

from services.notify.model import Attempt, Channel
from services.notify.ringing import LEASE
from services.notify.schedules import next_attempt
from services.notify.store import ladder, letters
from services.notify.store.receiving import receive
from services.notify.store.rows import ALERT_COLUMNS, NOTIFY, alert_from_row
from services.notify.store.sending import SENT, sent_rows
from services.runtime.postgres import Act, Connection, Pool, look, read, transaction, write

CLAIM = 50  #: deliveries that one process takes on at once
_DUE: Final = "SELECT 1 FROM delivery WHERE next_time <= %(now)s AND endpoint_id = '' LIMIT 1"
_DUE_AND_FREE: Final = """
    SELECT 1 FROM delivery JOIN endpoint USING (endpoint_id)
    WHERE next_time <= %(now)s AND (busy_until IS NULL OR busy_until <= %(now)s) LIMIT 1
"""
_ATTEMPT_COLUMNS = f"{ALERT_COLUMNS}, delivery.channel, delivery.endpoint_id, delivery.attempt_count, first_time"


class DeliveryStore:
    """Deliveries in PostgreSQL. Times come in as arguments."""

    def __init__(self, pool: Pool) -> None:
        self._pool = pool

    async def claim_due(self, now: datetime, limit: int = CLAIM) -> list[Attempt]:
        """
        Take on deliveries that are due and go to no endpoint: nobody else does until the lease ends.

        What happens to a claim whose process dies: it is due again after the lease.
        """
        if not await self._is_due(_DUE, now):
            return []
        async with transaction(self._pool, NOTIFY, Act(action="delivery.claim", object_kind="delivery")) as connection:
            claimed = await connection.cursor(row_factory=dict_row).execute(
                f"""
                WITH due AS (
                    SELECT alert_id, channel FROM delivery WHERE next_time <= %(now)s AND endpoint_id = ''
                    ORDER BY next_time LIMIT %(limit)s FOR UPDATE SKIP LOCKED
                )
                UPDATE delivery SET attempt_count = attempt_count + 1, next_time = %(lease_end)s
                FROM due JOIN alert USING (alert_id)
                WHERE delivery.alert_id = due.alert_id AND delivery.channel = due.channel AND endpoint_id = ''
                RETURNING {_ATTEMPT_COLUMNS}, false AS is_stopped
                """,  # noqa: S608 -- a constant of this file
                {"now": now, "limit": limit, "lease_end": now + LEASE},
            )
            return await _attempts(claimed)

    async def claim_endpoints(self, now: datetime, limit: int, channels: Collection[Channel]) -> list[Attempt]:
        """
        Take on one delivery of each endpoint that has any due and none in hand, in any replica.

        So a slow endpoint holds back its own queue and no other. One that is paused or
        ended is handed out too, marked as stopped, so that its deliveries are given up.
        """
        if not limit or not await self._is_due(_DUE_AND_FREE, now):
            return []
        async with transaction(self._pool, NOTIFY, Act(action="delivery.claim", object_kind="delivery")) as connection:
            claimed = await connection.cursor(row_factory=dict_row).execute(
                f"""
                WITH due AS (
                    SELECT DISTINCT ON (endpoint_id) endpoint_id, alert_id, channel, next_time FROM delivery
                    WHERE endpoint_id <> '' AND next_time <= %(now)s AND channel = ANY(%(channels)s)
                    ORDER BY endpoint_id, next_time
                ), lane AS (
                    SELECT endpoint_id, state FROM endpoint JOIN due USING (endpoint_id)
                    WHERE busy_until IS NULL OR busy_until <= %(now)s
                    ORDER BY due.next_time LIMIT %(limit)s FOR UPDATE OF endpoint SKIP LOCKED
                ), busy AS (
                    UPDATE endpoint SET busy_until = %(lease_end)s FROM lane
                    WHERE endpoint.endpoint_id = lane.endpoint_id
                )
                UPDATE delivery SET attempt_count = attempt_count + 1, next_time = %(lease_end)s
                FROM lane JOIN due USING (endpoint_id) JOIN alert USING (alert_id)
                WHERE delivery.alert_id = due.alert_id AND delivery.endpoint_id = due.endpoint_id
                  AND delivery.next_time <= %(now)s
                RETURNING {_ATTEMPT_COLUMNS}, lane.state <> 'active' AS is_stopped
                """,  # noqa: S608 -- a constant of this file
                {"now": now, "limit": limit, "lease_end": now + LEASE, "channels": list(channels)},
            )
            return await _attempts(claimed)

    async def mark_sent(self, attempts: Sequence[Attempt], now: datetime) -> None:
        """Note that attempts went out; where a receipt follows, each is repeated unless it comes in time."""
        await self.note_sent([(each, now) for each in attempts])

    async def note_sent(self, sent: Sequence[tuple[Attempt, datetime]]) -> None:
        """Note when each attempt went out; a receipt that was faster stands."""
        if not sent:
            return
        act = Act(action="delivery.send", object_kind="delivery")
        endpoints = [each for each, _ in sent if each.endpoint_id]
        if endpoints:
            async with transaction(self._pool, NOTIFY, act) as connection:
                await _free(connection, endpoints)
                await connection.execute("WITH " + SENT, sent_rows(sent))
        else:
            await write(self._pool, NOTIFY, act, SENT, sent_rows(sent))

    async def mark_confirmed(self, attempt: Attempt, now: datetime) -> None:
        """Note that the other side has said in its answer that it has the alert."""
        act = Act(action="delivery.confirm", object_kind="alert", object_id=attempt.alert.alert_id)
        async with transaction(self._pool, NOTIFY, act) as connection:
            await _free(connection, [attempt])
            await letters.log(connection, [attempt], now)
            await connection.execute(
                """
                UPDATE delivery SET state = 'delivered', sent_time = %s, delivered_time = %s, next_time = NULL,
                       last_code = NULL
                WHERE alert_id = %s AND channel = %s AND endpoint_id = %s AND attempt_count = %s
                  AND state IN ('pending', 'sent')
                """,
                [now, now, *_key(attempt)],
            )

    async def mark_failed(
        self,
        attempt: Attempt,
        code: str,
        now: datetime,
        *,
        permanent: bool,
        chance: float = 0.5,
        asked: timedelta | None = None,
    ) -> None:
        """
        Note that an attempt failed: it is tried again by its channel's schedule, or is given up.

        What is given up is a dead letter that a person must clear, and the next way's turn.

        Args:
            attempt: Which.

            code: Why, a constant of the channel.

            now: When.

            permanent: No later attempt can succeed.

            chance: A random number in [0, 1), so that no crowd comes back at once.

            asked: How long the other side asked us to stay away.
        """
        next_time = None
        if not permanent:
            first_time = attempt.first_time or attempt.alert.create_time
            next_time = next_attempt(attempt.channel, attempt.number, first_time, now, chance=chance, asked=asked)
        act = Act(action="delivery.fail", object_kind="alert", object_id=attempt.alert.alert_id, reason=code)
        async with transaction(self._pool, NOTIFY, act) as connection:
            await _free(connection, [attempt])
            alert = await ladder.lock(connection, attempt.alert.alert_id) if next_time is None else None
            await letters.log(connection, [attempt], now, code)
            failed = await connection.execute(
                """
                UPDATE delivery SET last_code = %s, next_time = %s, state = CASE WHEN %s THEN 'dead' ELSE state END
                WHERE alert_id = %s AND channel = %s AND endpoint_id = %s AND attempt_count = %s
                  AND state IN ('pending', 'sent')
                """,
                [code, next_time, next_time is None, *_key(attempt)],
            )
            if failed.rowcount and next_time is None:
                await letters.bury_delivery(connection, attempt, code, now)
                if alert is not None:
                    await ladder.give_up(connection, alert, now)

    async def receive(
        self, alert_ids: Sequence[str], receiver_id: str, channel: Channel, device_id: str | None, now: datetime
    ) -> int:
        """
        Note that a device has alerts.

        Args:
            alert_ids: Those that it names; another receiver's are passed over.

            receiver_id: Whose device it is.

            channel: By which it got them.

            device_id: Which it is; None for the receiver's one NATS account.

            now: The time of it.

        Returns:
            How many of them are this receiver's, those received before among them.
        """
        return len(await receive(self._pool, [(each, receiver_id) for each in alert_ids], channel, device_id, now))

    async def receive_all(self, said: Sequence[tuple[str, str]], now: datetime) -> set[tuple[str, str]]:
        """Note that receivers' NATS accounts have alerts, by ids of both; return those that are the receiver's."""
        return await receive(self._pool, said, Channel.NATS, None, now)

    async def add_missing(self, now: datetime) -> int:
        """Let alerts that ring go by ways that came to their receiver after they were made; say by how many."""
        async with read(self._pool) as connection:
            alert_ids = await ladder.ringing_without_way(connection)
        count = 0
        for alert_id in alert_ids:
            act = Act(action="delivery.add", object_kind="alert", object_id=alert_id)
            async with transaction(self._pool, NOTIFY, act) as connection:
                count += await ladder.begin_missing(connection, alert_id, now)
        return count

    async def _is_due(self, query: LiteralString, now: datetime) -> bool:
        # the usual case leaves no trace in the audit
        return bool(await look(self._pool, query, {"now": now}))


def _key(attempt: Attempt) -> tuple[str, Channel, str, int]:
    return attempt.alert.alert_id, attempt.channel, attempt.endpoint_id, attempt.number


async def _attempts(claimed: AsyncCursor[DictRow]) -> list[Attempt]:
    return [
        Attempt(
            alert=alert_from_row(row),
            channel=Channel(row["channel"]),
            number=row["attempt_count"],
            endpoint_id=row["endpoint_id"],
            first_time=row["first_time"],
            is_stopped=row["is_stopped"],
        )
        async for row in claimed
    ]


async def _free(connection: Connection, attempts: Sequence[Attempt]) -> None:
    # the first thing in a transaction: whoever claims locks the endpoint before its deliveries
    endpoints = [each.endpoint_id for each in attempts if each.endpoint_id]
    if endpoints:
        await connection.execute("UPDATE endpoint SET busy_until = NULL WHERE endpoint_id = ANY(%s)", [endpoints])
