"""
Sealing of case values: AES-256-GCM under a key per referral, which a key outside the database wraps.

Rule of this file: what is sealed is bound to its table, row and column, so that rows
cannot be exchanged; destroying the referral's key erases its values, in backups too.
"""

import os
from pathlib import Path
from typing import Final

from cryptography.exceptions import InvalidTag
from cryptography.hazmat.primitives.ciphers.aead import AESGCM

from services.errors import FailedPrecondition, InvalidInput, Reason

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


class Sealer:
    """
    Makes and opens the keys of cases.

    Args:
        kek: Wraps them; 32 bytes that are not in the database.
    """

    def __init__(self, kek: bytes) -> None:
        self._kek = AESGCM(kek)

    def new_key(self, key_id: str) -> tuple[bytes, bytes]:
        """Make a key, and return it with what is stored of it."""
        key = AESGCM.generate_key(bit_length=8 * KEY_BYTES)
        return key, _seal(self._kek, key, _place("case_key", key_id, "wrapped"))

    def unwrap(self, key_id: str, wrapped: bytes | None) -> bytes:
        """
        Open a stored key.

        Raises:
            FailedPrecondition: ERASED: it was destroyed.
        """
        if wrapped is None:
            raise FailedPrecondition("the case was erased", reason=Reason.ERASED)
        return _open(self._kek, wrapped, _place("case_key", key_id, "wrapped"))


def seal(key: bytes, value: bytes, referral_id: str, part: str) -> bytes:
    """Seal a part of a case's facts."""
    return _seal(AESGCM(key), value, _place("case_facts", referral_id, part))


def unseal(key: bytes, sealed: bytes, referral_id: str, part: str) -> bytes:
    """Open a part of a case's facts, if it is the one that was sealed there."""
    return _open(AESGCM(key), sealed, _place("case_facts", referral_id, part))


def _place(table: str, row: str, column: str) -> bytes:
    return f"{table}|{row}|{column}".encode()


def _seal(cipher: AESGCM, value: bytes, place: bytes) -> bytes:
    nonce = os.urandom(NONCE_BYTES)
    return nonce + cipher.encrypt(nonce, value, place)


def _open(cipher: AESGCM, sealed: bytes, place: bytes) -> bytes:
    try:
        return cipher.decrypt(sealed[:NONCE_BYTES], sealed[NONCE_BYTES:], place)
    except InvalidTag:
        raise RuntimeError("sealed facts do not open with their key") from None
