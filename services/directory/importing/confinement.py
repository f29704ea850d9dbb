"""
Give up what a reader of untrusted files does not need, before it opens the first one.

What this system does not offer is passed over: the limits of memory and time are
everywhere; no network, no new privileges and few calls of the kernel on Linux.
"""

import contextlib
import ctypes
import resource
import signal
import sys
from typing import Final

from services.directory.importing.limits import MEGABYTE, Limits
from services.directory.importing.syscalls import refuse_calls

_PR_SET_PDEATHSIG: Final = 1
_PR_SET_DUMPABLE: Final = 4
_PR_SET_NO_NEW_PRIVS: Final = 38
_CLONE_NEWUSER: Final = 0x10000000
_CLONE_NEWNET: Final = 0x40000000
_MOST_FILES: Final = 128


def confine(limits: Limits) -> None:
    """Bound memory and time, and give up writing files, dumping core, the network and every new privilege."""
    libc = ctypes.CDLL(None, use_errno=True) if sys.platform == "linux" else None
    if libc is not None:
        _confine_on_linux(libc)
    memory_bytes = limits.memory_megabytes * MEGABYTE
    _bound(resource.RLIMIT_CPU, limits.cpu_s)
    _bound(resource.RLIMIT_AS, memory_bytes)
    _bound(resource.RLIMIT_FSIZE, 0)
    _bound(resource.RLIMIT_CORE, 0)
    _bound(resource.RLIMIT_NOFILE, _MOST_FILES)
    if libc is not None:
        refuse_calls(libc)  # the last: it refuses what was done until here


def _bound(kind: int, value: int) -> None:
    hard = resource.getrlimit(kind)[1]
    least = value if hard == resource.RLIM_INFINITY else min(value, hard)
    with contextlib.suppress(ValueError, OSError):  # macOS knows no limit of addresses
        resource.setrlimit(kind, (least, least))


def _confine_on_linux(libc: ctypes.CDLL) -> None:
    libc.prctl(_PR_SET_PDEATHSIG, int(signal.SIGKILL), 0, 0, 0)  # nobody waits for it any more
    libc.prctl(_PR_SET_NO_NEW_PRIVS, 1, 0, 0, 0)
    libc.prctl(_PR_SET_DUMPABLE, 0, 0, 0, 0)
    # root may leave the network alone; others need a user namespace, which some systems forbid
    if libc.unshare(_CLONE_NEWNET) != 0:
        libc.unshare(_CLONE_NEWUSER | _CLONE_NEWNET)
