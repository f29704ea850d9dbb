"""
Chooses a version of everything in pyproject.toml and writes requirements.lock, for `make lock`.

One version for all Pythons and systems, with the hashes of all its files and no address of any registry: whoever
installs takes them from the registry that their own pip knows. Versions already locked stay unless `--upgrade` or
`--upgrade-package NAME` is given (`make lock ARGS=--upgrade`).
"""

import subprocess
import sys
import sysconfig
from pathlib import Path

from scripts.make_venv import LOCK, NO_WHEEL, ROOT

HEADER = "# Written by `make lock` from pyproject.toml: every version, with the hashes of its files.\n"
LOWEST_PYTHON = "3.11"


def main() -> None:
    """Resolve, then put the header above what was resolved."""
    uv = Path(sysconfig.get_path("scripts")) / "uv"
    done = subprocess.run(
        [
            *(uv, "pip", "compile", "pyproject.toml", "--all-extras", "--output-file", LOCK, "--quiet"),
            *("--universal", "--python-version", LOWEST_PYTHON, "--fork-strategy", "fewest"),
            *("--only-binary", ":all:", "--no-binary", NO_WHEEL, "--generate-hashes"),
            *("--no-annotate", "--no-header", "--no-emit-index-url", "--no-emit-find-links", "--no-emit-options"),
            *sys.argv[1:],
        ],
        cwd=ROOT,
        check=False,
    )
    if done.returncode != 0:
        sys.exit("lock: no versions fit together (why is above)")
    LOCK.write_text(HEADER + LOCK.read_text())


if __name__ == "__main__":
    main()
