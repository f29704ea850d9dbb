"""
A disk of a part's own, that is full or loses its power: a file with ext4 on it, which this process alone sees mounted.

Needs to be root, and loop devices. Power is cut by the call of ext4 that its own tests use: from then on nothing is
written, so that what was not synchronized is gone once the disk is mounted again.
"""

import ctypes
import fcntl
import os
import shutil
import struct
import subprocess
import time
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import pytest

CLONE_NEWNS = 0x00020000
EXT4_IOC_SHUTDOWN = 0x8004587D
NO_LOG_FLUSH = struct.pack("I", 2)
BALLAST = "ballast"
BLOCK = 64 * 1024
FREE_WITHIN_S = 20.0


def can_mount() -> bool:
    """Say whether this machine lets us have disks of our own."""
    return os.geteuid() == 0 and Path("/dev/loop-control").exists() and shutil.which("mkfs.ext4") is not None


needs_disks = pytest.mark.skipif(not can_mount(), reason="needs root and loop devices")


def hide_mounts() -> None:
    """Let what this thread mounts from now on be seen by it and its children alone; it ends with them."""
    libc = ctypes.CDLL(None, use_errno=True)
    if libc.unshare(CLONE_NEWNS) != 0:
        raise OSError(ctypes.get_errno(), "unshare")
    run("mount", "--make-rprivate", "/")


def run(*command: str | Path) -> None:
    """Run a command of the system that must succeed."""
    subprocess.run(command, check=True, capture_output=True, timeout=30)


class Disk:
    """
    A folder that is a disk of its own.

    Args:
        at: The folder; what is in it is on the disk from the start.

        size_mb: Of the disk.
    """

    def __init__(self, at: Path, size_mb: int) -> None:
        self.at = at
        self._image = at.with_name(f"{at.name}.img")
        self._image.touch()
        os.truncate(self._image, size_mb * 1024 * 1024)
        run("mkfs.ext4", "-q", "-F", "-m", "0", self._image)
        before = at.rename(at.with_name(f"{at.name}.before"))
        at.mkdir()
        self.mount()
        run("cp", "-a", f"{before}/.", at)
        shutil.copystat(before, at)
        owner = before.stat()
        os.chown(at, owner.st_uid, owner.st_gid)
        shutil.rmtree(at / "lost+found")
        run("sync", "-f", at)  # what was there before the fault is not what is tried

    def mount(self) -> None:
        """Put the disk in; what the journal has is replayed."""
        run("mount", "-o", "loop", self._image, self.at)

    def remove(self) -> None:
        """Take the disk out, once the last of what used it has ended."""
        end_s = time.monotonic() + FREE_WITHIN_S
        while True:
            try:
                run("umount", self.at)
            except subprocess.CalledProcessError:
                if time.monotonic() > end_s:
                    raise
                time.sleep(0.05)
            else:
                return

    def cut_power(self) -> None:
        """Lose what was not synchronized; every use fails until the disk is mounted again."""
        folder = os.open(self.at, os.O_RDONLY)
        try:
            fcntl.ioctl(folder, EXT4_IOC_SHUTDOWN, NO_LOG_FLUSH)
        finally:
            os.close(folder)

    def fill(self) -> None:
        """Leave no room."""
        with (self.at / BALLAST).open("wb", buffering=0) as ballast:
            for size in (BLOCK, 512):
                try:
                    while True:
                        ballast.write(bytes(size))
                except OSError:
                    pass

    def free(self) -> None:
        """Give the room back."""
        (self.at / BALLAST).unlink()


@contextmanager
def disk_at(folder: Path, size_mb: int) -> Iterator[Disk]:
    """Let a folder be a disk while the context lasts, and what is on it a folder again afterwards."""
    disk = Disk(folder, size_mb)
    yield disk
    kept = folder.with_name(f"{folder.name}.kept")
    run("cp", "-a", folder, kept)
    disk.remove()
    folder.rmdir()
    kept.rename(folder)
