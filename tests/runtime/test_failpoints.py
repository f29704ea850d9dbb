"""A failpoint acts once, where a test wants it, and never in a house that serves."""

import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path

import pytest

from services.runtime import failpoints

ROOT = Path(__file__).resolve().parents[2]
ALLOWED = {"IHALA_FAULT_TEST": "1"}


@pytest.fixture(autouse=True)
def _disarmed() -> Iterator[None]:
    yield
    failpoints.arm({})


def test_a_process_refuses_to_start_with_a_failpoint_unless_it_is_a_test() -> None:
    said = subprocess.run(
        [sys.executable, "-m", "services.referrals"],
        env={"FAILPOINT": "M4:kill9"},
        capture_output=True,
        text=True,
        check=False,
        cwd=ROOT,
    )

    assert said.returncode == 78
    assert "FAILPOINT must not be set" in said.stderr


@pytest.mark.parametrize("written", ["M4", "M4:", "M4:kill", "X1:kill9", "M4:kill9:0", "m4:kill9", "M4:kill9 "])
def test_a_failpoint_that_is_misspelt_is_refused(written: str) -> None:
    assert failpoints.faults_of({"FAILPOINT": written} | ALLOWED)


@pytest.mark.parametrize("name", failpoints.POINTS)
def test_every_point_is_passed_somewhere_in_the_services(name: str) -> None:
    code = "".join(file.read_text() for file in (ROOT / "services").rglob("*.py"))

    assert f'failpoints.reach("{name}")' in code or f'failpoints.reach_soon("{name}")' in code


def test_it_acts_at_the_passing_that_was_named_and_then_no_more() -> None:
    failpoints.arm({"FAILPOINT": "M4:raise:2"} | ALLOWED)

    failpoints.reach("M4")
    failpoints.reach("M5")
    with pytest.raises(failpoints.FailpointReached):
        failpoints.reach("M4")
    failpoints.reach("M4")


def test_without_the_flag_nothing_is_armed() -> None:
    failpoints.arm({"FAILPOINT": "M4:raise"})

    failpoints.reach("M4")
