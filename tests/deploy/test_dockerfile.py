"""The image is built from the lock, without a registry's name, and runs as nobody in particular."""

import os
import re
import subprocess
import sys
import tomllib
from pathlib import Path

import pytest

from ihala.cli.deployment import FOLDERS
from scripts.lock import GENERATORS, SERVICE_EXTRAS
from scripts.make_venv import LOCK, TOOLS, read_lock
from tests.deploy.composition import DEPLOY, ROOT, dockerfile

PARTS = ("tools.lock", "requirements.lock", "stubs.lock")


@pytest.mark.parametrize("part", PARTS)
def test_every_version_and_hash_is_that_of_the_one_lock(part: str) -> None:
    whole = read_lock(LOCK)

    assert {name: whole[name] for name in read_lock(DEPLOY / part)} == read_lock(DEPLOY / part)


def test_locks_hold_what_is_asked_for_and_not_what_develops() -> None:
    project = tomllib.loads((ROOT / "pyproject.toml").read_text())["project"]
    extras = project["optional-dependencies"]

    def names(requirements: list[str]) -> set[str]:
        return {re.split(r"[\[<>=; ]", each, maxsplit=1)[0] for each in requirements} - {"ihala"}

    wanted = names(project["dependencies"]) | names(extras["service"])
    for extra in SERVICE_EXTRAS:
        wanted |= names(extras[extra])
    locked = set(read_lock(DEPLOY / "requirements.lock"))

    assert wanted - locked == set()
    assert locked & (names(extras["embedded"]) | names(extras["dev"])) == set()
    assert set(read_lock(DEPLOY / "tools.lock")) == set(TOOLS)
    assert set(read_lock(DEPLOY / "stubs.lock")) >= set(GENERATORS)


def test_packages_are_installed_with_hashes_as_wheels() -> None:
    installs = [each.text for each in dockerfile() if each.name == "RUN" and "pip install" in each.text]
    from_locks = [text for text in installs if "-r " in text]

    assert len(from_locks) == 4  # the tools twice, the stubs' generators, the services'
    assert [text for text in from_locks if "--require-hashes --only-binary :all:" not in text] == []
    assert [text for text in installs if text not in from_locks] == [
        "/opt/ihala/bin/pip install --no-cache-dir --no-deps --no-build-isolation ."
    ]


def test_image_has_the_folders_of_the_volumes_and_their_owner() -> None:
    last = [each for each in dockerfile() if each.stage == 3]
    making = next(each.text for each in last if each.name == "RUN")
    folders = next(iter(re.findall(r"for part in ([a-z ]+);", making))).split()

    assert set(folders) == {*FOLDERS, "messages"} - {"postgres"}
    assert "--mode 0755 /var/lib/ihala/postgres" in making  # PostgreSQL's own user looks into it
    assert "--uid 10001 --gid 10001" in making
    assert [each.text for each in last if each.name == "USER"] == ["10001:10001"]


def test_image_is_asked_whether_it_serves() -> None:
    (check,) = [each.text for each in dockerfile() if each.name == "HEALTHCHECK"]

    assert check.endswith('CMD ["python", "-m", "services.runtime.probe"]')


def test_image_has_what_it_copies_and_nothing_else_is_sent_to_the_builder() -> None:
    copied = {
        name
        for each in dockerfile()
        if each.name == "COPY" and "--from" not in each.text
        for name in each.text.split()[:-1]
    }
    sent = {line[1:] for line in (DEPLOY / "Dockerfile.dockerignore").read_text().splitlines() if line.startswith("!")}

    assert [name for name in copied if not (ROOT / name).exists()] == []
    assert {re.sub(r"^deploy/\w+\.lock$", "deploy/*.lock", name) for name in copied} == sent


@pytest.mark.long
def test_image_can_be_built_and_its_command_starts(tmp_path: Path) -> None:
    # no engine: the lines of the two building stages themselves, each path in a folder of this test
    def here(text: str, stage: int) -> str:
        return text.replace("/opt/", f"{tmp_path}/opt/").replace("/build", f"{tmp_path}/build-{stage}")

    environment = {name: value for name, value in os.environ.items() if not name.startswith(("PYTHON", "VIRTUAL_ENV"))}
    environment["PATH"] = f"{tmp_path}/bin:{os.environ['PATH']}"
    (tmp_path / "bin").mkdir()
    (tmp_path / "bin" / "python").symlink_to(Path(sys.executable).resolve())
    for each in (each for each in dockerfile() if each.stage in {1, 2}):
        folder = tmp_path / f"build-{each.stage}"
        folder.mkdir(exist_ok=True)
        if each.name == "COPY":
            copied = each.text.removeprefix("--from=stubs ").split()
            for source in copied[:-1]:
                origin = Path(here(source, 1)) if source.startswith("/build") else ROOT / source
                target = folder / copied[-1]
                if origin.is_dir():
                    command = ["cp", "--recursive", f"{origin}/.", str(target)]
                    target.mkdir(exist_ok=True)
                else:
                    command = ["cp", str(origin), str(target)]
                    (target if copied[-1].endswith("/") else target.parent).mkdir(parents=True, exist_ok=True)
                subprocess.run(command, check=True)
        elif each.name == "RUN":
            subprocess.run(here(each.text, each.stage), shell=True, cwd=folder, env=environment, check=True)  # noqa: S602 -- the Dockerfile's own words

    python = tmp_path / "opt" / "ihala" / "bin" / "python"
    modules = "import services.directory.__main__, services.matching.__main__, services.referrals.__main__, "
    modules += "services.notify.__main__, services.maps.__main__, services.maps.app, "
    modules += "services.gateway.__main__, services.gateway.app, services.runtime.probe"
    subprocess.run([python, "-c", modules], cwd=tmp_path, env=environment, check=True)
    answer = subprocess.run(
        [python.with_name("ihala"), "keys", "init", "state"],
        cwd=tmp_path,
        env=environment,
        check=True,
        capture_output=True,
        text=True,
    )

    assert "operator" in answer.stdout
    assert not (tmp_path / "opt" / "ihala" / "bin" / "pip").exists()
