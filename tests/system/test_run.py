"""`ihala run`: from nothing to READY, again with its data kept, and gone without a trace."""

import os
import re
import shutil
import signal
import subprocess
import sys
from pathlib import Path

import pytest

READY = re.compile(
    r"^READY maps=http://127\.0\.0\.1:\d+ answer=http://127\.0\.0\.1:\d+ grpc\.directory=127\.0\.0\.1:\d+ "
    r"grpc\.matching=127\.0\.0\.1:\d+ grpc\.referrals=127\.0\.0\.1:\d+ grpc\.notify=127\.0\.0\.1:\d+ "
    r"nats=nats://127\.0\.0\.1:\d+ http=http://127\.0\.0\.1:\d+$",
    re.MULTILINE,
)
PATH = ["match", "consent", "referral", "alert", "read", "answer"]  #: each step, in its order


def started(folder: Path, *arguments: str) -> "subprocess.Popen[str]":
    """Start `ihala run` in a folder, with nothing of ours in its environment."""
    environment = {name: value for name, value in os.environ.items() if not name.startswith("IHALA_")}
    return subprocess.Popen(
        [sys.executable, "-c", "from ihala.cli import main; main()", "run", "--home", str(folder), *arguments],
        stdout=subprocess.PIPE,
        stderr=subprocess.STDOUT,
        text=True,
        env=environment,
        start_new_session=True,
    )


def told_until_ready(run: "subprocess.Popen[str]") -> str:
    """Return what a run says up to its READY line, or up to its end."""
    assert run.stdout is not None
    lines = []
    for line in run.stdout:
        lines.append(line)
        if line.startswith("READY"):
            break
    return "".join(lines)


def pids_of(folder: Path) -> list[int]:
    return [int(file.read_text().split()[0]) for file in (folder / ".ihala" / "pids").iterdir()]


def interrupted(run: "subprocess.Popen[str]") -> tuple[int, str]:
    """Press Ctrl-C and return how it ended and what it said."""
    run.send_signal(signal.SIGINT)
    rest, _ = run.communicate(timeout=60)
    return run.returncode, rest


def is_running(pid: int) -> bool:
    stat = Path(f"/proc/{pid}/stat")
    try:
        return stat.read_text().rpartition(")")[2].split()[0] not in "ZX"
    except FileNotFoundError:
        return False


def test_a_run_walks_the_demo_case_ends_by_ctrl_c_and_comes_back_with_its_data(tmp_path: Path) -> None:
    folder = tmp_path / "a folder"
    folder.mkdir()

    first = started(folder)
    story = told_until_ready(first)
    pids = pids_of(folder)
    code, rest = interrupted(first)

    assert READY.search(story), story + rest
    case = story[story.index("Case 1") : story.index("Case 2")]
    steps = [step for step in re.findall(r"^ *\d+\.\d\d s  (\w+)", case, re.MULTILINE) if step in PATH]
    assert list(dict.fromkeys(steps)) == PATH, case
    assert len(re.findall("sender sees  offer_accepted", case)) == 2, case
    assert re.search(r"open http://127\.0\.0\.1:\d+\S* and type \d{8}", story)
    past = re.search(r"(\d+) referrals of the last 90 days", story)
    assert past, story
    assert int(past[1]) > 250  # those of houses that have closed since are left out
    assert (code, [pid for pid in pids if is_running(pid)]) == (0, [])

    second = started(folder)
    again = told_until_ready(second)
    code, rest = interrupted(second)

    ready = READY.search(again)
    assert ready, again + rest
    assert ready[0] == READY.search(story)[0]  # type: ignore[index]  # the same ports
    assert "0 new, 159 as they were" in again
    assert len(re.findall("sender sees  offer_accepted", again)) == 2
    assert "Past referrals" not in again
    assert code == 0


def test_a_second_run_is_refused_and_a_service_that_dies_is_named_and_ends_everything(tmp_path: Path) -> None:
    run = started(tmp_path, "--no-demo")
    story = told_until_ready(run)
    assert READY.search(story), story
    pids = pids_of(tmp_path)

    other = started(tmp_path, "--no-demo")
    refusal, _ = other.communicate(timeout=60)
    os.kill(int((tmp_path / ".ihala" / "pids" / "matching").read_text().split()[0]), signal.SIGKILL)
    rest, _ = run.communicate(timeout=60)

    assert other.returncode not in {0, None}
    assert "another run uses this folder" in refusal
    assert run.returncode not in {0, None}
    assert "matching has ended by itself" in rest
    assert "matching.log" in rest
    assert "Traceback" not in refusal + rest
    assert [pid for pid in pids if is_running(pid)] == []


def test_a_run_works_without_a_terminal_and_as_a_normal_user(tmp_path: Path) -> None:
    if os.geteuid() != 0:
        pytest.skip("only the superuser can become somebody else")
    if shutil.which("unshare") is None:
        pytest.skip("unshare is missing")
    # a user namespace in which we are a normal user: what is ours stays readable, whoever owns the home above it
    environment = {name: value for name, value in os.environ.items() if not name.startswith("IHALA_")}
    run = subprocess.run(
        [
            *("unshare", "--user", "--map-user=1000", "--map-group=1000"),
            *(sys.executable, "-c", "from ihala.cli import main; main()"),
            *("run", "--home", str(tmp_path), "--no-demo", "--once"),
        ],
        capture_output=True,
        text=True,
        env=environment,
        timeout=120,
        check=False,
    )

    assert run.returncode == 0, run.stdout + run.stderr
    assert READY.search(run.stdout)
