"""Referrals whose relay publishes without waiting for the stream's word."""

import uvloop

from services.referrals.__main__ import main
from services.runtime import jetstream


async def publish(connection: jetstream.Connection, subject: str, payload: bytes, *, message_id: str) -> jetstream.Kept:
    await connection.client.publish(subject, payload, headers={"Nats-Msg-Id": message_id})
    return jetstream.Kept(0, is_repeat=True)


jetstream.publish = publish
uvloop.run(main())
