"""How much a house takes: memory, open files, threads of each process, sessions, streams, consumers."""

import asyncio
import time
from collections.abc import Mapping
from contextlib import suppress
from dataclasses import dataclass
from pathlib import Path
from typing import Final

import psycopg

from services.runtime import jetstream
from tests.faults.breaking import parent_of
from tests.faults.pressing import POOLS, SESSIONS
from tests.house import House

KIB: Final = 1024
MIB: Final = KIB * KIB
Sizes = Mapping[str, float]  #: what is counted, by whose it is and what it is: "notify threads", "streams"


@dataclass(frozen=True, slots=True)
class Taken:
    """What one process and those that it started take."""

    own_mib: float  #: memory that no file backs and nobody shares
    files: int
    threads: int


def taken_by(pid: int) -> Taken:
    """Measure a process and what it started."""
    pids = [pid, *(each for each in map(int, _numbers()) if parent_of(each) == pid)]
    own_kib = files = threads = 0
    for each in pids:
        with suppress(OSError):  # one of them has just ended
            lines = dict(line.split(":", 1) for line in Path(f"/proc/{each}/status").read_text().splitlines())
            own_kib += int(lines["RssAnon"].split()[0])
            threads += int(lines["Threads"])
            files += sum(1 for _ in Path(f"/proc/{each}/fd").iterdir())
    return Taken(own_kib / KIB, files, threads)


def _numbers() -> list[str]:
    return [each.name for each in Path("/proc").glob("[0-9]*")]


def sizes_of(house: House) -> dict[str, float]:
    """Measure a house now."""
    sizes: dict[str, float] = {}
    for child in house.supervisor.children:
        taken = taken_by(child.pid)
        sizes |= {
            f"{child.name} MiB": round(taken.own_mib, 1),
            f"{child.name} files": taken.files,
            f"{child.name} threads": taken.threads,
        }
    with psycopg.connect(house.parts.database_url, autocommit=True) as connection:
        sizes |= {f"{name} sessions": count for name, count in connection.execute(SESSIONS, [list(POOLS)])}
    # each session is a process of PostgreSQL's, and a pool has more of them for ten minutes after it was busy
    processes = sizes.pop("postgres threads")
    sizes["postgres files"] = round(sizes["postgres files"] / processes, 1)
    sizes["postgres MiB"] = round(sizes["postgres MiB"] / processes, 2)
    return sizes | asyncio.run(_on_the_bus(house))


async def _on_the_bus(house: House) -> dict[str, float]:
    seed = house.parts.nats_seed_files["provisioner"]
    async with jetstream.connect(house.parts.nats_url, seed, name="provisioner") as connection:
        account = await connection.stream.account_info()
        return {"streams": account.streams, "consumers": account.consumers}


def grown(before: Sizes, after: Sizes, *, share: float, allowed: Mapping[str, float]) -> dict[str, str]:
    """
    Compare a house with itself.

    Args:
        before: When it was warm.

        after: Later.

        share: Of what was there before, that may be more or less.

        allowed: What may be more or less besides, by a whole name or by its last word.

    Returns:
        What differs by more, with both sizes.
    """

    def differs(name: str) -> bool:
        own = allowed.get(name, allowed.get(name.rpartition(" ")[2], 0.0))
        return abs(after.get(name, 0.0) - before.get(name, 0.0)) > share * before.get(name, 0.0) + own

    return {name: pair(name, before, after) for name in sorted({**before, **after}) if differs(name)}


def pair(name: str, before: Sizes, after: Sizes) -> str:
    """Say both sizes."""
    return f"{before.get(name, 0):g} to {after.get(name, 0):g}"


def settle(house: House, within_s: float, each_s: float = 1.0) -> dict[str, float]:
    """Measure until no count of files or threads falls any more, at most so long."""
    end_s, last = time.monotonic() + within_s, sizes_of(house)
    while time.monotonic() < end_s:
        time.sleep(each_s)
        now = sizes_of(house)
        if all(now[name] >= size for name, size in last.items() if not name.endswith("MiB") and name in now):
            return now
        last = now
    return last
