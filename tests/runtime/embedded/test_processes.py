"""Tests of the supervisor: children end in order, and never outlive the run."""

import os
import signal
import subprocess
import sys
import time
from collections.abc import Iterator
from pathlib import Path

import pytest

from services.errors import FailedPrecondition, Unavailable
from services.runtime.embedded import orphans
from services.runtime.embedded.processes import Child, Supervisor, interrupted_by

REPOSITORY = Path(__file__).parents[3]
SHELL = "/bin/sh"
#: says when it is asked to end, and ends
POLITE = "trap 'echo asked; exit 0' TERM; echo ready; while :; do sleep 60 & wait $!; done"
DEAF = "trap '' TERM; echo ready; while :; do sleep 60 & wait $!; done"


@pytest.fixture
def supervisor(tmp_path: Path) -> Iterator[Supervisor]:
    with Supervisor(tmp_path) as supervisor:
        yield supervisor


def spawn(supervisor: Supervisor, name: str, script: str, *, grace_s: float = 5.0, stage: int = 0) -> Child:
    child = supervisor.spawn(name, [SHELL, "-c", script], steps=((signal.SIGTERM, grace_s),), stage=stage)
    supervisor.await_ready(child, lambda: "ready" in child.log.read_text(), 5)
    return child


def is_running(pid: int) -> bool:
    return bool(orphans._start_time(pid))


def await_end_of(pid: int) -> None:
    end_s = time.monotonic() + 10
    while is_running(pid):
        assert time.monotonic() < end_s, "it still runs"
        time.sleep(0.01)


def test_a_child_is_asked_before_it_is_killed(supervisor: Supervisor) -> None:
    child = spawn(supervisor, "polite", POLITE)

    assert supervisor.end(child) == []
    assert "asked" in child.log.read_text()
    assert child.exit_code == 0


def test_a_child_that_does_not_listen_is_killed_and_named(supervisor: Supervisor) -> None:
    child = spawn(supervisor, "deaf", DEAF, grace_s=0.1)

    assert supervisor.end(child) == ["deaf"]
    assert child.exit_code == -signal.SIGKILL


def test_several_deaf_children_of_one_stage_take_the_time_of_one(supervisor: Supervisor) -> None:
    children = [spawn(supervisor, f"deaf{number}", DEAF, grace_s=0.5) for number in range(4)]

    begin_s = time.monotonic()
    supervisor.end(*children)

    assert time.monotonic() - begin_s < 4 * 0.5


def test_higher_stages_end_before_lower_ones(tmp_path: Path) -> None:
    ended: list[str] = []
    with Supervisor(tmp_path, say=ended.append) as supervisor:
        spawn(supervisor, "storage", DEAF, grace_s=0.05, stage=0)
        spawn(supervisor, "service", DEAF, grace_s=0.05, stage=2)
        spawn(supervisor, "broker", DEAF, grace_s=0.05, stage=1)

    assert [line.split()[0] for line in ended] == ["service", "broker", "storage"]


def test_the_death_of_a_child_is_heard(supervisor: Supervisor) -> None:
    spawn(supervisor, "staying", POLITE)
    dying = supervisor.spawn("dying", [SHELL, "-c", "exit 3"])

    assert supervisor.wait(5) is dying
    assert dying.exit_code == 3
    assert supervisor.wait(0.01) is None


def test_a_child_that_ends_instead_of_serving_shows_its_last_words(supervisor: Supervisor) -> None:
    child = supervisor.spawn("broken", [SHELL, "-c", "echo no such setting >&2; exit 2"])

    with pytest.raises(Unavailable, match="broken ended with code 2\nno such setting"):
        supervisor.await_ready(child, lambda: False, 5)


def test_a_child_that_is_never_ready_is_not_waited_for_longer(supervisor: Supervisor) -> None:
    child = spawn(supervisor, "slow", POLITE)

    with pytest.raises(Unavailable, match="slow was not ready within 0 s"):
        supervisor.await_ready(child, lambda: False, 0.1)


def test_a_second_run_in_the_same_folder_is_refused(supervisor: Supervisor) -> None:
    with pytest.raises(FailedPrecondition, match=f"another run uses this folder .process {os.getpid()}."):
        Supervisor(supervisor.folder).__enter__()


def test_the_folder_is_free_after_the_run(tmp_path: Path) -> None:
    for _ in range(2):
        with Supervisor(tmp_path):
            pass


def test_an_error_ends_the_children_too(tmp_path: Path) -> None:
    supervisor = Supervisor(tmp_path)

    def run() -> None:
        with supervisor:
            spawn(supervisor, "child", POLITE)
            raise KeyboardInterrupt

    with pytest.raises(KeyboardInterrupt):
        run()
    assert supervisor.children == []


def test_termination_counts_as_an_interrupt(tmp_path: Path) -> None:
    before = signal.getsignal(signal.SIGTERM)

    with interrupted_by(signal.SIGTERM), pytest.raises(KeyboardInterrupt):
        signal.raise_signal(signal.SIGTERM)

    assert signal.getsignal(signal.SIGTERM) is before


RUN = """
import sys
from pathlib import Path
from services.runtime.embedded.processes import Supervisor

with Supervisor(Path(sys.argv[1])) as supervisor:
    child = supervisor.spawn("child", ["/bin/sh", "-c", sys.argv[2]])
    supervisor.await_ready(child, lambda: "ready" in child.log.read_text(), 5)
    print(child.pid, flush=True)
    supervisor.wait()
"""


def run_of_its_own(folder: Path) -> "subprocess.Popen[str]":
    return subprocess.Popen(
        [sys.executable, "-c", RUN, str(folder), DEAF], cwd=REPOSITORY, stdout=subprocess.PIPE, text=True
    )


def child_of(run: "subprocess.Popen[str]") -> int:
    assert run.stdout is not None
    return int(run.stdout.readline())


def test_killing_the_run_ends_its_children_and_frees_the_folder(tmp_path: Path) -> None:
    with run_of_its_own(tmp_path) as run:
        pid = child_of(run)
        run.kill()
        await_end_of(pid)

    with Supervisor(tmp_path) as supervisor:
        assert orphans.find(supervisor.folder / "pids", "child") is None


def test_a_child_that_outlived_its_run_is_ended_by_the_next_which_says_so(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(orphans, "GRACE_S", 0.1)
    (tmp_path / "pids").mkdir()
    said: list[str] = []
    with subprocess.Popen([SHELL, "-c", DEAF], stdout=subprocess.PIPE, text=True) as orphan:
        assert orphan.stdout is not None
        assert orphan.stdout.readline() == "ready\n"
        orphans.record(tmp_path / "pids", "notify", orphan.pid, signal.SIGTERM)

        with Supervisor(tmp_path, say=said.append):
            assert orphan.wait(5) == -signal.SIGKILL

    assert said == ["ended notify, left behind by a run that was killed"]


def test_a_process_that_got_the_number_of_a_dead_child_is_left_alone(tmp_path: Path) -> None:
    (tmp_path / "pids").mkdir()
    with subprocess.Popen([SHELL, "-c", POLITE], stdout=subprocess.DEVNULL) as stranger:
        (tmp_path / "pids" / "notify").write_text(f"{stranger.pid} 1 15")
        (tmp_path / "pids" / "maps").write_text("")

        with Supervisor(tmp_path):
            assert stranger.poll() is None
        stranger.kill()
