"""Tokens: minting them, and the verifier that every call passes through."""

from collections import OrderedDict
from collections.abc import Callable, Collection, Mapping
from dataclasses import dataclass
from datetime import UTC, datetime
from math import isfinite
from pathlib import Path
from typing import Any, Final
from uuid import uuid4

import jwt
import structlog
from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PublicKey

from services.errors import IhalaError, InvalidInput, Unauthenticated
from services.runtime.auth import OPAQUE_ID, Principal, Role
from services.runtime.denials import Denials, read_denials
from services.runtime.keys import SigningKey, read_jwks
from services.runtime.watched import WatchedFile

ISSUER: Final = "ihala"
AUDIENCE: Final = "ihala"
ALGORITHM: Final = "EdDSA"
LEEWAY_S: Final = 60.0  #: how far apart the clocks of two machines may be
MAX_LIFE_S: Final = 90 * 24 * 3600.0  #: a token that lives longer is refused whatever it says
MAX_TOKEN_LENGTH: Final = 4096  #: characters
CACHE_SIZE: Final = 4096  #: verified tokens remembered by their text
REREAD_AFTER_S: Final = 1.0  #: how long a change of the key or the deny file may go unseen

log = structlog.get_logger(__name__)


def mint(
    key: SigningKey,
    *,
    client_id: str,
    roles: Collection[Role],
    now: datetime,
    life_s: float,
    receiver_ids: Collection[str] = (),
    actor: str | None = None,
) -> str:
    """
    Sign a token.

    Args:
        key: The key to sign with; its public half stands in the verifiers' JWKS file.

        client_id: Whose token it is; also the scope of its request ids.

        roles: At least one.

        now: When it is issued.

        life_s: Time in seconds until it expires, in (0, MAX_LIFE_S].

        receiver_ids: The desks that a receiver may act as; needed with that role.

        actor: Binds the token to one worker.
    """
    if not roles:
        raise InvalidInput("roles must not be empty")
    if not 0.0 < life_s <= MAX_LIFE_S:
        raise InvalidInput(f"life_s must be in (0, {MAX_LIFE_S:.0f}]")
    if Role.RECEIVER in roles and not receiver_ids:
        raise InvalidInput("receiver_ids must not be empty for a receiver")
    for name in (client_id, *receiver_ids, *([] if actor is None else [actor])):
        if OPAQUE_ID.fullmatch(name) is None:
            raise InvalidInput("ids must be 1 to 64 of A-Z a-z 0-9 _ . @ -")
    issued_s = now.timestamp()
    claims: dict[str, Any] = {
        "iss": ISSUER,
        "aud": AUDIENCE,
        "sub": client_id,
        "jti": uuid4().hex,
        "iat": issued_s,
        "exp": issued_s + life_s,
        "roles": sorted(roles),
    }
    if receiver_ids:
        claims["receiver_ids"] = sorted(receiver_ids)
    if actor is not None:
        claims["actor"] = actor
    return jwt.encode(claims, key.private, algorithm=ALGORITHM, headers={"kid": key.key_id})


@dataclass(frozen=True, slots=True)
class _Verified:
    principal: Principal
    expires_s: float  #: unix time, leeway included


class Verifier:
    """
    Turns a token into a `Principal`, or refuses it.

    A token that held is remembered by its text until it expires or until the
    key file or the deny file changes; both are looked at once a second.

    Args:
        jwks_file: The public keys that tokens may be signed with.

        deny_file: Revoked tokens and subjects, see `denials`; None for none.

        now: The clock, timezone-aware.

        max_life_s: Time in seconds between issue and expiry that is accepted at most.
    """

    def __init__(
        self,
        jwks_file: Path,
        deny_file: Path | None = None,
        *,
        now: Callable[[], datetime],
        max_life_s: float = MAX_LIFE_S,
    ) -> None:
        self._now = now
        self._max_life_s = max_life_s
        self._cache: OrderedDict[str, _Verified] = OrderedDict()
        self._keys = WatchedFile(jwks_file, read_jwks)
        self._denials = None if deny_file is None else WatchedFile(deny_file, read_denials)
        self._read_s = now().timestamp()

    def verify(self, token: str) -> Principal:
        """
        Say who a token's bearer is.

        Raises:
            Unauthenticated: It is malformed, not ours, not yet or no longer valid, or revoked.
        """
        now_s = self._now().timestamp()
        # abs: a clock that was set back must not put off the look for hours
        if abs(now_s - self._read_s) >= REREAD_AFTER_S:
            self._reread(now_s)
        verified = self._cache.get(token)
        if verified is None:
            verified = self._verify_anew(token, now_s)
            self._cache[token] = verified
            if len(self._cache) > CACHE_SIZE:
                self._cache.popitem(last=False)
        elif verified.expires_s <= now_s:
            del self._cache[token]
            raise _expired()
        else:
            self._cache.move_to_end(token)
        return verified.principal

    def _reread(self, now_s: float) -> None:
        self._read_s = now_s
        keys_changed = self._keys.refresh()
        denials_changed = self._denials is not None and self._denials.refresh()
        if keys_changed or denials_changed:
            self._cache.clear()

    def _verify_anew(self, token: str, now_s: float) -> _Verified:
        claims = _signed_claims(token, self._key)
        try:
            issued_s, expires_s = _seconds(claims["iat"]), _seconds(claims["exp"])
            starts_s = _seconds(claims.get("nbf", issued_s))
            principal = _principal(claims, issued_s, expires_s)
        except (ValueError, KeyError, TypeError, OverflowError) as error:
            raise _refused(error) from error
        if expires_s + LEEWAY_S <= now_s:
            raise _expired()
        if max(issued_s, starts_s) > now_s + LEEWAY_S:
            raise Unauthenticated("the token is not valid yet")
        if expires_s - issued_s > self._max_life_s:
            raise Unauthenticated("the token lives longer than is allowed")
        denials = Denials() if self._denials is None else self._denials.value
        if denials.refuse(token_id=principal.token_id, client_id=principal.client_id, issued_s=issued_s):
            raise Unauthenticated("the token was revoked")
        return _Verified(principal, expires_s + LEEWAY_S)

    def _key(self, key_id: str) -> Ed25519PublicKey:
        if key_id not in self._keys.value:  # a new key is published the moment before its first token comes
            self._keys.refresh()
        return self._keys.value[key_id]


def _signed_claims(token: str, key_of: Callable[[str], Ed25519PublicKey]) -> Mapping[str, Any]:
    if len(token) > MAX_TOKEN_LENGTH:
        raise Unauthenticated("the token is too long")
    try:
        return jwt.decode(
            token,
            key_of(jwt.get_unverified_header(token)["kid"]),
            algorithms=[ALGORITHM],  # an allow-list: the token's own word for it counts for nothing
            issuer=ISSUER,
            audience=AUDIENCE,
            options={
                "strict_aud": True,
                "require": ["sub", "jti", "iat", "exp"],
                # times are judged by our clock, which is an argument
                "verify_exp": False,
                "verify_nbf": False,
                "verify_iat": False,
            },
        )
    except (jwt.PyJWTError, KeyError, TypeError, ValueError) as error:
        raise _refused(error) from error


def _principal(claims: Mapping[str, Any], issued_s: float, expires_s: float) -> Principal:
    # a role that a later version knows gives nothing here
    roles = frozenset(Role(name) for name in _texts(claims["roles"]) if name in _ROLE_NAMES)
    actor = claims.get("actor")
    return Principal(
        client_id=_opaque_id(claims["sub"]),
        roles=roles,
        receiver_ids=frozenset(map(_opaque_id, _texts(claims.get("receiver_ids", [])))),
        actor=None if actor is None else _opaque_id(actor),
        token_id=_opaque_id(claims["jti"]),
        issued_time=datetime.fromtimestamp(issued_s, UTC),
        expires_time=datetime.fromtimestamp(expires_s, UTC),
    )


_ROLE_NAMES: Final = frozenset(Role)


def _seconds(claim: Any) -> float:
    if isinstance(claim, bool) or not isinstance(claim, int | float) or not isfinite(claim):
        raise ValueError("not a time")
    return float(claim)


def _texts(claim: Any) -> list[str]:
    if not isinstance(claim, list) or not all(isinstance(each, str) for each in claim):
        raise ValueError("not a list of texts")
    return claim


def _opaque_id(claim: Any) -> str:
    if not isinstance(claim, str) or OPAQUE_ID.fullmatch(claim) is None:
        raise ValueError("not an opaque id")
    return claim


def _refused(error: Exception) -> IhalaError:
    # the caller learns that it failed, not how far a forgery came
    log.info("token.refused", error=type(error).__name__)
    return Unauthenticated("the token does not hold")


def _expired() -> IhalaError:
    return Unauthenticated("the token has expired")
