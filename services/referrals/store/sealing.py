"""
Sealing of case values: under a key per referral, which a key outside the database wraps.

Rule of this file: destroying the referral's key erases its values, in backups too.
"""

from contextlib import suppress

from services.errors import FailedPrecondition, Reason
from services.runtime import sealing
from services.runtime.sealing import place_of


class Sealer:
    """
    Makes and opens the keys of cases.

    Args:
        kek: Wraps them; 32 bytes that are not in the database.

        other: May have wrapped them too, while one KEK takes the place of another; None: none did.
    """

    def __init__(self, kek: bytes, other: bytes | None = None) -> None:
        self._kek = kek
        self._other = other

    def new_key(self, key_id: str) -> tuple[bytes, bytes]:
        """Make a key, and return it with what is stored of it."""
        key = sealing.new_key()
        return key, self._wrap(key_id, key)

    def unwrap(self, key_id: str, wrapped: bytes | None) -> bytes:
        """
        Open a stored key.

        Raises:
            FailedPrecondition: ERASED: it was destroyed.

            RuntimeError: It was wrapped by neither KEK.
        """
        if wrapped is None:
            raise FailedPrecondition("the case was erased", reason=Reason.ERASED)
        place = place_of("case_key", key_id, "wrapped")
        if self._other is None:
            return sealing.unseal(self._kek, wrapped, place)
        with suppress(RuntimeError):
            return sealing.unseal(self._kek, wrapped, place)
        return sealing.unseal(self._other, wrapped, place)

    def wrapped_anew(self, key_id: str, wrapped: bytes) -> bytes | None:
        """
        Return what is to be stored of a key that the other KEK wrapped; None for one that it did not.

        Raises:
            RuntimeError: Neither KEK did.
        """
        place = place_of("case_key", key_id, "wrapped")
        try:
            sealing.unseal(self._kek, wrapped, place)
        except RuntimeError:
            return self._wrap(key_id, self.unwrap(key_id, wrapped))
        return None

    def _wrap(self, key_id: str, key: bytes) -> bytes:
        return sealing.seal(self._kek, key, place_of("case_key", key_id, "wrapped"))


def seal(key: bytes, value: bytes, referral_id: str, part: str) -> bytes:
    """Seal a part of a case's facts."""
    return sealing.seal(key, value, place_of("case_facts", referral_id, part))


def unseal(key: bytes, sealed: bytes, referral_id: str, part: str) -> bytes:
    """Open a part of a case's facts, if it is the one that was sealed there."""
    return sealing.unseal(key, sealed, place_of("case_facts", referral_id, part))
