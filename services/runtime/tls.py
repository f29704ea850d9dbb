"""
TLS by one folder, and the rule that without it nothing leaves this machine.

`tls.crt` and `tls.key` say who this process is; `ca.crt` says whom it believes.
A server with `ca.crt` demands a certificate of every client (mutual TLS); a
client may do without `tls.crt` where its token is enough for the server.
"""

import ipaddress
from pathlib import Path

import grpc

from services.errors import InvalidInput


def server_credentials(tls_dir: Path) -> grpc.ServerCredentials:
    """Read a server's certificate and, if there is one, the authority of its clients."""
    pair = _read(tls_dir, "tls.key"), _read(tls_dir, "tls.crt")
    authority = _read(tls_dir, "ca.crt") if (tls_dir / "ca.crt").exists() else None
    return grpc.ssl_server_credentials([pair], authority, authority is not None)


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


def _read(tls_dir: Path, name: str) -> bytes:
    try:
        return (tls_dir / name).read_bytes()
    except OSError as error:
        raise InvalidInput(f"tls_dir must hold a readable {name}") from error
