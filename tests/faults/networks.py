"""
Networks of a house's or a cluster's own, in which something is lost: no side hears that the other is gone.

Needs to be root. What was under way is sent again by the kernel until it is let through again.
"""

import ctypes
import os
import shutil
import subprocess
from collections.abc import Collection, Iterator, Mapping
from contextlib import ExitStack, contextmanager
from dataclasses import dataclass
from pathlib import Path

import pytest

CLONE_NEWNET = 0x40000000
HERE = Path("/proc/thread-self/ns/net")
BRIDGE = "between"

needs_networks = pytest.mark.skipif(
    os.geteuid() != 0 or shutil.which("ip") is None, reason="needs root and the command ip"
)


def ip(*arguments: str) -> None:
    """Configure the network that this thread is in."""
    subprocess.run(["ip", *arguments], check=True, capture_output=True, timeout=10)


@contextmanager
def own_network() -> Iterator[None]:
    """Let this thread, and what it starts, have a loopback of its own while the context lasts."""
    with _kept():
        _enter_new()
        yield


@contextmanager
def cut_off(port: int) -> Iterator[None]:
    """Lose what goes to a port and what comes from it while the context lasts; new connections fail at once."""
    rules = [("pref", "1", "ipproto", "tcp", side, str(port), "blackhole") for side in ("dport", "sport")]
    for rule in rules:
        ip("rule", "add", *rule)
    try:
        yield
    finally:
        for rule in rules:
            ip("rule", "del", *rule)


@dataclass(frozen=True)
class Networks:
    """Networks with an address each on one bridge, and this thread's on the same bridge."""

    addresses: Mapping[str, str]
    _descriptors: Mapping[str, int]

    @contextmanager
    def inside(self, name: str) -> Iterator[None]:
        """Let this thread, and what it starts, be in one of them while the context lasts."""
        with _kept():
            _enter(self._descriptors[name])
            yield

    @contextmanager
    def parted(self, side: Collection[str]) -> Iterator[None]:
        """Lose what goes between these and all others; each is heard by this thread's network as before."""
        others = self.addresses.keys() - set(side)
        lost = [(at, self.addresses[of]) for one, two in ((side, others), (others, side)) for at in one for of in two]
        with ExitStack() as stack:
            for at, address in lost:
                stack.enter_context(self._lost(at, address))
            yield

    @contextmanager
    def _lost(self, at: str, address: str) -> Iterator[None]:
        rule = ("pref", "1", "from", address, "blackhole")
        with self.inside(at):
            ip("rule", "add", *rule)
        try:
            yield
        finally:
            with self.inside(at):
                ip("rule", "del", *rule)


@contextmanager
def own_networks(names: Collection[str]) -> Iterator[Networks]:
    """Make a network for each name, and let this thread be in another one while the context lasts."""
    descriptors: dict[str, int] = {}
    addresses = {name: f"10.77.0.{number}" for number, name in enumerate(names, 1)}
    try:
        with own_network():
            ip("link", "add", BRIDGE, "type", "bridge")
            ip("address", "add", "10.77.0.254/24", "dev", BRIDGE)
            ip("link", "set", BRIDGE, "up")
            for name in names:
                with _kept():
                    _enter_new()
                    descriptors[name] = os.open(HERE, os.O_RDONLY)
                there = f"/proc/{os.getpid()}/fd/{descriptors[name]}"
                ip("link", "add", f"to-{name}", "type", "veth", "peer", "name", "wire", "netns", there)
                ip("link", "set", f"to-{name}", "master", BRIDGE, "up")
                with _kept():
                    _enter(descriptors[name])
                    ip("address", "add", f"{addresses[name]}/24", "dev", "wire")
                    ip("link", "set", "wire", "up")
            yield Networks(addresses, descriptors)
    finally:
        for descriptor in descriptors.values():
            os.close(descriptor)


@contextmanager
def _kept() -> Iterator[None]:
    """Be in the network of now again when the context ends."""
    before = os.open(HERE, os.O_RDONLY)
    try:
        yield
    finally:
        _enter(before)
        os.close(before)


def _enter(descriptor: int) -> None:
    libc = ctypes.CDLL(None, use_errno=True)
    if libc.setns(descriptor, CLONE_NEWNET) != 0:
        raise OSError(ctypes.get_errno(), "setns")


def _enter_new() -> None:
    libc = ctypes.CDLL(None, use_errno=True)
    if libc.unshare(CLONE_NEWNET) != 0:
        raise OSError(ctypes.get_errno(), "unshare")
    ip("link", "set", "lo", "up")
    # the kernel's own rule of addresses comes first, before any that we could add
    ip("rule", "add", "pref", "100", "lookup", "local")
    ip("rule", "del", "pref", "0")
