"""
Sign what is posted, by Standard Webhooks' asymmetric scheme v1a. Pure.

Each endpoint has a key of its own: what one receiver's endpoint learns helps nobody
against another's, and a receiver keeps nothing that could sign.
"""

import base64
from datetime import datetime

from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey

PUBLIC_PREFIX = "whpk_"


def new_key() -> bytes:
    """Make a signing key of 32 bytes."""
    return Ed25519PrivateKey.generate().private_bytes_raw()


def public_key_of(key: bytes) -> str:
    """Write the public half of a signing key as receivers take it: `whpk_` and base64."""
    public = Ed25519PrivateKey.from_private_bytes(key).public_key().public_bytes_raw()
    return PUBLIC_PREFIX + base64.b64encode(public).decode("ascii")


def signed_headers(key: bytes, message_id: str, now: datetime, body: bytes) -> dict[str, str]:
    """
    Return the three headers of a message.

    Args:
        key: 32 bytes of ed25519.

        message_id: The same however often the message is sent.

        now: The time of this attempt; a receiver refuses what is older than five minutes.

        body: What is posted, to the byte.
    """
    timestamp = str(int(now.timestamp()))
    signed = f"{message_id}.{timestamp}.".encode() + body
    signature = base64.b64encode(Ed25519PrivateKey.from_private_bytes(key).sign(signed)).decode("ascii")
    return {"webhook-id": message_id, "webhook-timestamp": timestamp, "webhook-signature": f"v1a,{signature}"}
