"""Read what a webhook of this house is sent: verified, recent, and once for each id."""

import base64
import binascii
import json
from collections.abc import Mapping
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from typing import Any, Final

from cryptography.exceptions import InvalidSignature
from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PublicKey

from services.errors import InvalidInput, Unauthenticated

PREFIX: Final = "whpk_"
SCHEME: Final = "v1a"
TOLERANCE: Final = timedelta(minutes=5)
CHALLENGE_TYPE: Final = "org.ihala.challenge.v1"


@dataclass(frozen=True, slots=True, kw_only=True)
class WebhookMessage:
    """A message whose signature was verified."""

    message_id: str  #: the same however often it is sent: the key to recognise a repeat by
    type: str  #: `org.ihala.alert.v1`, or that of a challenge
    data: Mapping[str, Any]  #: ids, an urgency, a deadline

    @property
    def echo(self) -> bytes | None:
        """What to answer a challenge with, status 200; None for any other message: answer 204."""
        if self.type != CHALLENGE_TYPE:
            return None
        return json.dumps({"challenge": self.data["challenge"]}).encode()


def read_webhook(headers: Mapping[str, str], body: bytes, public_key: str, now: datetime) -> WebhookMessage:
    """
    Verify a message and read it.

    Args:
        headers: Of the request; names in any case.

        body: To the byte as it came.

        public_key: `whpk_…`, as the endpoint's registration answered.

        now: The time, with its zone: what is more than five minutes off is refused.

    Raises:
        Unauthenticated: the signature is not the endpoint's, or the message is too old: answer 400.

        InvalidInput: the key is none, or the body is no message.
    """
    found = {name.lower(): value for name, value in headers.items()}
    message_id, timestamp = found.get("webhook-id", ""), found.get("webhook-timestamp", "")
    if not (timestamp.isascii() and timestamp.isdigit() and len(timestamp) <= len("99999999999")):
        raise Unauthenticated("webhook-timestamp must be seconds since 1970")
    if abs(now - datetime.fromtimestamp(int(timestamp), UTC)) > TOLERANCE:
        raise Unauthenticated("webhook-timestamp must be of the last five minutes")
    signed = f"{message_id}.{timestamp}.".encode() + body
    key = _key(public_key)
    if not any(_is_signed(key, each, signed) for each in found.get("webhook-signature", "").split(" ")):
        raise Unauthenticated("webhook-signature must be the endpoint's")
    try:
        message = json.loads(body)
        return WebhookMessage(message_id=message_id, type=str(message["type"]), data=dict(message["data"]))
    except (ValueError, TypeError, KeyError, RecursionError):
        raise InvalidInput("body must be a message with type and data") from None


def _key(text: str) -> Ed25519PublicKey:
    try:
        return Ed25519PublicKey.from_public_bytes(base64.b64decode(text.removeprefix(PREFIX), validate=True))
    except (ValueError, binascii.Error):
        raise InvalidInput("public_key must be whpk_ and the base64 of 32 bytes") from None


def _is_signed(key: Ed25519PublicKey, text: str, signed: bytes) -> bool:
    scheme, _, signature = text.partition(",")
    if scheme != SCHEME:
        return False
    try:
        key.verify(base64.b64decode(signature, validate=True), signed)
    except (InvalidSignature, ValueError, binascii.Error):
        return False
    return True
