"""
Starts child processes, waits until they are ready, hears of their deaths and ends them in order.

Rules of this file: a child never outlives this process (the kernel ends it, see
`launch`), so call from the main thread: Linux takes the end of the thread that started
a child for its parent's. Children get no Ctrl-C of their own: the terminal interrupts
this process, and leaving the `with` block ends them.
"""

import queue
import signal
import subprocess
import threading
import time
from collections.abc import Callable, Iterator, Mapping, Sequence
from contextlib import contextmanager
from pathlib import Path
from signal import Signals
from types import FrameType, TracebackType
from typing import Self

from services.errors import Unavailable
from services.runtime.embedded import launch, orphans
from services.runtime.embedded.files import claimed
from services.runtime.embedded.ports import Ports

POLL_S = 0.02
LOG_TAIL_LINES = 8

Steps = tuple[tuple[Signals, float], ...]
TERMINATE: Steps = ((signal.SIGTERM, 20.0),)  #: signals in turn, each with its grace in seconds; SIGKILL follows


class Child:
    """A running program and what is needed to end it."""

    def __init__(self, name: str, process: subprocess.Popen[bytes], log: Path, steps: Steps, stage: int) -> None:
        self.name = name
        self.pid = process.pid
        self.log = log
        self.stage = stage
        self.steps = steps
        self.ended = threading.Event()
        self._process = process

    @property
    def exit_code(self) -> int | None:
        """As `subprocess.Popen.returncode`: None while it runs, negative for a signal."""
        return self._process.returncode if self.ended.is_set() else None

    def send(self, number: Signals) -> None:
        """Send a signal; nothing happens if it has ended."""
        if not self.ended.is_set():
            self._process.send_signal(number)

    def log_tail(self) -> str:
        """Return the last lines of what it wrote."""
        lines = self.log.read_text(encoding="utf-8", errors="replace").splitlines()
        return "\n".join(lines[-LOG_TAIL_LINES:])

    def watch(self, deaths: "queue.SimpleQueue[Child]") -> None:
        """Wait for the end and report it; runs in a thread of its own."""
        self._process.wait()
        self.ended.set()
        deaths.put(self)


class Supervisor:
    """
    The children of one run in one project folder.

    Entering claims the folder (a second run is refused) and ends what a run that was
    killed left behind; leaving ends all children, the highest stage first.

    Args:
        folder: The state of the run: `logs/`, `pids/`, `ports.json` and `lock` are made in it.

        say: Told in one line what happened, for people.
    """

    def __init__(self, folder: Path, say: Callable[[str], None] = lambda line: None) -> None:
        self.folder = folder.resolve()
        self.say = say
        self.children: list[Child] = []
        self.ports = Ports(self.folder / "ports.json")
        self._deaths: queue.SimpleQueue[Child] = queue.SimpleQueue()
        self._claim = claimed(self.folder)

    def __enter__(self) -> Self:
        self._claim.__enter__()
        for part in ("logs", "pids"):
            (self.folder / part).mkdir(exist_ok=True)
        for name in orphans.end_recorded(self.folder / "pids"):
            self.say(f"ended {name}, left behind by a run that was killed")
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        try:
            self.stop()
        finally:
            self._claim.__exit__(None, None, None)

    def spawn(
        self,
        name: str,
        command: Sequence[str | Path],
        *,
        environment: Mapping[str, str] | None = None,
        directory: Path | None = None,
        user: str = "same",
        steps: Steps = TERMINATE,
        orphan_signal: Signals = signal.SIGKILL,
        stage: int = 0,
    ) -> Child:
        """
        Start a program whose output goes to `logs/<name>.log`.

        Args:
            name: Unique among the children; names the log.

            command: Program by its whole path, then arguments.

            environment: All of its variables; None for those of this process.

            directory: Where it runs; None for where this process runs.

            user: As `launch.main` takes it.

            steps: Signals that ask it to end, in turn, each with its grace in seconds.

            orphan_signal: What the kernel sends it should this process die.

            stage: Children of a higher stage are ended before those of a lower one.
        """
        log = self.folder / "logs" / f"{name}.log"
        with log.open("ab") as output:
            process = subprocess.Popen(
                launch.wrapped(command, user=user, death_signal=orphan_signal),
                stdin=subprocess.DEVNULL,
                stdout=output,
                stderr=output,
                cwd=directory,
                env=None if environment is None else dict(environment),
                start_new_session=True,
            )
        child = Child(name, process, log, steps, stage)
        self.children.append(child)
        orphans.record(self.folder / "pids", name, child.pid, steps[0][0])
        threading.Thread(target=child.watch, args=[self._deaths], name=f"watch {name}", daemon=True).start()
        return child

    def await_ready(self, child: Child, is_ready: Callable[[], bool], within_s: float) -> None:
        """
        Wait until a child is ready to serve.

        Raises:
            Unavailable: It ended, or was not ready within this time; the last lines of its log are in the message.
        """
        end_s = time.monotonic() + within_s
        while not is_ready():
            if child.ended.wait(POLL_S):
                raise Unavailable(f"{child.name} ended with code {child.exit_code}\n{child.log_tail()}")
            if time.monotonic() > end_s:
                raise Unavailable(f"{child.name} was not ready within {within_s:.0f} s\n{child.log_tail()}")

    def wait(self, timeout_s: float | None = None) -> Child | None:
        """Wait until a child ends by itself and return it, or None after this time in seconds."""
        try:
            return self._deaths.get(timeout=timeout_s)
        except queue.Empty:
            return None

    def end(self, *children: Child) -> list[str]:
        """End these children together and return the names of those that had to be killed."""
        killed = []
        begin_s = time.monotonic()
        for child in children:
            child.send(child.steps[0][0])
        for child in children:
            for number, (step, grace_s) in enumerate(child.steps):
                if number > 0:
                    child.send(step)
                    begin_s = time.monotonic()
                if child.ended.wait(max(0.0, begin_s + grace_s - time.monotonic())):
                    break
            else:
                child.send(signal.SIGKILL)
                child.ended.wait()
                killed.append(child.name)
            self.children.remove(child)
            orphans.forget(self.folder / "pids", child.name)
        return killed

    def stop(self) -> None:
        """End all children by stages; a second interrupt meanwhile kills those that are left."""
        try:
            for stage in sorted({child.stage for child in self.children}, reverse=True):
                for name in self.end(*[child for child in self.children if child.stage == stage]):
                    self.say(f"{name} did not end in time and was killed")
        except KeyboardInterrupt:
            for child in self.children:
                child.send(signal.SIGKILL)
            for child in self.children:
                child.ended.wait()
            raise


@contextmanager
def interrupted_by(*signals: Signals) -> Iterator[None]:
    """Let these signals raise KeyboardInterrupt as Ctrl-C does, so that every `with` block is left in order."""

    def interrupt(number: int, frame: FrameType | None) -> None:
        raise KeyboardInterrupt

    before = {number: signal.signal(number, interrupt) for number in signals}
    try:
        yield
    finally:
        for number, handler in before.items():
            signal.signal(number, handler)
