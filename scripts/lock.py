"""
Chooses a version of everything in pyproject.toml and writes requirements.lock, for `make lock`.

One version for all Pythons and systems, with the hashes of all its files and no address of any registry: whoever
installs takes them from the registry that their own pip knows. Versions already locked stay unless `--upgrade` or
`--upgrade-package NAME` is given (`make lock ARGS=--upgrade`).

Then copies the lines of what a deployment needs from it to deploy/: what the services run on, and what generates
the stubs while the image is built.
"""

import subprocess
import sys
import sysconfig
from collections.abc import Iterable
from pathlib import Path

from scripts.make_venv import LOCK, NO_WHEEL, ROOT, TOOLS, read_lock

HEADER = "# Written by `make lock` from pyproject.toml: every version, with the hashes of its files.\n"
LOWEST_PYTHON = "3.11"

#: What installs the rest of an image.
TOOLS_LOCK = ROOT / "deploy" / "tools.lock"
SERVICES_LOCK = ROOT / "deploy" / "requirements.lock"
#: What the services run on. `embedded` and `dev` stay out of the image.
SERVICE_EXTRAS = ("directory", "matching", "referrals", "notify", "maps", "gateway")
STUBS_LOCK = ROOT / "deploy" / "stubs.lock"
#: What `scripts.gen` imports and runs.
GENERATORS = ("googleapis-common-protos", "grpcio-tools", "mypy-protobuf", "protobuf")


def main() -> None:
    """Resolve everything, put the header above it, and copy from it what deploy/ needs."""
    resolve("--all-extras", "--output-file", str(LOCK), "--generate-hashes", *sys.argv[1:])
    LOCK.write_text(HEADER + LOCK.read_text())
    # constrained to what was just locked, so that this only says which of it is needed
    chosen = ("--constraint", str(LOCK))
    extras = [argument for extra in SERVICE_EXTRAS for argument in ("--extra", extra)]
    write_part(TOOLS_LOCK, TOOLS)
    write_part(SERVICES_LOCK, names_in(resolve(*extras, *chosen)))
    write_part(STUBS_LOCK, names_in(resolve(*chosen, source="-", given="\n".join(GENERATORS))))


def resolve(*arguments: str, source: str = "pyproject.toml", given: str = "") -> str:
    """Run the resolver for every system; returns what it printed, ends the process if nothing fits together."""
    uv = Path(sysconfig.get_path("scripts")) / "uv"
    done = subprocess.run(
        [
            *(uv, "pip", "compile", source, "--quiet"),
            *("--universal", "--python-version", LOWEST_PYTHON, "--fork-strategy", "fewest"),
            *("--only-binary", ":all:", "--no-binary", NO_WHEEL),
            *("--no-annotate", "--no-header", "--no-emit-index-url", "--no-emit-find-links", "--no-emit-options"),
            *arguments,
        ],
        cwd=ROOT,
        input=given,
        stdout=subprocess.PIPE,
        text=True,
        check=False,
    )
    if done.returncode != 0:
        sys.exit("lock: no versions fit together (why is above)")
    return done.stdout


def names_in(requirements: str) -> list[str]:
    """List the packages of a resolution without hashes."""
    return [line.partition("==")[0] for line in requirements.splitlines() if "==" in line]


def write_part(path: Path, names: Iterable[str]) -> None:
    """Copy the lines of some packages from the lock."""
    locked = read_lock(LOCK)
    header = HEADER.replace("pyproject.toml", "requirements.lock")
    path.write_text(header + "".join(locked[name] for name in sorted(set(names))))


if __name__ == "__main__":
    main()
