"""Reads deploy/compose.yaml and the Dockerfile as data."""

import importlib
import re
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any, Final

import yaml

from services.runtime.settings import ProcessSettings

ROOT: Final = Path(__file__).resolve().parents[2]
DEPLOY: Final = ROOT / "deploy"
#: `${NAME:-default}` and `${NAME}`, as compose understands them
VARIABLE: Final = re.compile(r"\$\{(\w+)(?::-([^}]*))?\}")
PROCESSES: Final = ("directory", "matching", "referrals", "notify", "maps", "gateway")
KEYLESS: Final = ("gateway",)  #: hold no secret: they pass on what callers show


def composition() -> dict[str, Any]:
    """Read compose.yaml with its variables at their defaults."""
    text = VARIABLE.sub(lambda found: found[2] or "", (DEPLOY / "compose.yaml").read_text(encoding="utf-8"))
    content: dict[str, Any] = yaml.safe_load(text)
    return content


def service(name: str) -> dict[str, Any]:
    """Read one service of it."""
    content: dict[str, Any] = composition()["services"][name]
    return content


def environment_of(name: str) -> dict[str, str]:
    """Return the variables of a service's process."""
    return dict(service(name).get("environment", {}))


def settings_of(name: str) -> type[ProcessSettings]:
    """Return the class that reads them."""
    kind: type[ProcessSettings] = importlib.import_module(f"services.{name}.settings").Settings
    return kind


def mounts_of(name: str) -> Mapping[str, tuple[str, bool]]:
    """Return the volume and whether it may be written to, by the path in the container."""
    parts = (str(mount).split(":") for mount in service(name).get("volumes", []))
    return {path: (volume, "ro" not in options) for volume, path, *options in parts}


@dataclass(frozen=True, slots=True)
class Instruction:
    """One line of a Dockerfile, with what it continues on."""

    stage: int  #: how many FROM stood before it, this one included
    name: str
    text: str


def dockerfile() -> list[Instruction]:
    """Read the instructions of the Dockerfile."""
    lines = [line for line in (DEPLOY / "Dockerfile").read_text().splitlines() if not line.lstrip().startswith("#")]
    whole = re.sub(r"\\\n\s*", "", "\n".join(lines))
    found, stage = [], 0
    for line in filter(None, whole.splitlines()):
        name, _, text = line.partition(" ")
        stage += name == "FROM"
        found.append(Instruction(stage, name, text))
    return found
