"""
A network of a house's own, in which what is said to one port is lost: no side hears that the other is gone.

Needs to be root. What was under way is sent again by the kernel until the port is open again; new connections fail at
once.
"""

import ctypes
import os
import shutil
import subprocess
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import pytest

CLONE_NEWNET = 0x40000000
HERE = Path("/proc/thread-self/ns/net")

needs_networks = pytest.mark.skipif(
    os.geteuid() != 0 or shutil.which("ip") is None, reason="needs root and the command ip"
)


def ip(*arguments: str) -> None:
    """Configure the network that this thread is in."""
    subprocess.run(["ip", *arguments], check=True, capture_output=True, timeout=10)


@contextmanager
def own_network() -> Iterator[None]:
    """Let this thread, and what it starts, have a loopback of its own while the context lasts."""
    libc = ctypes.CDLL(None, use_errno=True)
    before = os.open(HERE, os.O_RDONLY)
    try:
        if libc.unshare(CLONE_NEWNET) != 0:
            raise OSError(ctypes.get_errno(), "unshare")
        try:
            ip("link", "set", "lo", "up")
            # the kernel's own rule of addresses comes first, before any that we could add
            ip("rule", "add", "pref", "100", "lookup", "local")
            ip("rule", "del", "pref", "0")
            yield
        finally:
            libc.setns(before, CLONE_NEWNET)
    finally:
        os.close(before)


@contextmanager
def cut_off(port: int) -> Iterator[None]:
    """Lose what goes to a port and what comes from it while the context lasts."""
    rules = [("pref", "1", "ipproto", "tcp", side, str(port), "blackhole") for side in ("dport", "sport")]
    for rule in rules:
        ip("rule", "add", *rule)
    try:
        yield
    finally:
        for rule in rules:
            ip("rule", "del", *rule)
