"""Disks that are full, and disks that lose their power, under PostgreSQL and NATS (F8, F9, F21)."""

import signal
import time
from collections.abc import Callable, Iterator
from contextlib import ExitStack

import pytest

from tests.faults.breaking import NATS, POSTGRES, child_of, kill, kill_whole, start_again
from tests.faults.disks import Disk, disk_at, hide_mounts, needs_disks
from tests.faults.weather import await_referrals, await_that, blowing, storm_at
from tests.house import House, house_in

pytestmark = [
    pytest.mark.long,
    needs_disks,
    #: nats-py leaves the socket of a server that stands still open until it is collected
    pytest.mark.filterwarnings("ignore::pytest.PytestUnraisableExceptionWarning"),
]

CASES = 60
FULL_S = 8.0
LOST_WITHIN_S = 90.0
PATIENCE_S = 150.0
#: room for what PostgreSQL keeps of its log over three recoveries; in 320 MB the last one filled the disk
SIZES_MB = {POSTGRES: 768, NATS: 32}
Record = Callable[[str, object], None]


@pytest.fixture(scope="module")
def disks(tmp_path_factory: pytest.TempPathFactory) -> Iterator[tuple[House, dict[str, Disk]]]:
    """Run a house whose PostgreSQL and NATS have a disk each."""
    hide_mounts()
    with house_in(tmp_path_factory.mktemp("disks") / ".ihala") as house, ExitStack() as stack:
        for name in (POSTGRES, NATS):
            kill(house, name, signal.SIGINT if name == POSTGRES else signal.SIGTERM)
        folders = {POSTGRES: house.folder / "postgres" / "data", NATS: house.folder / "nats" / "store"}
        disks = {name: stack.enter_context(disk_at(folders[name], SIZES_MB[name])) for name in folders}
        for name in disks:
            start_again(house, name)
        try:
            yield house, disks
        finally:
            house.supervisor.stop()


def come_back(house: House, name: str) -> bool:
    """Start a part that ended over its disk again; say whether it had."""
    child = child_of(house, name)
    if not child.ended.is_set():
        return False
    house.supervisor.children.remove(child)
    start_again(house, name)
    return True


def test_a_full_disk_of_nats_holds_back_alerts_and_no_referral(
    disks: tuple[House, dict[str, Disk]], record_property: Record
) -> None:
    """F21."""
    house, disk = disks[0], disks[1][NATS]
    with blowing(storm_at(house, "full-nats", CASES, patience_s=PATIENCE_S)) as storm:
        await_referrals(storm, CASES // 3)
        disk.fill()
        await_referrals(storm, CASES)
        disk.free()
        # nats-server 2.15.1 refuses to write for as long as it runs: docs/operations.md says what to do
        kill(house, NATS, signal.SIGTERM)
        start_again(house, NATS)
        freed_s = time.monotonic()
        await_that(storm, lambda: len(storm.accepted) == CASES, "the rest", LOST_WITHIN_S)
        record_property("all heard after, s", round(time.monotonic() - freed_s, 1))


def test_a_full_disk_of_postgresql_refuses_and_loses_nothing(
    disks: tuple[House, dict[str, Disk]], record_property: Record
) -> None:
    """F21."""
    house, disk = disks[0], disks[1][POSTGRES]
    with blowing(storm_at(house, "full-postgres", CASES, patience_s=PATIENCE_S)) as storm:
        await_referrals(storm, CASES // 3)
        disk.fill()
        time.sleep(FULL_S)  # the fault itself
        disk.free()
        freed_s = time.monotonic()
        record_property("had ended over it", come_back(house, POSTGRES))
        await_that(storm, lambda: len(storm.accepted) == CASES, "the rest", LOST_WITHIN_S)
        record_property("all answered and heard after, s", round(time.monotonic() - freed_s, 1))


@pytest.mark.parametrize("names", [(POSTGRES,), (NATS,), (POSTGRES, NATS)], ids="-and-".join)
def test_a_power_cut_loses_and_doubles_nothing(
    disks: tuple[House, dict[str, Disk]], names: tuple[str, ...], record_property: Record
) -> None:
    """F8, F9: what was not synchronized is gone, and nothing of it had been confirmed to anybody."""
    house, own = disks[0], [disks[1][name] for name in names]
    with blowing(storm_at(house, f"cut-{len(names)}-{names[0]}", CASES, patience_s=PATIENCE_S)) as storm:
        await_referrals(storm, CASES // 3)
        for disk in own:
            disk.cut_power()
        for name in names:
            child = child_of(house, name)
            kill_whole(child)
            house.supervisor.children.remove(child)
        for disk in own:
            disk.remove()
            disk.mount()
        for name in names:
            start_again(house, name)
        back_s = time.monotonic()
        await_that(storm, lambda: len(storm.accepted) == CASES, "the rest", LOST_WITHIN_S)
        record_property("all answered and heard after, s", round(time.monotonic() - back_s, 1))
