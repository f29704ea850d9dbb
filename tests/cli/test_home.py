"""Who calls, and where the services are, is found in its order."""

from pathlib import Path

import pytest

from ihala.cli import home
from services.errors import NotFound


@pytest.fixture(autouse=True)
def _nothing_set(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    for name in ("IHALA_HOME", "IHALA_PROFILE", "IHALA_CLIENT_DIRECTORY_ADDRESS"):
        monkeypatch.delenv(name, raising=False)
    monkeypatch.chdir(tmp_path)


def a_profile(file: Path, address: str) -> Path:
    file.parent.mkdir(parents=True, exist_ok=True)
    file.write_text(f'[services]\ndirectory = "{address}"\n')
    return file


def test_a_run_is_found_from_a_folder_below(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    a_profile(tmp_path / ".ihala" / "profiles" / "ministry.toml", "run:1")
    below = tmp_path / "a" / "b"
    below.mkdir(parents=True)
    monkeypatch.chdir(below)

    assert home.profile_for("ministry").address("directory") == "run:1"


@pytest.mark.parametrize("named", [".", ".ihala"])
def test_a_run_is_named_by_its_project_or_its_state(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, named: str
) -> None:
    a_profile(tmp_path / "elsewhere" / ".ihala" / "profiles" / "ministry.toml", "run:2")
    monkeypatch.setenv("IHALA_HOME", str(tmp_path / "elsewhere" / named))

    assert home.profile_for("ministry").address("directory") == "run:2"


def test_what_is_named_wins_over_variables_and_those_over_a_run(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    a_profile(tmp_path / ".ihala" / "profiles" / "ministry.toml", "run:1")

    monkeypatch.setenv("IHALA_CLIENT_DIRECTORY_ADDRESS", "variable:1")
    assert home.profile_for("ministry").address("directory") == "variable:1"
    monkeypatch.setenv("IHALA_PROFILE", str(a_profile(tmp_path / "named.toml", "file:1")))
    assert home.profile_for("ministry").address("directory") == "file:1"
    option = a_profile(tmp_path / "option.toml", "option:1")
    assert home.profile_for("ministry", option).address("directory") == "option:1"


def test_without_any_it_is_said_what_to_do() -> None:
    with pytest.raises(NotFound, match="start `ihala run` here"):
        home.profile_for("ministry")


def test_a_desk_that_the_run_does_not_have_is_told_from_a_run_that_is_not_there(tmp_path: Path) -> None:
    a_profile(tmp_path / ".ihala" / "profiles" / "receivers" / "house-system.toml", "run:1")

    with pytest.raises(NotFound, match="receiver must be a desk that the run has a profile for: house-system"):
        home.profile_for("receivers/nobody")
