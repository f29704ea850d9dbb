"""What processes have cost: seconds of a processor, which say the same on a busy machine as on an idle one."""

import os
from pathlib import Path
from typing import Final

_TICKS_PER_S: Final = os.sysconf("SC_CLK_TCK")


def spent_s(pid: int) -> float:
    """Read how long a process has computed, with its threads; a process that is gone has cost nothing."""
    return sum(_times(pid)[:2]) / _TICKS_PER_S


def spent_below_s(pid: int) -> float:
    """Read how long a process and all below it have computed, those that are gone too, if they were waited for."""
    return sum(_times(pid)) / _TICKS_PER_S + sum(map(spent_below_s, _children(pid)))


def _times(pid: int) -> list[int]:
    try:
        told = Path(f"/proc/{pid}/stat").read_text(encoding="utf-8")
    except OSError:
        return [0]
    # a process may call itself anything, but its name ends with the last parenthesis
    return [int(field) for field in told.rpartition(")")[2].split()[11:15]]


def _children(pid: int) -> list[int]:
    found: list[int] = []
    for task in Path(f"/proc/{pid}/task").glob("*/children"):
        found += map(int, task.read_text(encoding="ascii").split())
    return found
