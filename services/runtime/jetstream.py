"""How a process publishes over JetStream: streams and consumers under which nothing is lost without a word."""

from dataclasses import dataclass
from datetime import datetime

from nats.js import JetStreamContext
from nats.js.api import AckPolicy, ConsumerConfig, DiscardPolicy, RetentionPolicy, StorageType, StreamConfig
from nats.js.errors import BadRequestError, NotFoundError

from services.errors import FailedPrecondition, Unavailable
from services.runtime.nats_connection import RETRY_AFTER_S, Connection, answered, connect

__all__ = [
    "RETRY_AFTER_S",
    "Connection",
    "Kept",
    "StreamState",
    "Subscription",
    "connect",
    "ensure_consumer",
    "ensure_stream",
    "publish",
    "remove_stream",
    "stream_state",
    "subscribe",
]

ACK_WAIT_S = 30.0
DAY_S = 86_400.0

Subscription = JetStreamContext.PullSubscription


@dataclass(frozen=True, slots=True)
class Kept:
    """The server's word that it has a message."""

    sequence: int  #: in the stream, from 1
    is_repeat: bool  #: its id was known: it stands where the first one stood, if that is there still


@dataclass(frozen=True, slots=True)
class StreamState:
    """What tells one stream from another of its name, and how far it has come."""

    created_time: datetime
    last_sequence: int  #: 0 while it is empty
    missing_count: int  #: of messages between its first and its last: lost, since nobody may delete one


async def ensure_stream(
    connection: Connection, name: str, subjects: list[str], *, replicas: int = 1, max_bytes: int = 256 * 2**20
) -> None:
    """
    Make a stream that keeps everything for 30 days and rather refuses than forgets; nothing happens if it is there.

    Args:
        connection: Of a user that may make streams.

        name: Of the stream.

        subjects: That it keeps.

        replicas: 1, or 3 in a cluster.

        max_bytes: When full it refuses new messages; PostgreSQL has them.

    Raises:
        FailedPrecondition: There is one of other settings.

        Unavailable, PermissionDenied: As `publish`.
    """
    config = StreamConfig(
        name=name,
        subjects=subjects,
        storage=StorageType.FILE,
        num_replicas=replicas,
        # `interest` drops what comes before a receiver's consumer is made; `discard=old` what is not read yet
        retention=RetentionPolicy.LIMITS,
        discard=DiscardPolicy.NEW,
        max_age=30 * DAY_S,
        max_bytes=max_bytes,
        max_msg_size=16_384,
        duplicate_window=DAY_S,
        allow_direct=False,
        deny_delete=True,
        deny_purge=True,
    )
    try:
        with answered(connection):
            await connection.stream.add_stream(config)
    except BadRequestError:
        raise FailedPrecondition(f"the stream {name} exists with other settings") from None


async def remove_stream(connection: Connection, name: str) -> int:
    """
    Remove a stream with its consumers; nothing happens if there is none.

    Args:
        connection: Of a user that may remove streams.

        name: Of the stream.

    Returns:
        How many messages it had.

    Raises:
        Unavailable, PermissionDenied: As `publish`.
    """
    with answered(connection):
        try:
            info = await connection.stream.stream_info(name)
            await connection.stream.delete_stream(name)
        except NotFoundError:
            return 0
    return int(info.state.messages)


async def stream_state(connection: Connection, name: str) -> StreamState:
    """
    Look at a stream.

    Raises:
        Unavailable, PermissionDenied: As `publish`; also if there is no such stream.
    """
    with answered(connection):
        info = await connection.stream.stream_info(name)
    if info.created is None:
        raise Unavailable("NATS did not say when the stream was made", retry_after_s=RETRY_AFTER_S)
    return StreamState(info.created, info.state.last_seq, info.state.num_deleted or 0)


async def ensure_consumer(
    connection: Connection, stream_name: str, durable: str, *, filter_subject: str | None = None
) -> datetime | None:
    """
    Make a durable pull consumer that never gives a message up; nothing happens if it is there.

    Args:
        connection: Of a user that may make this consumer.

        stream_name: Of a stream that exists.

        durable: The consumer's name: the service's, or the receiver's id.

        filter_subject: What of the stream it is given; None for all.

    Returns:
        When it was made: what was handed out before then was by another of its name.

    Raises:
        FailedPrecondition: There is one of other settings.

        Unavailable, PermissionDenied: As `publish`; also if there is no such stream yet.
    """
    config = ConsumerConfig(
        durable_name=durable,
        filter_subject=filter_subject,
        ack_policy=AckPolicy.EXPLICIT,
        ack_wait=ACK_WAIT_S,
        max_deliver=-1,  # a number makes a message vanish without an error
        max_ack_pending=64,
        max_waiting=8,
    )
    try:
        with answered(connection):
            await connection.stream.add_consumer(stream_name, config)
            # nats-server 2.15.1: the first answer to the line above after a restart says that it was made just now
            info = await connection.stream.consumer_info(stream_name, durable)
    except BadRequestError:
        raise FailedPrecondition(f"the consumer {durable} exists with other settings") from None
    made: datetime | None = info.created
    return made


async def subscribe(connection: Connection, stream_name: str, durable: str) -> Subscription:
    """Subscribe to a durable pull consumer that somebody has made."""
    return await connection.stream.pull_subscribe_bind(durable, stream_name)


async def publish(connection: Connection, subject: str, payload: bytes, *, message_id: str) -> Kept:
    """
    Publish a message and wait until the server has it on disk.

    Args:
        connection: Of a user that may publish the subject.

        subject: That a stream keeps.

        payload: At most 16 384 bytes.

        message_id: Within a day, a second message of this id is dropped by the server.

    Raises:
        Unavailable: No word came from the server: it may have the message or not.

        PermissionDenied: As `Connection.check`.
    """
    headers = {"Nats-Msg-Id": message_id}
    with answered(connection):
        answer = await connection.stream.publish(subject, payload, timeout=connection.kept_wait_s, headers=headers)
    return Kept(answer.seq, bool(answer.duplicate))
