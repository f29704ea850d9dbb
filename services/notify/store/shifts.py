"""Keep who may read at a device: its cookie, its PIN, and how long the PIN holds."""

import hmac
from dataclasses import dataclass
from datetime import datetime, timedelta
from enum import StrEnum

from psycopg.rows import class_row

from services.notify.model import PageDevice
from services.notify.secrecy import SHIFT, wait_after
from services.notify.store.rows import NOTIFY
from services.runtime.postgres import Act, Pool, read, transaction


class Unlock(StrEnum):
    """What came of a PIN."""

    OPEN = "open"
    WRONG = "wrong"
    WAIT = "wait"  #: too many were wrong; not even the right one opens now


@dataclass(frozen=True, slots=True, kw_only=True)
class PinTry:
    """What came of a PIN, and how long the device waits."""

    unlock: Unlock
    wait: timedelta = timedelta()


class ShiftStore:
    """The answer page's devices and their shifts in PostgreSQL."""

    def __init__(self, pool: Pool) -> None:
        self._pool = pool

    async def find(self, token: bytes) -> PageDevice | None:
        """Find the device of a cookie by its digest; None for one that is ended."""
        async with read(self._pool) as connection:
            cursor = await connection.cursor(row_factory=class_row(PageDevice)).execute(
                """
                SELECT device_id, receiver_id, time_zone, unlocked_until, heard_time FROM device
                WHERE token_digest = %s AND end_time IS NULL
                """,
                [token],
            )
            return await cursor.fetchone()

    async def unlock(self, device_id: str, pin: bytes, now: datetime) -> PinTry:
        """
        Open a shift with a PIN.

        The device's row is locked meanwhile, so that tries at once are counted one by one.

        Args:
            device_id: The device.

            pin: Digest of what was typed.

            now: The time of it.
        """
        act = Act(action="shift.unlock", object_kind="device", object_id=device_id)
        async with transaction(self._pool, NOTIFY, act) as connection:
            cursor = await connection.execute(
                """
                SELECT pin_digest, wrong_pin_count, wait_until FROM device
                WHERE device_id = %s AND end_time IS NULL FOR UPDATE
                """,
                [device_id],
            )
            row = await cursor.fetchone()
            if row is None:
                return PinTry(unlock=Unlock.WRONG)
            digest, wrong_pins, wait_until = row
            if wait_until is not None and wait_until > now:
                return PinTry(unlock=Unlock.WAIT, wait=wait_until - now)
            if hmac.compare_digest(bytes(digest), pin):
                await connection.execute(
                    """
                    UPDATE device SET wrong_pin_count = 0, wait_until = NULL, unlocked_until = %s WHERE device_id = %s
                    """,
                    [now + SHIFT, device_id],
                )
                return PinTry(unlock=Unlock.OPEN)
            wait = wait_after(wrong_pins + 1)
            await connection.execute(
                "UPDATE device SET wrong_pin_count = wrong_pin_count + 1, wait_until = %s WHERE device_id = %s",
                [now + wait if wait else None, device_id],
            )
        return PinTry(unlock=Unlock.WAIT, wait=wait) if wait else PinTry(unlock=Unlock.WRONG)

    async def lock(self, device_id: str) -> None:
        """Close a shift before its time."""
        async with transaction(
            self._pool, NOTIFY, Act(action="shift.lock", object_kind="device", object_id=device_id)
        ) as connection:
            await connection.execute("UPDATE device SET unlocked_until = NULL WHERE device_id = %s", [device_id])

    async def note_heard(self, device_id: str, now: datetime, at_most_every: timedelta) -> None:
        """Note that a device was heard, unless it was a moment ago."""
        async with read(self._pool) as connection:
            cursor = await connection.execute(
                "SELECT 1 FROM device WHERE device_id = %s AND (heard_time IS NULL OR heard_time <= %s)",
                [device_id, now - at_most_every],
            )
            if await cursor.fetchone() is None:
                return
        async with transaction(
            self._pool, NOTIFY, Act(action="device.hear", object_kind="device", object_id=device_id)
        ) as connection:
            await connection.execute("UPDATE device SET heard_time = %s WHERE device_id = %s", [now, device_id])
