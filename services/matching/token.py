"""
The match token: signed proof of which request was answered from which directory, for 30 minutes.

Of the request it holds nothing but the signature, a keyed digest of both: so nothing of the person
can be read or guessed from it. All replicas that share the key accept each other's.
"""

import hmac
from datetime import datetime
from hashlib import blake2b
from pathlib import Path
from struct import Struct
from typing import Final

from services.errors import FailedPrecondition, InvalidInput, Reason
from services.values import value

LIFE_S: Final = 1800.0
KEY_BYTES: Final = 32
_LONGEST: Final = 2048  # characters


@value
class Answered:
    """What a token says."""

    epoch: str
    revision: int
    rules: str
    evaluated_s: float  #: unix time for which the answer was judged
    expires_s: float  #: unix time
    with_interpreter: bool = False  #: an interpreter was added to the answer (R40)


#: what stands before the texts: the form of all this, the numbers, and how long each text is
_HEAD: Final = Struct(">Bqdd?HH")
_FORM: Final = 4
_SIGNATURE_BYTES: Final = 32


class Sealer:
    """
    Signs tokens and opens them again.

    Args:
        key: 32 secret bytes, the same for every replica.
    """

    def __init__(self, key: bytes) -> None:
        if len(key) != KEY_BYTES:
            raise InvalidInput(f"token_key_file must hold {KEY_BYTES} bytes")
        signing_key = hmac.digest(key, b"ihala match token sign", "sha256")
        # with the key in it already: a copy goes on from there
        self._signing = blake2b(key=signing_key, digest_size=_SIGNATURE_BYTES)

    def seal(self, answered: Answered, request: bytes) -> str:
        """
        Sign what was answered.

        Args:
            answered: What the token says.

            request: What was asked, its envelope included.
        """
        payload = _written(answered)
        return (payload + self._signature(payload, request)).hex()

    def open(self, token: str, request: bytes, now: datetime) -> Answered:
        """
        Read a token.

        Args:
            token: As it was sealed.

            request: What was asked.

            now: The time, timezone-aware.

        Raises:
            FailedPrecondition: it is older than 30 minutes, not ours or of another request (MATCH_STALE).
        """
        try:
            content = bytes.fromhex(token) if len(token) <= _LONGEST else b""
        except ValueError:
            raise _stale() from None
        if content.hex() != token:  # it has one spelling
            raise _stale()
        payload, signature = content[:-_SIGNATURE_BYTES], content[-_SIGNATURE_BYTES:]
        if not hmac.compare_digest(self._signature(payload, request), signature):
            raise _stale()
        if payload[:1] != bytes([_FORM]) or len(payload) < _HEAD.size:  # of an earlier release, or a later one
            raise _stale()
        answered = _read(payload)
        if answered.expires_s <= now.timestamp():
            raise _stale()
        return answered

    def _signature(self, payload: bytes, request: bytes) -> bytes:
        signing = self._signing.copy()
        signing.update(payload + request)  # a payload says how long it is: no byte of one can be taken for the other's
        return signing.digest()


def _stale() -> FailedPrecondition:
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


def _written(answered: Answered) -> bytes:
    epoch, rules = answered.epoch.encode(), answered.rules.encode()
    head = _HEAD.pack(
        _FORM,
        answered.revision,
        answered.evaluated_s,
        answered.expires_s,
        answered.with_interpreter,
        len(epoch),
        len(rules),
    )
    return head + epoch + rules


def _read(payload: bytes) -> Answered:
    _, revision, evaluated_s, expires_s, with_interpreter, epoch_size, rules_size = _HEAD.unpack_from(payload)
    texts = payload[_HEAD.size :]
    if len(texts) != epoch_size + rules_size:  # some of it was signed as a request, or some of the request is here
        raise _stale()
    return Answered(
        epoch=texts[:epoch_size].decode(),
        revision=revision,
        rules=texts[epoch_size:].decode(),
        evaluated_s=evaluated_s,
        expires_s=expires_s,
        with_interpreter=with_interpreter,
    )
