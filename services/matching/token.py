"""
The match token: signed proof of which request was answered from which directory, for 30 minutes.

It holds keyed digests only, so nothing of the person can be read or guessed
from it, and all replicas that share the key accept each other's.
"""

import hmac
from base64 import urlsafe_b64decode
from binascii import b2a_base64
from datetime import datetime, timedelta
from hashlib import blake2b
from pathlib import Path
from struct import Struct
from typing import Final

from services.errors import FailedPrecondition, InvalidInput, Reason
from services.values import value

LIFE: Final = timedelta(minutes=30)
KEY_BYTES: Final = 32
_LONGEST: Final = 2048  # characters


@value
class Answered:
    """What a token says."""

    request: bytes  #: keyed digest of the request without its envelope
    safety: bytes  #: keyed digest of the envelope
    epoch: str
    revision: int
    rules: str
    evaluated_s: float  #: unix time for which the answer was judged
    expires_s: float  #: unix time
    with_interpreter: bool = False  #: an interpreter was added to the answer (R40)


#: what stands before the texts: the form of all this, the digests, the numbers, and how long the first text is
_HEAD: Final = Struct(">B32s32sqdd?H")
_FORM: Final = 3
_DIGEST_BYTES: Final = 32
_LIFE_S: Final = LIFE.total_seconds()


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
        self._signing = blake2b(key=_derive(key, b"sign"), digest_size=_DIGEST_BYTES)
        self._digesting = blake2b(key=_derive(key, b"digest"), digest_size=_DIGEST_BYTES)
        self._of_nothing = _digest(self._digesting, b"")

    def digest(self, message: bytes) -> bytes:
        """Digest a part of a request so that nobody without the key can guess it."""
        return _digest(self._digesting, message) if message else self._of_nothing  # as most envelopes are

    def seal(self, answered: Answered) -> str:
        """Sign what was answered."""
        payload = _written(answered)
        written = b2a_base64(payload + _digest(self._signing, payload)).rstrip(b"=\n")
        return written.replace(b"+", b"-").replace(b"/", b"_").decode()  # for addresses, in half of what a table takes

    def open(self, token: str, now: datetime) -> Answered:
        """
        Read a token.

        Raises:
            FailedPrecondition: it is older than 30 minutes or not ours (MATCH_STALE).
        """
        try:
            content = urlsafe_b64decode(token + "=" * (-len(token) % 4)) if len(token) <= _LONGEST else b""
        except ValueError:  # not base64
            raise stale() from None
        payload, signature = content[:-_DIGEST_BYTES], content[-_DIGEST_BYTES:]
        if not hmac.compare_digest(_digest(self._signing, payload), signature):
            raise stale()
        if payload[:1] != bytes([_FORM]):  # of an earlier release, or a later one
            raise stale()
        answered = _read(payload)
        if answered.expires_s <= now.timestamp():
            raise stale()
        return answered


def expiry(now_s: float) -> float:
    """Say when a token made now ends; both in unix time."""
    return now_s + _LIFE_S


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


def _digest(keyed: blake2b, message: bytes) -> bytes:
    going_on = keyed.copy()
    going_on.update(message)
    return going_on.digest()


def _written(answered: Answered) -> bytes:
    epoch = answered.epoch.encode()
    head = _HEAD.pack(
        _FORM,
        answered.request,
        answered.safety,
        answered.revision,
        answered.evaluated_s,
        answered.expires_s,
        answered.with_interpreter,
        len(epoch),
    )
    return head + epoch + answered.rules.encode()


def _read(payload: bytes) -> Answered:
    _, request, safety, revision, evaluated_s, expires_s, with_interpreter, epoch_size = _HEAD.unpack_from(payload)
    texts = payload[_HEAD.size :]
    return Answered(
        request=request,
        safety=safety,
        epoch=texts[:epoch_size].decode(),
        revision=revision,
        rules=texts[epoch_size:].decode(),
        evaluated_s=evaluated_s,
        expires_s=expires_s,
        with_interpreter=with_interpreter,
    )
