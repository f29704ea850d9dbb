"""
Sealing of case values: under a key per referral, which a key outside the database wraps.

Rule of this file: destroying the referral's key erases its values, in backups too.
"""

from services.errors import FailedPrecondition, Reason
from services.runtime import sealing
from services.runtime.sealing import place_of


class Sealer:
    """
    Makes and opens the keys of cases.

    Args:
        kek: Wraps them; 32 bytes that are not in the database.
    """

    def __init__(self, kek: bytes) -> None:
        self._kek = kek

    def new_key(self, key_id: str) -> tuple[bytes, bytes]:
        """Make a key, and return it with what is stored of it."""
        key = sealing.new_key()
        return key, sealing.seal(self._kek, key, place_of("case_key", key_id, "wrapped"))

    def unwrap(self, key_id: str, wrapped: bytes | None) -> bytes:
        """
        Open a stored key.

        Raises:
            FailedPrecondition: ERASED: it was destroyed.
        """
        if wrapped is None:
            raise FailedPrecondition("the case was erased", reason=Reason.ERASED)
        return sealing.unseal(self._kek, wrapped, place_of("case_key", key_id, "wrapped"))


def seal(key: bytes, value: bytes, referral_id: str, part: str) -> bytes:
    """Seal a part of a case's facts."""
    return sealing.seal(key, value, place_of("case_facts", referral_id, part))


def unseal(key: bytes, sealed: bytes, referral_id: str, part: str) -> bytes:
    """Open a part of a case's facts, if it is the one that was sealed there."""
    return sealing.unseal(key, sealed, place_of("case_facts", referral_id, part))
