"""
Finds and ends children that outlived a run.

The kernel ends them at their parent's death (see `launch`), so this meets only those
that are still busy ending, and other systems than Linux, where nothing is found.
"""

import contextlib
import os
import signal
import time
from collections.abc import Iterator
from pathlib import Path
from signal import Signals

GRACE_S = 10.0
POLL_S = 0.02
PROCESSES = Path("/proc")


def record(folder: Path, name: str, pid: int, stop_signal: Signals) -> None:
    """Write down which process a child is, in a way that its number used again is not taken for it."""
    (folder / name).write_text(f"{pid} {_start_time(pid)} {int(stop_signal)}")


def forget(folder: Path, name: str) -> None:
    """Strike a child that has ended."""
    (folder / name).unlink(missing_ok=True)


def find(folder: Path, name: str) -> int | None:
    """Return the process id of a recorded child, or None if it does not run."""
    found = _read(folder / name)
    return found and found[0]


def end_recorded(folder: Path) -> list[str]:
    """End every recorded child that still runs and return their names."""
    alive: dict[str, int] = {}
    for file in sorted(folder.iterdir()):
        if found := _read(file):
            pid, stop_signal = found
            _send(pid, stop_signal)
            alive[file.name] = pid
    _await_end(list(alive.values()))
    for file in folder.iterdir():
        file.unlink()
    return list(alive)


def end_in(directory: Path, program: str, stop_signal: Signals) -> bool:
    """End every process of this program whose current directory is this one; say whether there was any."""
    pids = list(_running_in(directory, program))
    for pid in pids:
        _send(pid, stop_signal)
    _await_end(pids)
    return bool(pids)


def _read(file: Path) -> tuple[int, Signals] | None:
    try:
        pid, start_time, number = file.read_text().split()
    except (FileNotFoundError, ValueError):  # absent, or cut short by a crash
        return None
    return (int(pid), Signals(int(number))) if start_time and start_time == _start_time(int(pid)) else None


def _running_in(directory: Path, program: str) -> Iterator[int]:
    for process in PROCESSES.glob("[0-9]*"):
        try:
            if (process / "comm").read_text().strip() == program and (process / "cwd").readlink() == directory:
                yield int(process.name)
        except OSError:  # it ended meanwhile, or is another user's
            continue


def _await_end(pids: list[int]) -> None:
    """Wait until they have ended; kill those that are not quick enough."""
    starts = {pid: _start_time(pid) for pid in pids}
    end_s = time.monotonic() + GRACE_S
    while any(start and _start_time(pid) == start for pid, start in starts.items()):
        if time.monotonic() > end_s:
            for pid in pids:
                _send(pid, signal.SIGKILL)
        time.sleep(POLL_S)


def _send(pid: int, number: Signals) -> None:
    with contextlib.suppress(ProcessLookupError):
        os.kill(pid, number)


def _start_time(pid: int) -> str:
    """Return when a process started, in ticks since boot; empty if it is gone or a zombie."""
    try:
        # the name, in brackets, may hold spaces and brackets
        fields = (PROCESSES / str(pid) / "stat").read_text().rpartition(")")[2].split()
    except OSError:
        return ""
    state, start_time = fields[0], fields[19]
    return "" if state in "ZX" else start_time
