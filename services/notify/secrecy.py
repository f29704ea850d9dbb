"""
Turn codes, PINs and cookies into digests, and say how long a guesser waits. Pure.

A code or PIN has so few digits that a plain hash of it is no secret: scrypt makes
each guess cost time, and a PIN's salt is the device's cookie, which is not stored.
"""

import hashlib
import hmac
import re
from datetime import timedelta
from typing import Final

from services.errors import InvalidInput

CODE: Final = re.compile(r"[0-9]{8}", re.ASCII)
PIN: Final = re.compile(r"[0-9]{4,12}", re.ASCII)
SHIFT: Final = timedelta(minutes=10)  #: for which a PIN opens the offers
CODE_VALID: Final = timedelta(minutes=30)
PIN_TRIES: Final = 5  #: wrong ones, until the device waits
PIN_WAITS: Final = tuple(timedelta(minutes=each) for each in (5, 15, 60))
CODE_TRIES: Final = 60  #: wrong codes by anybody, within
CODE_TRIES_WITHIN: Final = timedelta(minutes=10)
_SCRYPT: Final = {"n": 2**14, "r": 8, "p": 1, "dklen": 32}
_DIGITS: Final = str.maketrans("٠١٢٣٤٥٦٧٨٩۰۱۲۳۴۵۶۷۸۹", "01234567890123456789")
_SPACES: Final = re.compile(r"[\s\u200e\u200f-]+")


def in_figures(text: str) -> str:
    """Read what is typed in Arabic figures."""
    return text.strip().translate(_DIGITS)


def digits_of(text: str) -> str:
    """Read a code or PIN as people type it: in groups, or in Arabic figures."""
    return _SPACES.sub("", in_figures(text))


def require_pin(pin: str) -> str:
    """
    Return a new PIN.

    Raises:
        InvalidInput: it is not 4 to 12 digits, or is one digit repeated.
    """
    if PIN.fullmatch(pin) is None or len(set(pin)) == 1:
        raise InvalidInput("pin must be 4 to 12 digits, not all the same")
    return pin


def code_digest(code: str) -> bytes:
    """Digest an enrolment code, slowly; equal codes have equal digests, since it is found by it."""
    return hashlib.scrypt(code.encode(), salt=b"ihala enrolment code", **_SCRYPT)


def token_digest(token: str) -> bytes:
    """Digest a device's cookie, which has 256 random bits."""
    return hashlib.sha256(b"ihala device" + token.encode()).digest()


def pin_digest(pin: str, token: str) -> bytes:
    """Digest a PIN so that neither the database alone nor the cookie alone can test a guess."""
    salt = hmac.digest(token.encode(), b"ihala pin", "sha256")
    return hashlib.scrypt(pin.encode(), salt=salt, **_SCRYPT)


def form_token(token: str) -> str:
    """Make what a form of this device carries, so that no other page can post it."""
    return hmac.new(token.encode(), b"ihala form", "sha256").hexdigest()[:32]


def wait_after(wrong_pins: int) -> timedelta | None:
    """
    Say how long a device waits after so many wrong PINs in a row.

    Returns:
        None while more tries are left.
    """
    if wrong_pins % PIN_TRIES:
        return None
    return PIN_WAITS[min(wrong_pins // PIN_TRIES, len(PIN_WAITS)) - 1]
