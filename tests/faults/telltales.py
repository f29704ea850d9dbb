"""What the processes of a house wrote down: whether it tells of a body (I12), and whether one of them failed."""

import json
from collections import Counter

from tests.faults.hostile import MARK
from tests.house import House

SERVICES = ("directory", "matching", "referrals", "notify", "gateway")


def searched_logs(house: House) -> list[str]:
    """Name the logs, and what the bus keeps, in which something of a body is found (I12)."""
    folders = (house.folder / "logs", house.folder / "nats" / "store")
    files = [each for folder in folders for each in folder.rglob("*") if each.is_file()]
    return [each.name for each in files if MARK.encode() in each.read_bytes()]


def failures_in_logs(house: House, since: dict[str, int]) -> Counter[str]:
    """Count the lines in which a process says of itself that it failed, by event; `since` says where they begin."""
    events: Counter[str] = Counter()
    for name, start in since.items():
        with (house.folder / "logs" / name).open("rb") as log:
            log.seek(start)
            for line in log:
                if b"Traceback" in line:
                    events[f"{name} Traceback"] += 1
                if line.startswith(b"{") and json.loads(line)["level"] in {"error", "critical"}:
                    events[f"{name} {json.loads(line)['event']}"] += 1
    return events


def ends_of_logs(house: House) -> dict[str, int]:
    """Say how long each service's log is."""
    return {f"{name}.log": (house.folder / "logs" / f"{name}.log").stat().st_size for name in SERVICES}
