"""Free TCP ports of loopback, remembered by name so that a second run listens where the first did."""

import json
import socket
from pathlib import Path

from services.runtime.embedded.files import write_private

LOOPBACK = "127.0.0.1"


class Ports:
    """
    The ports of one project folder.

    Args:
        file: Where they are remembered, as a JSON object of name to port. A file that
            cannot be read as that is begun anew.
    """

    def __init__(self, file: Path) -> None:
        self._file = file
        self._ports = _read(file)

    def get(self, name: str) -> int:
        """Return the remembered port of a name, or a new one if it has none or another program listens there."""
        port = self._ports.get(name)
        if port is not None and is_free(port):
            return port
        return self.replace(name)

    def replace(self, name: str) -> int:
        """Choose and remember a new port for a name."""
        port = _free_port()
        while port in self._ports.values():
            port = _free_port()
        self._ports[name] = port
        write_private(self._file, json.dumps(self._ports, indent=2) + "\n")
        return port


def is_free(port: int) -> bool:
    """Say whether a server could listen on this port of loopback now."""
    with socket.socket() as attempt:
        # a port whose last connections are still closing counts as free, as it does for the servers
        attempt.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
        try:
            attempt.bind((LOOPBACK, port))
        except OSError:
            return False
        return True


def _free_port() -> int:
    with socket.socket() as attempt:
        attempt.bind((LOOPBACK, 0))
        port: int = attempt.getsockname()[1]
        return port


def _read(file: Path) -> dict[str, int]:
    try:
        found = json.loads(file.read_text())
    except (OSError, ValueError):
        return {}
    if not isinstance(found, dict):
        return {}
    return {str(name): port for name, port in found.items() if isinstance(port, int) and 0 < port < 2**16}
