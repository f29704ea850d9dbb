"""
Seals values that a database keeps and must not be able to read: AES-256-GCM under a key from outside it.

Rule of this file: what is sealed is bound to its table, row and column, so that rows
cannot be exchanged.
"""

import os
from pathlib import Path
from typing import Final

from cryptography.exceptions import InvalidTag
from cryptography.hazmat.primitives.ciphers.aead import AESGCM

from services.errors import InvalidInput

KEY_BYTES: Final = 32
NONCE_BYTES: Final = 12


def read_key(path: Path, name: str) -> bytes:
    """
    Read a key of 32 bytes, as they are or as 64 hexadecimal digits.

    Raises:
        InvalidInput: The file holds anything else.
    """
    key = path.read_bytes()
    if len(key) != KEY_BYTES:
        try:
            key = bytes.fromhex(key.decode("ascii").strip())
        except ValueError:
            key = b""
    if len(key) != KEY_BYTES:
        raise InvalidInput(f"{name} must hold {KEY_BYTES} bytes, or their hexadecimal digits")
    return key


def new_key() -> bytes:
    """Make a key of 32 random bytes."""
    return AESGCM.generate_key(bit_length=8 * KEY_BYTES)


def place_of(table: str, row: str, column: str) -> bytes:
    """Name where a sealed value stands."""
    return f"{table}|{row}|{column}".encode()


def seal(key: bytes, value: bytes, place: bytes) -> bytes:
    """Seal a value for its place."""
    nonce = os.urandom(NONCE_BYTES)
    return nonce + AESGCM(key).encrypt(nonce, value, place)


def unseal(key: bytes, sealed: bytes, place: bytes) -> bytes:
    """
    Open a value, if it is the one that was sealed for this place.

    Raises:
        RuntimeError: It is not, or the key is another.
    """
    try:
        return AESGCM(key).decrypt(sealed[:NONCE_BYTES], sealed[NONCE_BYTES:], place)
    except InvalidTag:
        raise RuntimeError("a sealed value does not open with its key") from None
