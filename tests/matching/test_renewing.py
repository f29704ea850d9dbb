"""What was compiled of a pass is done with once anything changes that it is made of."""

import subprocess
import sys
from pathlib import Path
from typing import Any

import numba
import pytest

from services.matching.index.renewing import Kept

ROOT = Path(__file__).parents[2]

PARTS = """
from services.matching.index.compiling import part
FACTOR = 3

@part
def raised(number):
    return number + 1
"""
PASSES = """
from services.matching.index.compiling import compiled
from {package}.parts import FACTOR, raised

@compiled("i8(i8)")
def risen(number):
    return FACTOR * raised(number)
"""


@pytest.fixture
def package(tmp_path: Path) -> Path:
    folder = tmp_path / "passes_of_a_test"
    folder.mkdir()
    (folder / "__init__.py").touch()
    (folder / "parts.py").write_text(PARTS)
    (folder / "passes.py").write_text(PASSES.format(package=folder.name))
    return folder


def risen_of_ten(package: Path) -> int:
    """Ask a process of its own, which knows only what lies in files."""
    program = f"import sys; sys.path[:0] = sys.argv[1:]; from {package.name}.passes import risen; print(risen(10))"
    command = [sys.executable, "-B", "-c", program, str(package.parent), str(ROOT)]
    return int(subprocess.run(command, check=True, capture_output=True, text=True, timeout=120).stdout)


def compiled_files(package: Path) -> dict[str, int]:
    return {path.name: path.stat().st_mtime_ns for path in (package / "__pycache__").glob("*.nb?")}


def test_a_pass_does_what_its_neighbours_parts_and_constants_say_now(package: Path) -> None:
    parts = package / "parts.py"
    found = [risen_of_ten(package)]
    parts.write_text(PARTS.replace("number + 1", "number + 2"))
    found.append(risen_of_ten(package))
    parts.write_text(PARTS.replace("FACTOR = 3", "FACTOR = 4"))
    found.append(risen_of_ten(package))

    assert found == [3 * 11, 3 * 12, 4 * 11]
    assert len(compiled_files(package)) == 2  # what is no longer true does not pile up


def test_what_was_compiled_is_kept_while_others_change(package: Path) -> None:
    risen_of_ten(package)
    before = compiled_files(package)
    (package / "parts.py").write_text(PARTS + "OTHER = 5\n")

    assert risen_of_ten(package) == 3 * 11
    assert compiled_files(package) == before != {}


def test_what_was_made_before_is_not_found_by_a_newer_index_whose_content_is_still_to_come(package: Path) -> None:
    risen_of_ten(package)
    (before,) = (package / "__pycache__").glob("*.nbc")
    content = before.read_bytes()
    (package / "parts.py").write_text(PARTS.replace("FACTOR = 3", "FACTOR = 4"))
    risen_of_ten(package)
    before.write_bytes(content)  # as it is for a moment while another process renews both

    assert risen_of_ten(package) == 4 * 11


KNOWN_TO_NOBODY = {"a": 1}


def asking(number: int) -> Any:
    return KNOWN_TO_NOBODY, number


def test_what_nobody_can_tell_the_change_of_is_refused() -> None:
    with pytest.raises(TypeError, match="when KNOWN_TO_NOBODY changes"):
        Kept(numba.njit(asking))
