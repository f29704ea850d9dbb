"""Makes a virtual environment that holds exactly what requirements.lock names, and this project in it.

Runs on the bare interpreter, before anything is installed: the standard library only.
Two runs at once wait for each other, and a run that was cut short is taken up by the next.
"""

import contextlib
import fcntl
import subprocess
import sys
import time
import venv
from collections.abc import Iterator
from importlib.util import find_spec
from pathlib import Path

ROOT = Path(__file__).resolve().parent.parent
LOCK = ROOT / "requirements.lock"

#: Installed first: the pip that installs the rest, and what builds NO_WHEEL and this project.
TOOLS = ("pip", "setuptools")
#: Published as source only, plain Python: built here with the locked setuptools, not with one fetched for it.
NO_WHEEL = "nkeys"
#: How often progress is shown where nobody can see a line being rewritten.
SHOW_EVERY_S = 5.0
#: How much of pip's own words is shown when it fails.
TAIL_LINES = 30


def main(folder: Path) -> None:
    """
    Bring the virtual environment in `folder` to what the lock says.

    Leaves `folder/.installed`, newer than the lock and with the project's path in it, when all of it is in place.
    """
    if folder.is_symlink():
        sys.exit(f"setup: {folder.name} is a link: whoever else uses that environment would lose it; remove the link")
    with one_at_a_time(folder):
        stamp = folder / ".installed"
        if up_to_date(stamp):
            return
        start = time.monotonic()
        python = folder / "bin" / "python"
        if was_moved(stamp) or not is_of_this_version(python):
            if find_spec("ensurepip") is None:
                sys.exit(f"setup: {sys.executable} cannot make environments; on Debian, install python3-venv")
            say(f"making {folder.name} with Python {sys.version.split()[0]}")
            venv.create(folder, clear=True, with_pip=True, symlinks=True)
        requirements = read_lock(LOCK)
        say(f"installing {len(requirements)} packages, each checked against requirements.lock")
        tools = folder / "tools.lock"
        tools.write_text("".join(requirements[name] for name in TOOLS))
        pip(python, ["--require-hashes", "--only-binary", ":all:", "-r", str(tools)], count=len(TOOLS))
        pip(
            python,
            [
                "--require-hashes",
                "--only-binary",
                ":all:",
                "--no-binary",
                NO_WHEEL,
                "--no-build-isolation",
                "-r",
                str(LOCK),
            ],
            count=len(requirements),
        )
        say("installing ihala itself")
        pip(python, ["--no-deps", "--no-build-isolation", "--editable", str(ROOT)], count=1)
        stamp.write_text(f"{ROOT}\n")
        say(f"done in {time.monotonic() - start:.0f} s")


@contextlib.contextmanager
def one_at_a_time(folder: Path) -> Iterator[None]:
    """Hold the folder for this process; whoever comes second waits."""
    with folder.with_name(folder.name + ".lock").open("w") as lock:
        fcntl.flock(lock, fcntl.LOCK_EX)
        yield


def up_to_date(stamp: Path) -> bool:
    """Tell whether the stamp is newer than all that set-up depends on."""
    sources = (LOCK, ROOT / "pyproject.toml", Path(__file__))
    if was_moved(stamp):
        return False
    return stamp.exists() and all(stamp.stat().st_mtime >= each.stat().st_mtime for each in sources)


def was_moved(stamp: Path) -> bool:
    """Tell whether the environment was made at another path, which is written into all its commands."""
    return stamp.exists() and stamp.read_text() != f"{ROOT}\n"


def is_of_this_version(python: Path) -> bool:
    """Tell whether an environment's interpreter still runs, with a working pip, and is of this one's minor version."""
    check = "import sys, pip; print(*sys.version_info[:2])"
    with contextlib.suppress(OSError):
        answer = subprocess.run([python, "-c", check], capture_output=True, text=True, check=False)
        return answer.stdout.split() == [str(part) for part in sys.version_info[:2]]
    return False


def read_lock(path: Path) -> dict[str, str]:
    """Read the lock as a mapping from a package's name to its lines: one requirement with its hashes."""
    requirements: dict[str, str] = {}
    name = ""
    for line in path.read_text().splitlines(keepends=True):
        if line.startswith("#") or not line.strip():
            continue
        if not line[0].isspace():
            name = line.partition("==")[0]
            requirements[name] = ""
        requirements[name] += line
    return requirements


def pip(python: Path, arguments: list[str], *, count: int) -> None:
    """Run `pip install`, showing how many of `count` packages it has come to, and all its last words if it fails."""
    command = [str(python), "-m", "pip", "install", "--no-input", "--disable-pip-version-check", *arguments]
    seen = 0
    last_shown = time.monotonic()
    lines: list[str] = []
    with subprocess.Popen(command, stdout=subprocess.PIPE, stderr=subprocess.STDOUT, text=True) as process:
        for line in process.stdout or ():
            lines.append(line)
            if line.startswith(("Collecting ", "Requirement already satisfied", "Ignoring ")):
                seen += 1
            elif not line.startswith("Installing collected packages"):
                continue
            else:
                seen = count
            if count > len(TOOLS) and (sys.stdout.isatty() or time.monotonic() - last_shown > SHOW_EVERY_S):
                last_shown = time.monotonic()
                step = "unpacking" if seen == count else "fetching"
                end = "\r" if sys.stdout.isatty() else "\n"
                print(f"setup:   {step} {seen}/{count}   ", end=end, flush=True)
    if process.returncode != 0:
        print("".join(lines[-TAIL_LINES:]), file=sys.stderr)
        sys.exit("setup: pip failed (its last words are above)")


def say(what: str) -> None:
    """Print one line of progress at once, into pipes too."""
    print(f"setup: {what}", flush=True)


if __name__ == "__main__":
    main(Path(sys.argv[1]).absolute())
