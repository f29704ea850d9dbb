"""Send alerts to receivers' own systems: one subject and one durable consumer a receiver."""

from collections.abc import Callable
from datetime import datetime
from typing import Final

from services.errors import IhalaError, Unavailable
from services.notify.channels import SendFailed
from services.notify.model import Attempt
from services.notify.wire.events import alert_to_json
from services.runtime import jetstream

STREAM: Final = "ALERTS"
SUBJECTS: Final = "alerts.v1.*"


class NatsChannel:
    """
    The channel, and what a receiver needs to have there.

    Args:
        now: The time on what is sent.
    """

    def __init__(self, now: Callable[[], datetime]) -> None:
        self._now = now
        self._connection: jetstream.Connection | None = None

    def use(self, connection: jetstream.Connection | None) -> None:
        """Send by this connection from now on; None: there is none at the moment."""
        self._connection = connection

    async def send(self, attempt: Attempt) -> bool:
        """Publish an alert; a repeat has another message id, since the server drops one that it knows."""
        alert = attempt.alert
        repeat = f":r{attempt.number - 1}" if attempt.number > 1 else ""
        try:
            await jetstream.publish(
                self._connected(),
                subject_of(alert.receiver_id),
                alert_to_json(alert, self._now()),
                message_id=f"{alert.alert_id}{repeat}",
            )
        except IhalaError as error:
            raise SendFailed(error.reason, permanent=False) from error
        return False  # the receipt comes by itself

    async def ensure_consumer(self, receiver_id: str) -> datetime | None:
        """
        Make the durable consumer from which a receiver fetches; nothing happens if it is there.

        Returns:
            When it was made, by the server's clock.

        Raises:
            Unavailable: NATS is away, or has no stream of alerts yet.
        """
        return await jetstream.ensure_consumer(
            self._connected(), STREAM, receiver_id, filter_subject=subject_of(receiver_id)
        )

    def _connected(self) -> jetstream.Connection:
        if self._connection is None:
            raise Unavailable("NATS is not there", retry_after_s=jetstream.RETRY_AFTER_S)
        return self._connection


def subject_of(receiver_id: str) -> str:
    """Return the subject of a receiver's alerts."""
    return f"alerts.v1.{receiver_id}"
