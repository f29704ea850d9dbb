"""Post alerts to receivers' systems, signed, and find out whether an address is theirs before anything goes there."""

import hmac
import json
from collections.abc import Callable
from datetime import datetime
from http import HTTPStatus
from typing import Final
from uuid import uuid4

from services.notify.channels import SendFailed
from services.notify.channels.egress import Answer, Egress
from services.notify.channels.webhook_signing import signed_headers
from services.notify.model import Attempt
from services.notify.store.endpoint_rows import Target
from services.notify.store.endpoints import EndpointStore
from services.notify.wire.events import alert_to_json

CHALLENGE_TYPE: Final = "org.ihala.challenge.v1"
JSON: Final = "application/json"
USER_AGENT: Final = "Ihala"
#: the endpoint says that it wants nothing more, or no longer knows us: nothing is sent until a person has looked
PAUSING: Final = frozenset({HTTPStatus.UNAUTHORIZED, HTTPStatus.GONE})


class WebhookChannel:
    """
    The channel.

    Args:
        endpoints: Where they are known; one that wants nothing more is paused there.

        egress: The way out.

        now: The time that is signed.
    """

    def __init__(self, endpoints: EndpointStore, egress: Egress, now: Callable[[], datetime]) -> None:
        self._endpoints = endpoints
        self._egress = egress
        self._now = now

    async def send(self, attempt: Attempt) -> bool:
        """
        Post an alert to the attempt's endpoint.

        Returns:
            True: whoever took it has it.

        Raises:
            SendFailed: it was not taken.
        """
        alert = attempt.alert
        # the time of the alert, not of the attempt: one id, one body
        await self.post(attempt.endpoint_id, alert.alert_id, alert_to_json(alert, alert.create_time))
        return True

    async def post(self, endpoint_id: str, message_id: str, body: bytes) -> None:
        """
        Post a message to an endpoint.

        Args:
            endpoint_id: Where to.

            message_id: The same however often it is sent; the receiver knows a repeat by it.

            body: JSON with opaque ids, and no value of a case.

        Raises:
            SendFailed: it was not taken. After 401 and 410 the endpoint is paused.
        """
        target = await self._endpoints.target(endpoint_id)
        if target is None or target.signing_key is None:
            raise SendFailed("endpoint_ended", permanent=True)
        answer = await self._post(target, message_id, body)
        try:
            answer.require_taken(PAUSING)
        except SendFailed as failed:
            if failed.pauses:
                await self._endpoints.pause(endpoint_id, failed.code, self._now())
            raise
        await self._endpoints.hear(target.endpoint, self._now())

    async def challenge(self, target: Target, text: str) -> str:
        """
        Find out whether whoever answers at an address knows of us: they send the challenge back.

        Args:
            target: With its address and key.

            text: Random, never used before.

        Returns:
            A code that says why they do not; empty if they do.
        """
        body = json.dumps({"type": CHALLENGE_TYPE, "data": {"challenge": text}}, separators=(",", ":")).encode()
        try:
            answer = await self._post(target, f"challenge.{uuid4().hex}", body)
        except SendFailed as fault:
            return fault.code
        if answer.status != HTTPStatus.OK:
            return f"status_{answer.status}"
        return "" if hmac.compare_digest(_echo(answer.body).encode(), text.encode()) else "no_echo"

    async def _post(self, target: Target, message_id: str, body: bytes) -> Answer:
        assert target.signing_key is not None  # noqa: S101 -- every webhook has one, see `EndpointStore.add`
        headers = signed_headers(target.signing_key, message_id, self._now(), body)
        return await self._egress.post(
            target.address, body, {**headers, "Content-Type": JSON, "User-Agent": USER_AGENT}
        )


def _echo(body: bytes) -> str:
    try:
        echo = json.loads(body)["challenge"]
    except (ValueError, TypeError, KeyError, RecursionError):
        return ""
    return echo if isinstance(echo, str) else ""
