"""Keep which browsers of those on duty are woken, and when each was woken last: of several replicas one wakes it."""

from collections.abc import Collection
from dataclasses import dataclass
from datetime import datetime
from typing import Any, Final, LiteralString

from services.notify.model import Channel
from services.notify.store.addresses import AddressSealer
from services.notify.store.duty_sessions import LIFE
from services.notify.store.rows import NOTIFY
from services.runtime.postgres import Act, Pool, read, transaction

_COLUMN: Final = "duty_push"
_OVER: Final = "WHERE duty_session.token_digest = duty_push.token_digest AND start_time <= %(live)s"
_DUE: Final = """
WHERE duty_session.token_digest = duty_push.token_digest AND start_time > %(live)s
  AND coordinator = ANY(%(coordinators)s) AND (rang_time IS NULL OR rang_time < %(since)s)
"""


@dataclass(frozen=True, slots=True, kw_only=True)
class Sleeper:
    """A browser whose turn it is to be woken."""

    token: bytes  #: digest of the session's
    coordinator: str
    address: str
    is_reached: bool  #: the push service took the last signal


class DutyPushStore:
    """
    Subscriptions of the duty page in PostgreSQL. Times come in as arguments.

    Args:
        pool: Of notify.

        sealer: Seals their addresses.
    """

    def __init__(self, pool: Pool, sealer: AddressSealer) -> None:
        self._pool = pool
        self._sealer = sealer

    async def subscribe(self, token: bytes, coordinator: str, address: str) -> None:
        """Let the browser of a session be woken; what the session, or the browser, had before is replaced."""
        values = {
            "token": token,
            "address": self._sealer.seal(token.hex(), _COLUMN, address.encode()),
            "digest": self._sealer.digest(Channel.PUSH, address),
        }
        async with transaction(self._pool, NOTIFY, _act("subscribe", coordinator)) as connection:
            await connection.execute(
                "DELETE FROM duty_push WHERE address_digest = %(digest)s OR token_digest = %(token)s", values
            )
            await connection.execute(
                """
                INSERT INTO duty_push (token_digest, sealed_address, address_digest)
                VALUES (%(token)s, %(address)s, %(digest)s) ON CONFLICT DO NOTHING
                """,
                values,
            )

    async def is_subscribed(self, token: bytes) -> bool:
        """Say whether the browser of a session is woken."""
        async with read(self._pool) as connection:
            found = await connection.execute("SELECT 1 FROM duty_push WHERE token_digest = %s", [token])
            return await found.fetchone() is not None

    async def unsubscribe(self, token: bytes, coordinator: str) -> None:
        """Let the browser of a session sleep."""
        async with transaction(self._pool, NOTIFY, _act("unsubscribe", coordinator)) as connection:
            await connection.execute("DELETE FROM duty_push WHERE token_digest = %s", [token])

    async def coordinators(self, now: datetime) -> frozenset[str]:
        """Name those of whom a browser is woken."""
        async with read(self._pool) as connection:
            found = await connection.execute(
                """
                SELECT DISTINCT coordinator FROM duty_push JOIN duty_session USING (token_digest)
                WHERE start_time > %s
                """,
                [now - LIFE],
            )
            return frozenset([row[0] async for row in found])

    async def claim(
        self, now: datetime, *, news: datetime, again: datetime, coordinators: Collection[str]
    ) -> list[Sleeper]:
        """
        Take on the browsers to wake: those not woken since something new began to ring, or for too long.

        Args:
            now: The time.

            news: When what rings last began to.

            again: Whoever was woken before this is woken once more.

            coordinators: Whose browsers.
        """
        values = {
            "now": now,
            "live": now - LIFE,
            "coordinators": list(coordinators),
            "since": max(min(news, now), again),  # whose clock is ahead wakes nobody without end
        }
        return await self._take("wake", _DUE, "UPDATE duty_push SET rang_time = %(now)s FROM duty_session", values)

    async def reached(self, sleeper: Sleeper) -> None:
        """Note that a browser is woken again that was not."""
        async with transaction(self._pool, NOTIFY, _act("reached", sleeper.coordinator)) as connection:
            await connection.execute("UPDATE duty_push SET is_reached = true WHERE token_digest = %s", [sleeper.token])

    async def retry(self, sleeper: Sleeper, rang_time: datetime) -> None:
        """Note that a browser was not woken: as if it had been at another time."""
        async with transaction(self._pool, NOTIFY, _act("retry", sleeper.coordinator)) as connection:
            await connection.execute(
                "UPDATE duty_push SET rang_time = %s, is_reached = false WHERE token_digest = %s",
                [rang_time, sleeper.token],
            )

    async def take_over(self, now: datetime) -> list[Sleeper]:
        """Let the browsers sleep whose session's time is over; each is returned once, by one replica."""
        return await self._take("over", _OVER, "DELETE FROM duty_push USING duty_session", {"live": now - LIFE})

    async def _take(
        self, what: str, which: LiteralString, change: LiteralString, values: dict[str, Any]
    ) -> list[Sleeper]:
        async with read(self._pool) as connection:  # most looks find nothing, and are in no audit
            found = await connection.execute(f"SELECT 1 FROM duty_push, duty_session {which} LIMIT 1", values)  # noqa: S608
            if await found.fetchone() is None:
                return []
        async with transaction(self._pool, NOTIFY, _act(what, "")) as connection:
            taken = await connection.execute(
                f"{change} {which} RETURNING duty_push.token_digest, coordinator, sealed_address, is_reached",
                values,
            )
            return [self._sleeper(*row) async for row in taken]

    def _sleeper(self, token: bytes, coordinator: str, sealed: bytes, is_reached: bool) -> Sleeper:  # noqa: FBT001 -- a row
        address = self._sealer.unseal(bytes(token).hex(), _COLUMN, bytes(sealed)).decode()
        return Sleeper(token=bytes(token), coordinator=coordinator, address=address, is_reached=is_reached)


def _act(what: str, coordinator: str) -> Act:
    return Act(action=f"duty_push.{what}", object_kind="duty_session", object_id=coordinator or None)
