"""
The match token: signed proof of which request was answered from which directory, for 30 minutes.

It holds keyed digests only, so nothing of the person can be read or guessed
from it, and all replicas that share the key accept each other's.
"""

import hmac
import json
from base64 import urlsafe_b64decode, urlsafe_b64encode
from dataclasses import dataclass, fields
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Final

from services.errors import FailedPrecondition, InvalidInput, Reason

LIFE: Final = timedelta(minutes=30)
KEY_BYTES: Final = 32
_LONGEST: Final = 2048  # characters


@dataclass(frozen=True, slots=True, kw_only=True)
class Answered:
    """What a token says."""

    request: str  #: keyed digest of the request without its envelope
    safety: str  #: keyed digest of the envelope
    epoch: str
    revision: int
    rules: str
    evaluated_s: float  #: unix time for which the answer was judged
    expires_s: float  #: unix time
    with_interpreter: bool = False  #: an interpreter was added to the answer (R40)


_FIELDS: Final = tuple(sorted(each.name for each in fields(Answered)))
_WRITER: Final = json.JSONEncoder(separators=(",", ":"))


class Sealer:
    """
    Signs tokens and opens them again.

    Args:
        key: 32 secret bytes, the same for every replica.
    """

    def __init__(self, key: bytes) -> None:
        if len(key) != KEY_BYTES:
            raise InvalidInput(f"token_key_file must hold {KEY_BYTES} bytes")
        # with the key in them already: a copy goes on from there
        self._signing = hmac.new(_derive(key, b"sign"), digestmod="sha256")
        self._digesting = hmac.new(_derive(key, b"digest"), digestmod="sha256")

    def digest(self, message: bytes) -> str:
        """Digest a part of a request so that nobody without the key can guess it."""
        return _digest(self._digesting, message).hex()

    def seal(self, answered: Answered) -> str:
        """Sign what was answered."""
        payload = _WRITER.encode({name: getattr(answered, name) for name in _FIELDS}).encode()
        return f"{_encode(payload)}.{_encode(self._sign(payload))}"

    def open(self, token: str, now: datetime) -> Answered:
        """
        Read a token.

        Raises:
            FailedPrecondition: it is older than 30 minutes or not ours (MATCH_STALE).
        """
        try:
            payload, signature = map(_decode, token.split(".")) if len(token) <= _LONGEST else (b"", b"")
        except ValueError:  # not two parts, or not base64
            raise stale() from None
        if not hmac.compare_digest(self._sign(payload), signature):
            raise stale()
        answered = Answered(**json.loads(payload))
        if answered.expires_s <= now.timestamp():
            raise stale()
        return answered

    def _sign(self, payload: bytes) -> bytes:
        return _digest(self._signing, payload)


def expiry(now: datetime) -> float:
    """Say when a token made now ends, in unix time."""
    return (now.astimezone(UTC) + LIFE).timestamp()


def stale() -> FailedPrecondition:
    """Make the one error for tokens that do not hold: why is nobody's to learn."""
    return FailedPrecondition(
        "match_token must be of this request and at most 30 minutes old", reason=Reason.MATCH_STALE
    )


def read_key(path: Path) -> bytes:
    """
    Read the key of a file: its 32 bytes, or the 64 hexadecimal digits of them.

    Raises:
        InvalidInput: it holds anything else.
    """
    content = path.read_bytes()
    if len(content) == KEY_BYTES:
        return content
    try:
        key = bytes.fromhex(content.decode("ascii"))
    except ValueError:
        key = b""
    if len(key) != KEY_BYTES:
        raise InvalidInput(f"token_key_file must hold {KEY_BYTES} bytes")
    return key


def _derive(key: bytes, purpose: bytes) -> bytes:
    return hmac.digest(key, b"ihala match token " + purpose, "sha256")


def _digest(keyed: hmac.HMAC, message: bytes) -> bytes:
    going_on = keyed.copy()
    going_on.update(message)
    return going_on.digest()


def _encode(content: bytes) -> str:
    return urlsafe_b64encode(content).rstrip(b"=").decode("ascii")


def _decode(text: str) -> bytes:
    return urlsafe_b64decode(text + "=" * (-len(text) % 4))
