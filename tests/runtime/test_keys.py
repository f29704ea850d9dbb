"""Which files hold a signing key, and what of it is published."""

import base64
import os
import stat
from pathlib import Path

import pytest
from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey

from services.errors import InvalidInput
from services.runtime.keys import (
    SigningKey,
    _thumbprint,
    create_signing_key,
    load_signing_key,
    read_jwks,
    write_jwks,
)


def test_a_signing_key_is_its_owners_alone(tmp_path: Path) -> None:
    path = tmp_path / "key.pem"
    key = create_signing_key(path)

    assert stat.S_IMODE(path.stat().st_mode) == 0o600
    assert load_signing_key(path).key_id == key.key_id
    assert "private" not in repr(key)
    with pytest.raises(FileExistsError):
        create_signing_key(path)
    path.chmod(0o640)
    with pytest.raises(InvalidInput):
        load_signing_key(path)


@pytest.mark.parametrize("content", [b"", b"no key", b"-----BEGIN PRIVATE KEY-----\nAAAA\n-----END PRIVATE KEY-----\n"])
def test_a_file_that_holds_no_key_is_refused(tmp_path: Path, content: bytes) -> None:
    path = tmp_path / "key.pem"
    path.write_bytes(content)
    path.chmod(0o600)

    with pytest.raises(InvalidInput):
        load_signing_key(path)


@pytest.mark.parametrize(
    "jwks",
    [
        "",
        "[]",
        '{"keys": []}',
        '{"keys": [{"kid": "a", "kty": "oct", "k": "c2VjcmV0"}]}',
        '{"keys": [{"kid": "a", "kty": "OKP", "crv": "Ed25519", "x": "c2hvcnQ"}]}',
        '{"keys": [{"kid": "a", "kty": "OKP", "crv": "Ed25519", "x": "eA", "d": "eA"}]}',
    ],
)
def test_only_public_ed25519_keys_are_published(tmp_path: Path, jwks: str) -> None:
    path = tmp_path / "jwks.json"
    path.write_text(jwks, encoding="utf-8")

    with pytest.raises(InvalidInput):
        read_jwks(path)


def test_readers_of_the_published_keys_never_see_a_part(tmp_path: Path) -> None:
    key = create_signing_key(tmp_path / "key.pem")
    write_jwks(tmp_path / "jwks.json", [key])

    assert sorted(os.listdir(tmp_path)) == ["jwks.json", "key.pem"]  # noqa: PTH208 -- hidden files as well
    assert read_jwks(tmp_path / "jwks.json").keys() == {key.key_id}
    assert "PRIVATE" not in (tmp_path / "jwks.json").read_text(encoding="utf-8")


def test_the_key_id_is_that_of_rfc_7638() -> None:
    # the example of RFC 8037, appendix A.3
    private = base64.urlsafe_b64decode("nWGxne_9WmC6hEr0kuwsxERJxWl7MmkZcDusAxyuf2A=")
    key = SigningKey("", Ed25519PrivateKey.from_private_bytes(private))

    assert _thumbprint(key.private.public_key()) == "kPrK_qmxVWaYVA9wwBF6Iuo3vVzz7TxHCTwXBygrS4k"
    assert key.public_jwk["x"] == "11qYAYKxCrfVS_7TyWQHOg7hcvPapiMlrwIaaPcHURo"
