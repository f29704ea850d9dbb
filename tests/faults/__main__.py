"""Run every fault of the matrix and print what came of each: `python -m tests.faults`, or `make faults`."""

import subprocess
import sys
import tempfile
import time
from collections.abc import Iterable
from pathlib import Path
from typing import Final, NamedTuple
from xml.etree import ElementTree as ET

#: tests that stand beside what they test, and belong to the matrix too
ELSEWHERE: Final = (
    "tests/system/test_lost_disk.py",
    "tests/notify/test_lanes.py",
    "tests/notify/test_streams.py",
    "tests/notify/test_egress.py",
    "tests/notify/test_egress_bounds.py",
    "tests/notify/test_repair.py",
    "tests/notify/test_alerts_over_nats.py",
    "tests/referrals/test_races.py",
    "tests/referrals/test_loops.py",
    "tests/referrals/test_process.py",
    "tests/referrals/test_relay_repair.py",
    "tests/runtime/test_server.py",
    "tests/runtime/test_failpoints.py",
    "tests/runtime/test_tls.py",
    "tests/notify/test_two_keys.py",
    "tests/referrals/test_rewrapping.py",
    "tests/cli/test_key_commands.py",
)
#: races and simulations of minutes in which no part fails, and kills that another test here has in greater number:
#: `make test-long` runs them
LEFT_OUT: Final = (
    "tests/referrals/test_races.py::test_two_replicas_give_64_clients_exactly_10_places[long]",
    "tests/referrals/test_races.py::test_a_withdrawal_against_a_yes_leaves_one_of_two_worlds_within_a_second[long]",
    "tests/faults/test_kills.py::test_thirty_kills_of_any_process_in_a_thousand_referrals",
)
WORDS: Final = {"passed": "holds", "failure": "BROKEN", "error": "BROKEN", "skipped": "skipped"}
NAME_WIDTH: Final = 96


class Row(NamedTuple):
    """What came of one test."""

    file: str
    name: str
    outcome: str
    seconds: float
    figures: str


def rows_of(report: Path) -> Iterable[Row]:
    """Read a report of pytest, in JUnit's format."""
    for case in ET.parse(report).iter("testcase"):  # noqa: S314 -- our own, a moment old
        outcome = next((WORDS[child.tag] for child in case if child.tag in WORDS), WORDS["passed"])
        figures = "; ".join(f"{each.get('name')}: {each.get('value')}" for each in case.iter("property"))
        file = str(case.get("classname", "")).removeprefix("tests.")
        yield Row(file, str(case.get("name")), outcome, float(case.get("time", "0")), figures)


def print_table(rows: Iterable[Row]) -> None:
    """Print the tests by file; those that beside their neighbours say nothing new are counted."""
    by_file: dict[str, list[Row]] = {}
    for row in rows:
        by_file.setdefault(row.file, []).append(row)
    for file, own in by_file.items():
        held = sum(row.outcome == WORDS["passed"] for row in own)
        print(f"{file}: {held} of {len(own)} hold, {sum(row.seconds for row in own):.0f} s")  # noqa: T201
        for row in own:
            if file.startswith("faults.") or row.figures or row.outcome != WORDS["passed"]:
                name = row.name.removeprefix("test_").replace("_", " ")
                print(f"  {row.outcome:8}{name[:NAME_WIDTH]:{NAME_WIDTH}}{row.seconds:7.1f} s  {row.figures}")  # noqa: T201


def main(arguments: list[str]) -> int:
    """Run what pytest is told besides, print the table, and return pytest's exit code."""
    options = [*arguments]
    if not any(each.startswith("tests/") for each in arguments):
        options += [*(f"--deselect={each}" for each in LEFT_OUT), "tests/faults", *ELSEWHERE]
    begin_s = time.monotonic()
    with tempfile.TemporaryDirectory() as folder:
        report = Path(folder) / "report.xml"
        command = [sys.executable, "-m", "pytest", "-m", "long or not long", "-q", "-p", "tests.faults.telling"]
        command += ["--junitxml", str(report), "-o", "junit_family=xunit1", "--tb=short", "--show-capture=no"]
        done = subprocess.run([*command, *options], check=False)
        if report.exists():
            print_table(rows_of(report))
    print(f"all: {time.monotonic() - begin_s:.0f} s")  # noqa: T201
    return done.returncode


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
