"""
Wake a browser by Web Push: a signal without content, so that the push service learns nothing but that there is one.

Since nothing is in it, nothing is encrypted (RFC 8291 has no part in an empty message);
who we are is signed by VAPID (RFC 8292).
"""

from collections.abc import Callable
from datetime import datetime, timedelta
from http import HTTPStatus
from typing import Final
from urllib.parse import urlsplit

import jwt
from cryptography.hazmat.primitives import serialization
from cryptography.hazmat.primitives.asymmetric import ec
from jwt.utils import base64url_encode

from services.errors import InvalidInput
from services.notify.channels import SendFailed
from services.notify.channels.egress import Egress
from services.notify.model import Attempt
from services.notify.store.endpoints import EndpointStore
from services.taxonomy import urgency_class

#: the browser has ended its subscription
PAUSING: Final = frozenset({HTTPStatus.NOT_FOUND, HTTPStatus.GONE})
TOKEN_LIFE: Final = timedelta(hours=12)  #: RFC 8292 allows a day
LONGEST_KEPT: Final = timedelta(hours=4)  #: by the push service, for a browser that is away


class VapidKey:
    """
    The key by which push services know us.

    Args:
        private: On the curve P-256.

        contact: `mailto:` or `https:`, for whoever runs a push service.
    """

    def __init__(self, private: ec.EllipticCurvePrivateKey, contact: str) -> None:
        self._private = private
        self._contact = contact
        point = private.public_key().public_bytes(
            serialization.Encoding.X962, serialization.PublicFormat.UncompressedPoint
        )
        #: what a browser needs to subscribe: the uncompressed point in base64url
        self.public_text = base64url_encode(point).decode("ascii")

    def authorization(self, url: str, now: datetime) -> str:
        """Return the header that says who asks, for the push service of an address alone."""
        parts = urlsplit(url)
        claims = {"aud": f"{parts.scheme}://{parts.netloc}", "exp": now + TOKEN_LIFE, "sub": self._contact}
        return f"vapid t={jwt.encode(claims, self._private, algorithm='ES256')}, k={self.public_text}"


def vapid_key(secret: bytes, contact: str) -> VapidKey:
    """
    Make the key of 32 secret bytes.

    Raises:
        InvalidInput: they are no key on P-256, which one in four billion is not.
    """
    try:
        private = ec.derive_private_key(int.from_bytes(secret), ec.SECP256R1())
    except ValueError:
        raise InvalidInput("vapid_key_file must hold another secret: this one is no key on P-256") from None
    return VapidKey(private, contact)


class BrowserWaker:
    """
    Wakes browsers by the addresses that they gave.

    Args:
        egress: The way out: a browser says where its push service is, and might say anything.

        key: Who we are.
    """

    def __init__(self, egress: Egress, key: VapidKey) -> None:
        self._egress = egress
        self._key = key
        self.public_text = key.public_text  #: what a browser needs to subscribe

    async def wake(self, address: str, now: datetime, *, due_time: datetime | None, is_urgent: bool) -> None:
        """
        Wake a browser.

        Args:
            address: Of its push service, for it alone.

            now: The time of what is signed.

            due_time: After which the signal is of no use; None: the longest.

            is_urgent: Whether a telephone that saves power is to be woken too.

        Raises:
            SendFailed: the push service did not take it; `pauses` if the browser has ended its subscription.
        """
        answer = await self._egress.post(
            address,
            b"",
            {
                "Authorization": self._key.authorization(address, now),
                "TTL": str(_kept_s(due_time, now)),
                "Urgency": "high" if is_urgent else "normal",
            },
        )
        answer.require_taken(PAUSING)


class PushChannel:
    """
    The channel.

    Args:
        endpoints: Where subscriptions are known; one that the browser has ended is paused there.

        waker: Wakes their browsers.

        now: The clock.
    """

    def __init__(self, endpoints: EndpointStore, waker: BrowserWaker, now: Callable[[], datetime]) -> None:
        self._endpoints = endpoints
        self._waker = waker
        self._now = now

    async def send(self, attempt: Attempt) -> bool:
        """
        Wake the browser of the attempt's endpoint.

        Returns:
            False: the page itself says what it shows.

        Raises:
            SendFailed: the push service did not take it. After 404 and 410 the endpoint is paused.
        """
        target = await self._endpoints.target(attempt.endpoint_id)
        if target is None:
            raise SendFailed("endpoint_ended", permanent=True)
        now, alert = self._now(), attempt.alert
        wakes = urgency_class(alert.urgency).rings_through_quiet_hours
        try:
            await self._waker.wake(target.address, now, due_time=alert.due_time, is_urgent=wakes)
        except SendFailed as failed:
            if failed.pauses:
                await self._endpoints.pause(attempt.endpoint_id, failed.code, now)
            raise
        await self._endpoints.hear(target.endpoint, now)
        return False


def _kept_s(due_time: datetime | None, now: datetime) -> int:
    """Say for how many seconds the push service keeps a signal: not beyond the deadline that it is about."""
    kept = LONGEST_KEPT if due_time is None else min(LONGEST_KEPT, due_time - now)
    return max(0, int(kept.total_seconds()))
