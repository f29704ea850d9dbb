"""Keep the devices that ring for a receiver, and the codes by which browsers come to be devices."""

from collections.abc import Mapping, Sequence
from datetime import datetime
from typing import Any
from uuid import uuid4

from psycopg.rows import kwargs_row

from services.errors import NotFound
from services.notify.model import Channel, Device, PageDevice
from services.notify.secrecy import CODE_TRIES, CODE_TRIES_WITHIN, CODE_VALID
from services.notify.store.endpoint_rows import end_endpoints_of_device
from services.notify.store.requests import Request, first_answer, keep_answer
from services.notify.store.rows import NOTIFY, add_delivery
from services.runtime.postgres import Act, Connection, Pool, Principal, read, transaction

COLUMNS = "device_id, receiver_id, channel, create_time, heard_time, end_time, coalesce(public_nkey, '') AS public_nkey"


class DeviceStore:
    """Devices in PostgreSQL. Of codes, cookies and PINs there are digests only."""

    def __init__(self, pool: Pool) -> None:
        self._pool = pool

    async def create_code(
        self, request: Request, principal: Principal, receiver_id: str, digest: bytes, time_zone: str, now: datetime
    ) -> bytes | None:
        """
        Keep a new code, which ends the one before.

        Returns:
            The first answer to the same request, if there was one: nothing was done then.

        Raises:
            InvalidInput: the request id was used with another body.
        """
        act = Act(action="code.create", object_kind="receiver", object_id=receiver_id, request_id=request.request_id)
        async with transaction(self._pool, principal, act) as connection:
            if (answer := await first_answer(connection, request)) is not None:
                return answer
            await connection.execute("DELETE FROM enrolment_code WHERE expire_time <= %s", [now])
            await connection.execute(
                """
                INSERT INTO enrolment_code (receiver_id, code_digest, expire_time, time_zone) VALUES (%s, %s, %s, %s)
                ON CONFLICT (receiver_id) DO UPDATE SET code_digest = excluded.code_digest,
                    expire_time = excluded.expire_time, time_zone = excluded.time_zone
                """,
                [receiver_id, digest, now + CODE_VALID, time_zone],
            )
            await keep_answer(connection, request, now)
        return None

    async def may_try_code(self, now: datetime) -> bool:
        """Say whether few enough wrong codes came of late, from anybody."""
        async with read(self._pool) as connection:
            cursor = await connection.execute(
                "SELECT count(*) FROM wrong_code WHERE attempt_time > %s", [now - CODE_TRIES_WITHIN]
            )
            row = await cursor.fetchone()
        return row is not None and row[0] < CODE_TRIES

    async def enrol(self, digest: bytes, token: bytes, pin: bytes, now: datetime) -> PageDevice | None:
        """
        Turn a code into a device, once.

        Args:
            digest: Of the code that was typed.

            token: Digest of the new device's cookie.

            pin: Digest of its PIN.

            now: The time of it.

        Returns:
            None if there is no such code, or it is used or too old: the try is counted.
        """
        async with transaction(self._pool, NOTIFY, Act(action="device.enrol", object_kind="device")) as connection:
            cursor = await connection.execute(
                """
                DELETE FROM enrolment_code WHERE code_digest = %s AND expire_time > %s RETURNING receiver_id, time_zone
                """,
                [digest, now],
            )
            row = await cursor.fetchone()
            if row is None:
                await connection.execute("DELETE FROM wrong_code WHERE attempt_time <= %s", [now - CODE_TRIES_WITHIN])
                await connection.execute("INSERT INTO wrong_code (attempt_time) VALUES (%s)", [now])
                return None
            device = PageDevice(device_id=uuid4().hex, receiver_id=row[0], time_zone=row[1], unlocked_until=None)
            await connection.execute(
                """
                INSERT INTO device (device_id, receiver_id, channel, create_time, token_digest, pin_digest, time_zone)
                VALUES (%s, %s, 'page', %s, %s, %s, %s)
                """,
                [device.device_id, device.receiver_id, now, token, pin, device.time_zone],
            )
        return device

    async def register_nats(
        self, request: Request, principal: Principal, device: Device, now: datetime, *, keeps_previous: bool = False
    ) -> bytes | None:
        """
        Give a receiver's NATS account a key; the keys before end. What rings goes by it too.

        Args:
            request: Of the caller.

            principal: The caller.

            device: Stands for the key.

            now: From when it holds.

            keeps_previous: The newest key before holds on beside it; none other does.

        Returns:
            The first answer to the same request, if there was one: nothing was done then.

        Raises:
            InvalidInput: the request id was used with another body.
        """
        act = Act(
            action="nats.register", object_kind="receiver", object_id=device.receiver_id, request_id=request.request_id
        )
        async with transaction(self._pool, principal, act) as connection:
            if (answer := await first_answer(connection, request)) is not None:
                return answer
            await connection.execute(
                """
                UPDATE device SET end_time = %(now)s
                WHERE channel = 'nats' AND end_time IS NULL
                  AND (receiver_id = %(receiver_id)s OR public_nkey = %(key)s)
                  AND (NOT %(keeps_previous)s OR public_nkey = %(key)s OR device_id <> (
                      SELECT device_id FROM device
                      WHERE channel = 'nats' AND end_time IS NULL
                        AND receiver_id = %(receiver_id)s AND public_nkey <> %(key)s
                      ORDER BY create_time DESC, device_id DESC LIMIT 1
                  ))
                """,
                {
                    "now": now,
                    "receiver_id": device.receiver_id,
                    "key": device.public_nkey,
                    "keeps_previous": keeps_previous,
                },
            )
            await connection.execute(
                """
                INSERT INTO device (device_id, receiver_id, channel, create_time, public_nkey, consumer_time)
                SELECT %s, %s, 'nats', %s, %s, max(consumer_time) FROM device -- whose consumer it shares
                WHERE channel = 'nats' AND end_time IS NULL AND receiver_id = %s
                """,
                [device.device_id, device.receiver_id, now, device.public_nkey, device.receiver_id],
            )
            cursor = await connection.execute(
                "SELECT alert_id FROM alert WHERE receiver_id = %s AND settled_time IS NULL", [device.receiver_id]
            )
            for (alert_id,) in await cursor.fetchall():  # again, where it went by the account before
                await add_delivery(connection, alert_id, Channel.NATS, now)
            await keep_answer(connection, request, now)
        return None

    async def end(self, request: Request, principal: Principal, device_id: str, now: datetime) -> tuple[Device, bool]:
        """
        End a device; ending it twice changes nothing.

        Returns:
            The device, and whether the same request had ended it.

        Raises:
            NotFound: there is no such device.

            InvalidInput: the request id was used with another body.
        """
        act = Act(action="device.end", object_kind="device", object_id=device_id, request_id=request.request_id)
        async with transaction(self._pool, principal, act) as connection:
            replayed = await first_answer(connection, request) is not None
            await connection.execute(
                """
                UPDATE device SET end_time = coalesce(end_time, %s), unlocked_until = NULL WHERE device_id = %s
                """,
                [now, device_id],
            )
            await end_endpoints_of_device(connection, device_id, now)
            device = await _device(connection, device_id)
            if not replayed:
                await keep_answer(connection, request, now)
        return device, replayed

    async def list_page(self, receiver_id: str, limit: int, after: tuple[datetime, str] | None) -> list[Device]:
        """List a receiver's devices, newest first; `after` is create time and id of the last one before."""
        async with read(self._pool) as connection:
            cursor = await connection.cursor(row_factory=kwargs_row(_from_row)).execute(
                f"""
                SELECT {COLUMNS} FROM device
                WHERE receiver_id = %(receiver_id)s
                  AND (%(time)s::timestamptz IS NULL OR (create_time, device_id) < (%(time)s, %(id)s))
                ORDER BY create_time DESC, device_id DESC LIMIT %(limit)s
                """,  # noqa: S608 -- a constant of this file
                {
                    "receiver_id": receiver_id,
                    "limit": limit,
                    "time": after[0] if after else None,
                    "id": after[1] if after else "",
                },
            )
            return await cursor.fetchall()

    async def nats_accounts(self) -> Mapping[str, Sequence[str]]:
        """List the receivers that chose NATS, with the public nkeys of each: one, or two while it changes over."""
        async with read(self._pool) as connection:
            cursor = await connection.execute(
                """
                SELECT receiver_id, array_agg(public_nkey ORDER BY public_nkey) FROM device
                WHERE channel = 'nats' AND end_time IS NULL GROUP BY receiver_id
                """
            )
            return dict(await cursor.fetchall())


async def _device(connection: Connection, device_id: str) -> Device:
    cursor = await connection.cursor(row_factory=kwargs_row(_from_row)).execute(
        f"SELECT {COLUMNS} FROM device WHERE device_id = %s",  # noqa: S608 -- a constant of this file
        [device_id],
    )
    device = await cursor.fetchone()
    if device is None:
        raise NotFound("there is no such object")
    return device


def _from_row(*, channel: str, **facts: Any) -> Device:
    return Device(channel=Channel(channel), **facts)
