"""
Points in the code at which a test lets a process die, stall or fail; in a house that serves nobody ever gets there.

`FAILPOINT=<name>:<act>[:<number>]` arms one of `POINTS` at the start: at its nth passing,
the first by default, the process kills itself (`kill9`), stands still for `STALL_S`
(`sleep`), or fails as by a fault that nobody foresaw (`raise`). It acts once. With FAILPOINT a process
refuses to start unless `IHALA_FAULT_TEST` is `1` too, so that no stray variable stops a referral.
"""

import asyncio
import os
import re
import signal
import time
from collections.abc import Mapping
from dataclasses import dataclass
from enum import StrEnum
from typing import Final

VARIABLE: Final = "FAILPOINT"
FLAG: Final = "IHALA_FAULT_TEST"
STALL_S: Final = 3.0
SOON_S: Final = 0.0005  #: enough to be written to the socket, and too little for the answer of a disk
#: in the order in which a referral comes by
POINTS: Final[Mapping[str, str]] = {
    "M1": "referrals: the request is read and checked",
    "M2": "referrals: the request id is taken, nothing else is written",
    "M3": "referrals: offers and holds are written, events are not",
    "M4": "referrals: all is written and not committed",
    "M5": "referrals: committed, not answered",
    "L1": "relay: rows are in hand",
    "L2": "relay: published, not confirmed",
    "L3": "relay: confirmed, not marked",
    "L4": "relay: marked, not committed",
    "N1": "notify: a message came",
    "N2": "notify: it is in the inbox, not committed",
    "N3": "notify: committed, not acknowledged",
    "N4": "notify: acknowledged",
    "C1": "channels: an attempt is taken on, nothing is sent",
    "C2": "channels: sent, not answered",
    "C3": "channels: answered, not committed",
    "E1": "sweeper: holds that ran out are chosen",
    "E2": "sweeper: a place is freed, not committed",
}
_WRITTEN: Final = re.compile(r"(?P<name>[A-Z][0-9]):(?P<act>[a-z0-9]+)(:(?P<number>[1-9][0-9]{0,3}))?", re.ASCII)


class Act(StrEnum):
    """What a process does at its failpoint."""

    KILL = "kill9"
    SLEEP = "sleep"
    RAISE = "raise"


class FailpointReached(Exception):  # named for what happened
    """The fault that nobody foresaw."""


@dataclass(slots=True)
class _Armed:
    name: str
    act: Act
    left: int  #: passings until it acts; 0: it has acted


_armed: _Armed | None = None


def faults_of(environment: Mapping[str, str]) -> list[str]:
    """Say why a process must not start with these variables; nothing if it may."""
    written = environment.get(VARIABLE)
    if not written:
        return []
    if environment.get(FLAG) != "1":
        return [f"{VARIABLE} must not be set: it is for tests of faults"]
    return [] if _read(written) is not None else [f"{VARIABLE} must be NAME:kill9|sleep|raise[:NUMBER] of a known name"]


def arm(environment: Mapping[str, str]) -> None:
    """Arm what the environment names; nothing if `faults_of` finds a fault in it, or it names none."""
    global _armed  # noqa: PLW0603 -- one a process, set before it serves
    _armed = None if faults_of(environment) else _read(environment.get(VARIABLE, ""))


def reach(name: str) -> None:
    """
    Pass a point.

    Raises:
        FailpointReached: it is armed so.
    """
    if _armed is None or _armed.name != name or not _armed.left:
        return
    _armed.left -= 1
    if _armed.left:
        return
    match _armed.act:
        case Act.KILL:
            os.kill(os.getpid(), signal.SIGKILL)
        case Act.SLEEP:
            time.sleep(STALL_S)  # the whole process, as under SIGSTOP
        case Act.RAISE:
            raise FailpointReached


def reach_soon(name: str) -> None:
    """Pass a point just after what is being sent now is on its way; a `raise` there reaches nobody."""
    if _armed is not None and _armed.name == name and _armed.left:
        asyncio.get_running_loop().call_later(SOON_S, reach, name)


def _read(written: str) -> _Armed | None:
    found = _WRITTEN.fullmatch(written)
    if found is None or found["name"] not in POINTS or found["act"] not in set(Act):
        return None
    return _Armed(found["name"], Act(found["act"]), int(found["number"] or 1))
