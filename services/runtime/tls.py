"""
TLS by one folder, and the rule that without it nothing leaves this machine.

`tls.crt` and `tls.key` say who this process is; `ca.crt` says whom it believes.
A server with `ca.crt` demands a certificate of every client (mutual TLS); a
client may do without `tls.crt` where its token is enough for the server.
"""

import ipaddress
from pathlib import Path

import grpc
from cryptography.exceptions import UnsupportedAlgorithm
from cryptography.hazmat.primitives.serialization import load_pem_private_key
from cryptography.x509 import load_pem_x509_certificate

from services.errors import InvalidInput
from services.runtime.watched import WatchedFile


def server_credentials(tls_dir: Path) -> grpc.ServerCredentials:
    """
    Read a server's certificate and, if there is one, the authority of its clients.

    Both are read again when they change, so that a certificate is renewed without a restart: who connects from then
    on meets the new one, and nobody who is connected is cut off. A new key and certificate that do not fit each other,
    one of them still on its way, leave the old pair in use.

    Raises:
        InvalidInput: A file is missing, or the key is not the certificate's.
    """
    _read_pair(tls_dir)  # names what is missing
    pair = WatchedFile(tls_dir / "tls.crt", lambda _: _read_pair(tls_dir))
    authority = WatchedFile(tls_dir / "ca.crt", Path.read_bytes) if (tls_dir / "ca.crt").exists() else None

    def configuration() -> grpc.ServerCertificateConfiguration:
        return grpc.ssl_server_certificate_configuration([pair.value], None if authority is None else authority.value)

    def if_changed() -> grpc.ServerCertificateConfiguration | None:  # asked at every new connection
        is_new_pair, is_new_authority = pair.refresh(), authority is not None and authority.refresh()
        return configuration() if is_new_pair or is_new_authority else None

    # its stubs do not know that None is "as before"
    return grpc.dynamic_ssl_server_credentials(configuration(), if_changed, authority is not None)  # type: ignore[arg-type]


def channel_credentials(tls_dir: Path) -> grpc.ChannelCredentials:
    """Read the authority of the servers that are believed and, if there is one, our certificate."""
    authority = _read(tls_dir, "ca.crt")
    if not (tls_dir / "tls.crt").exists():
        return grpc.ssl_channel_credentials(authority)
    return grpc.ssl_channel_credentials(authority, _read(tls_dir, "tls.key"), _read(tls_dir, "tls.crt"))


def require_private(address: str, tls_dir: Path | None, *, allow_plaintext: bool) -> None:
    """
    Refuse plain text beyond this machine, where tokens could be read on the way.

    Raises:
        InvalidInput: The address is not loopback, there is no TLS, and nobody
            vouched for the network.
    """
    if tls_dir is None and not allow_plaintext and not is_loopback(address):
        raise InvalidInput("tls_dir must be set for an address beyond this machine")


def is_loopback(address: str) -> bool:
    """Say whether an address, "host:port" or "unix:path", stays on this machine."""
    if address.startswith("unix:"):
        return True
    host = address.rpartition(":")[0].strip("[]")
    if host == "localhost":
        return True
    try:
        return ipaddress.ip_address(host).is_loopback
    except ValueError:
        return False


def _read_pair(tls_dir: Path) -> tuple[bytes, bytes]:
    key, certificate = _read(tls_dir, "tls.key"), _read(tls_dir, "tls.crt")
    try:
        fits = load_pem_private_key(key, None).public_key() == load_pem_x509_certificate(certificate).public_key()
    except (ValueError, TypeError, UnsupportedAlgorithm):
        fits = False
    if not fits:
        raise InvalidInput("tls_dir must hold the tls.key of its tls.crt, in PEM and without a password")
    return key, certificate


def _read(tls_dir: Path, name: str) -> bytes:
    try:
        return (tls_dir / name).read_bytes()
    except OSError as error:
        raise InvalidInput(f"tls_dir must hold a readable {name}") from error
