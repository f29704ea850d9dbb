"""Ed25519 signing keys and the JWKS file that verifiers read: made, kept private, published."""

import base64
import hashlib
import json
import os
import stat
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any
from uuid import uuid4

from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey, Ed25519PublicKey
from cryptography.hazmat.primitives.serialization import (
    Encoding,
    NoEncryption,
    PrivateFormat,
    PublicFormat,
    load_pem_private_key,
)

from services.errors import InvalidInput


@dataclass(frozen=True, slots=True)
class SigningKey:
    """A private key and the name that tokens refer to it by."""

    key_id: str  #: RFC 7638 thumbprint of the public half
    private: Ed25519PrivateKey = field(repr=False)

    @property
    def public_jwk(self) -> dict[str, str]:
        """The public half as a JSON Web Key."""
        jwk = _jwk_members(self.private.public_key())
        return jwk | {"kid": self.key_id, "alg": "EdDSA", "use": "sig"}


def create_signing_key(path: Path) -> SigningKey:
    """
    Make a key and write it where only its owner can read it.

    Raises:
        FileExistsError: There is a key already; it is never overwritten.
    """
    private = Ed25519PrivateKey.generate()
    pem = private.private_bytes(Encoding.PEM, PrivateFormat.PKCS8, NoEncryption())
    write_secret(path, pem)
    return SigningKey(_thumbprint(private.public_key()), private)


def load_signing_key(path: Path) -> SigningKey:
    """
    Read a key that `create_signing_key` wrote.

    Raises:
        InvalidInput: Others than its owner can read the file, or it holds no Ed25519 key.
    """
    if stat.S_IMODE(path.stat().st_mode) & 0o077:
        raise InvalidInput("signing_key must be readable by its owner alone (chmod 600)")
    try:
        private = load_pem_private_key(path.read_bytes(), password=None)
    except ValueError as error:
        raise InvalidInput("signing_key must be a PEM file") from error
    if not isinstance(private, Ed25519PrivateKey):
        raise InvalidInput("signing_key must be an Ed25519 key")
    return SigningKey(_thumbprint(private.public_key()), private)


def write_secret(path: Path, content: bytes) -> None:
    """Write a new file that only its owner can read, durably; an existing one is never touched."""
    descriptor = os.open(path, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o600)
    with os.fdopen(descriptor, "wb") as file:
        file.write(content)
        file.flush()
        os.fsync(file.fileno())


def write_jwks(path: Path, keys: Sequence[SigningKey]) -> None:
    """Publish the public halves. Readers see the old file or the new one, never a part."""
    document = json.dumps({"keys": [key.public_jwk for key in keys]}, indent=2)
    fresh = path.with_name(f".{path.name}.{uuid4().hex}")
    fresh.write_text(f"{document}\n", encoding="utf-8")
    fresh.replace(path)


def read_jwks(path: Path) -> Mapping[str, Ed25519PublicKey]:
    """
    Read the keys that tokens may be signed with, by key id.

    Raises:
        InvalidInput: The file is not a JWKS, is empty, or holds anything but public Ed25519 keys.
    """
    try:
        document = json.loads(path.read_text(encoding="utf-8"))
        keys = {str(jwk["kid"]): _public_key(jwk) for jwk in document["keys"]}
    except (ValueError, KeyError, TypeError) as error:
        raise InvalidInput("jwks_file must be a JSON Web Key Set of Ed25519 keys") from error
    if not keys:
        raise InvalidInput("jwks_file must hold at least one key")
    return keys


def _public_key(jwk: Mapping[str, Any]) -> Ed25519PublicKey:
    if jwk["kty"] != "OKP" or jwk["crv"] != "Ed25519":
        raise ValueError("another kind of key")
    if "d" in jwk:
        raise InvalidInput("jwks_file must not hold private keys")
    encoded = str(jwk["x"])
    raw = base64.urlsafe_b64decode(encoded + "=" * (-len(encoded) % 4))
    return Ed25519PublicKey.from_public_bytes(raw)


def _jwk_members(public: Ed25519PublicKey) -> dict[str, str]:
    raw = public.public_bytes(Encoding.Raw, PublicFormat.Raw)
    return {"crv": "Ed25519", "kty": "OKP", "x": _base64url(raw)}


def _thumbprint(public: Ed25519PublicKey) -> str:
    # RFC 7638: the required members alone, sorted, without white space
    members = json.dumps(_jwk_members(public), sort_keys=True, separators=(",", ":"))
    return _base64url(hashlib.sha256(members.encode()).digest())


def _base64url(raw: bytes) -> str:
    return base64.urlsafe_b64encode(raw).rstrip(b"=").decode()
