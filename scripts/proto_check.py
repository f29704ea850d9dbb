"""
Checks the protos with buf, for `make proto-check`: style and comments, and that nothing breaks callers.

What callers have is protos/baseline.binpb, a description of the protos as they were last accepted. It is recorded anew
by `make proto-baseline`, which refuses a change that breaks callers unless it is told `ARGS=--breaking`: a break is
always somebody's decision, and shows in the history as a change of that file. Nothing here asks the network.
"""

import argparse
import subprocess
import sys
import sysconfig
import tempfile
from pathlib import Path

from scripts.gen import PACKAGE, PROTOS, proto_files, run_protoc

BASELINE = PROTOS / "baseline.binpb"


def main() -> None:
    """Check, and with `--accept` record the protos as the baseline."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--accept", action="store_true", help="record the protos as the new baseline")
    parser.add_argument("--breaking", action="store_true", help="with --accept: even if that breaks callers")
    options = parser.parse_args()

    sources = proto_files()
    with tempfile.TemporaryDirectory() as folder:
        image = Path(folder) / "protos.binpb"
        run_protoc("--include_imports", "--include_source_info", f"--descriptor_set_out={image}", *sources)
        good = buf("lint", image)
        if not BASELINE.exists():
            print("proto-check: no baseline yet, nothing to break (make proto-baseline records one)")
        elif not buf("breaking", image, "--against", BASELINE):
            good = options.accept and options.breaking and good
        if not good:
            sys.exit("proto-check: failed (what is wrong is above)")
        if options.accept:
            run_protoc("--include_imports", f"--descriptor_set_out={BASELINE}", *sources)
    print(f"proto-check: {len(sources)} protos {'accepted' if options.accept else 'are good'}")


def buf(command: str, image: Path, *arguments: str | Path) -> bool:
    """Run one of buf's checks on the protos of this project in an image; buf prints what it finds."""
    program = Path(sysconfig.get_path("scripts")) / "buf"
    config = PROTOS / "buf.yaml"
    done = subprocess.run([program, command, image, *arguments, "--config", config, "--path", PACKAGE], check=False)
    return done.returncode == 0


if __name__ == "__main__":
    main()
