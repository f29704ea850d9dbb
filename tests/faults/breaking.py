"""What a test does to the parts of a house, from the main thread, which started them: kill, stall, wipe, replace."""

import os
import shutil
import signal
import sys
import time
from collections.abc import Mapping
from contextlib import suppress
from pathlib import Path

from ihala.cli.run.plan import environment_of
from ihala.cli.run.processes import NATS_STAGE, POSTGRES_STAGE, SERVICE_STAGE
from services.runtime.embedded import nats, postgres
from services.runtime.embedded.files import write_private
from services.runtime.embedded.processes import Child
from tests.house import House

POSTGRES, NATS = "postgres", "nats"
DIED_WITHIN_S = 30.0
MUTANTS = Path(__file__).parent / "mutants"


def child_of(house: House, name: str) -> Child:
    """Return a process of the house, PostgreSQL and NATS among them."""
    return next(child for child in house.supervisor.children if child.name == name)


def kill(house: House, name: str, number: signal.Signals = signal.SIGKILL) -> None:
    """Send a signal that ends a process, and wait until it has ended."""
    child = child_of(house, name)
    child.send(number)
    assert child.ended.wait(DIED_WITHIN_S), name
    house.supervisor.children.remove(child)


def kill_whole(child: Child) -> None:
    """Kill a process and what it started, as a power cut does; it may have ended by itself."""
    child.send(signal.SIGSTOP)  # so that it starts nothing meanwhile
    everything = [int(each.name) for each in Path("/proc").glob("[0-9]*")]
    started = [pid for pid in everything if parent_of(pid) == child.pid]
    child.send(signal.SIGKILL)
    for pid in started:  # one that waits for a lock does not notice that its parent has gone
        with suppress(ProcessLookupError):
            os.kill(pid, signal.SIGKILL)
    assert child.ended.wait(DIED_WITHIN_S), child.name


def parent_of(pid: int) -> int:
    """Return the parent of a process; 0 for one that has ended."""
    try:
        return int(Path(f"/proc/{pid}/stat").read_text().rpartition(")")[2].split()[1])
    except OSError:
        return 0


def start_again(house: House, name: str) -> None:
    """Start what was killed, and wait until it serves."""
    if name == POSTGRES:
        postgres.start(house.supervisor, stage=POSTGRES_STAGE)
    elif name == NATS:
        broker = nats.start(house.supervisor, stage=NATS_STAGE)
        write_private(broker.folder / "nats.pid", str(broker.child.pid))  # whom notify tells of new accounts
    else:
        house.start_again(name)


def stall(house: House, name: str, seconds: float) -> None:
    """Let all of a process stand still for a while."""
    group = os.getpgid(child_of(house, name).pid)
    os.killpg(group, signal.SIGSTOP)
    time.sleep(seconds)  # the fault itself
    os.killpg(group, signal.SIGCONT)


def wipe_nats(house: House) -> None:
    """Kill NATS, remove all that it had, and start it again."""
    kill(house, NATS)
    shutil.rmtree(house.folder / "nats" / "store")
    start_again(house, NATS)


def turn_bits(file: Path) -> None:
    """Damage the byte in the middle of a file."""
    with file.open("r+b") as content:
        content.seek(file.stat().st_size // 2)
        byte = content.read(1)
        content.seek(-1, os.SEEK_CUR)
        content.write(bytes([byte[0] ^ 0xFF]))


def begin(house: House, name: str, variables: Mapping[str, str], program: Path | None = None) -> Child:
    """
    Start a service that may die before it serves.

    Args:
        house: Where.

        name: Of a service that is not running.

        variables: Of its environment, besides its own.

        program: What runs in its place, a file; None for the service itself.
    """
    command: list[Path | str] = [
        Path(sys.executable),
        "-P",
        *(["-m", f"services.{name}"] if program is None else [program]),
    ]
    environment = {**environment_of(name, house.parts, house.identities), **variables}
    house.children[name] = house.supervisor.spawn(name, command, environment=environment, stage=SERVICE_STAGE)
    return house.children[name]


def replace_by(house: House, service: str, mutant: str | None, variables: Mapping[str, str]) -> None:
    """
    Run another program in place of a service, or the service again.

    Args:
        house: Where.

        service: Which.

        mutant: Name of a file in `mutants/`; None for the service itself.

        variables: Of its environment, besides its own; with some it is not waited for, since it may die.
    """
    kill(house, service)
    if mutant is None and not variables:
        start_again(house, service)
        return
    begin(house, service, variables, None if mutant is None else MUTANTS / f"{mutant}.py")
