"""Seal addresses and signing keys of endpoints, and recognise an address that is known, without a plain copy."""

import hashlib
import hmac

from services.notify.model import Channel
from services.runtime.sealing import place_of, seal, unseal

TABLE = "endpoint"


class AddressSealer:
    """
    Seals what endpoints keep secret, each bound to its row and column.

    Args:
        key: 32 bytes that are not in the database.
    """

    def __init__(self, key: bytes) -> None:
        self._key = key
        self._digest_key = hmac.digest(key, b"ihala endpoint address digest", "sha256")

    def seal(self, endpoint_id: str, column: str, value: bytes) -> bytes:
        """Seal a value for a row."""
        return seal(self._key, value, place_of(TABLE, endpoint_id, column))

    def unseal(self, endpoint_id: str, column: str, sealed: bytes) -> bytes:
        """
        Open a value of a row.

        Raises:
            RuntimeError: it was sealed for another row, or with another key.
        """
        return unseal(self._key, sealed, place_of(TABLE, endpoint_id, column))

    def digest(self, channel: Channel, address: str) -> bytes:
        """Digest an address so that equal ones are equal, and none can be tested without the key."""
        return hmac.digest(self._digest_key, f"{channel} {address}".encode(), hashlib.sha256)
