"""How much memory this process has."""

from pathlib import Path
from resource import getpagesize


def resident_bytes() -> int:
    """Read what is resident now; Linux only."""
    return int(Path("/proc/self/statm").read_text(encoding="ascii").split()[1]) * getpagesize()
