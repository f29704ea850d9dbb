"""The rules of the repository itself: what may be committed, what set-up relies on, what the README promises."""

import re
import subprocess
import tomllib
from pathlib import Path

import pytest

ROOT = Path(__file__).resolve().parent.parent

#: Written by others, or data that quotes others: the rules on words do not apply.
NOT_OURS = {"LICENSE"}
#: Where code is fetched from: set-up takes it from the registry that the user's own pip knows, so none is named.
REGISTRY = re.compile(
    r"pypi\.(?:org|python\.org)|pythonhosted\.org|(?:registry\.)?npmjs\.(?:org|com)|\b(?:deb|security)\.debian\.org|ghcr\.io"
    r"|--(?:extra-)?index-url|--find-links",
    re.IGNORECASE,
)
#: A folder of one machine or of one person.
MACHINE_PATH = re.compile(r"(?<![\w.~$}])/(?:home|Users|root|work|workspace)/\w")
#: What `make gen` writes.
STUB = re.compile(r"_pb2(?:_grpc)?\.pyi?$")
TARGET = re.compile(r"^([a-z][a-z-]*):(?!=)(.*)$", re.MULTILINE)


def committed() -> list[Path]:
    """List the files that git holds or would take, so that a file is judged before it is committed."""
    if not (ROOT / ".git").exists():
        pytest.skip("not a git clone")
    answer = subprocess.run(
        ["git", "ls-files", "-z", "--cached", "--others", "--exclude-standard"],
        cwd=ROOT,
        capture_output=True,
        check=True,
    )
    return [ROOT / name.decode() for name in answer.stdout.split(b"\0") if name and (ROOT / name.decode()).is_file()]


def texts() -> list[tuple[str, str]]:
    """List the committed texts of this project's own, as (path, text)."""
    found = []
    for path in committed():
        name = path.relative_to(ROOT).as_posix()
        if name in NOT_OURS or path == Path(__file__):
            continue
        content = path.read_bytes()
        if b"\0" not in content:
            found.append((name, content.decode()))
    return found


def lines_with(pattern: re.Pattern[str]) -> list[str]:
    """List where a pattern occurs, as `path:line`."""
    return [
        f"{name}:{number}"
        for name, text in texts()
        for number, line in enumerate(text.splitlines(), start=1)
        if pattern.search(line)
    ]


def requirements() -> dict[str, list[str]]:
    """Read the lock as a mapping from `name==version` to its hashes."""
    found: dict[str, list[str]] = {}
    name = ""
    for line in (ROOT / "requirements.lock").read_text().splitlines():
        if line.startswith("    --hash="):
            found[name].append(line.strip(" \\").removeprefix("--hash="))
        elif not line.startswith("#"):
            name = line.split()[0]
            found[name] = []
    return found


def test_no_registry_is_named() -> None:
    assert lines_with(REGISTRY) == []


def test_no_path_of_one_machine_is_named() -> None:
    assert lines_with(MACHINE_PATH) == []


def test_no_generated_code_is_committed() -> None:
    assert [path.name for path in committed() if STUB.search(path.name)] == []


def test_stubs_of_every_proto_package_are_ignored_by_git() -> None:
    ignored = (ROOT / ".gitignore").read_text().splitlines()

    packages = {path.parent.parent.name for path in (ROOT / "protos" / "ihala").glob("*/v*/*.proto")}

    assert {f"/ihala/{package}/" for package in packages} - set(ignored) == set()


def test_no_file_written_by_hand_stands_where_stubs_are_generated() -> None:
    packages = {path.parent.parent.name for path in (ROOT / "protos" / "ihala").glob("*/v*/*.proto")}

    assert [package for package in packages if (ROOT / "ihala" / f"{package}.py").exists()] == []


def test_every_locked_version_is_exact_and_has_hashes() -> None:
    for requirement, hashes in requirements().items():
        assert re.fullmatch(r"[a-z0-9-]+==[\w.+!]+", requirement), requirement
        assert hashes, requirement
        assert all(re.fullmatch(r"sha256:[0-9a-f]{64}", each) for each in hashes), requirement


def test_lock_names_no_address() -> None:
    lock = (ROOT / "requirements.lock").read_text()

    assert re.search(r"://|@ |^-", lock, re.MULTILINE) is None


def test_lock_holds_everything_the_project_asks_for() -> None:
    project = tomllib.loads((ROOT / "pyproject.toml").read_text())["project"]
    wanted = [
        *project["dependencies"],
        *(each for extra in project["optional-dependencies"].values() for each in extra),
    ]
    names = {re.split(r"[\[<>=; ]", each, maxsplit=1)[0] for each in wanted} - {"ihala"}

    assert names - {requirement.partition("==")[0] for requirement in requirements()} == set()


def test_every_make_target_says_what_it_does() -> None:
    makefile = (ROOT / "Makefile").read_text()
    targets = dict(TARGET.findall(makefile))

    assert {"help", "setup", "gen", "run", "test", "lint", "types", "bench", "clean"} <= set(targets)
    assert [target for target, rest in targets.items() if "## " not in rest] == []
    assert [target for target in targets if f".PHONY: {target}\n" not in makefile] == []


def test_make_alone_lists_every_target() -> None:
    answer = subprocess.run(["make"], cwd=ROOT, capture_output=True, text=True, check=True)

    targets = [target for target, _ in TARGET.findall((ROOT / "Makefile").read_text())]

    assert [target for target in targets if f"make {target} " not in answer.stdout] == []


def test_readme_gives_the_two_commands() -> None:
    readme = (ROOT / "README.md").read_text()

    assert "make run" in readme
    assert "make test" in readme


def test_licence_is_apache_2() -> None:
    project = tomllib.loads((ROOT / "pyproject.toml").read_text())["project"]

    assert project["license"] == "Apache-2.0"
    assert "Apache License\n                           Version 2.0" in (ROOT / "LICENSE").read_text()


def test_scripts_start_with_their_interpreter() -> None:
    scripts = [path for path in committed() if path.suffix == ".sh" or path.name == "run"]

    assert [path.name for path in scripts if not path.read_bytes().startswith(b"#!")] == []
