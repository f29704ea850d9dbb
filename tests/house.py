"""The whole house as separate processes in a folder of the test's own, and the command line on it."""

import asyncio
import json
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass, field
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

from typer.testing import CliRunner

from ihala.cli.app import app
from ihala.cli.run.demo_data import DemoDesk, enrol_desks, import_demo
from ihala.cli.run.identities import CALLER_ROLES, Identities, ensure_identities
from ihala.cli.run.plan import RPC, Parts
from ihala.cli.run.processes import restart, start
from ihala.cli.run.story import Story
from ihala.profile import Profile, read_profile
from services.runtime.embedded.processes import Child, Supervisor

ROOT = Path(__file__).resolve().parent.parent
DATA = ROOT.parent / "shared" / "data"  #: what others publish, laid beside the repository; not part of it


def utc_now() -> datetime:
    return datetime.now(UTC)


@dataclass(frozen=True)
class Said:
    """What a command of the command line did."""

    exit_code: int
    out: str
    err: str

    @property
    def document(self) -> Any:
        """The JSON document that it printed."""
        return json.loads(self.out)

    @property
    def error(self) -> dict[str, Any]:
        """The JSON document of its failure."""
        found: dict[str, Any] = json.loads(self.err)["error"]
        return found


@dataclass(frozen=True)
class House:
    """Everything that runs, and how to reach it."""

    folder: Path  #: the state
    supervisor: Supervisor
    identities: Identities
    parts: Parts
    children: dict[str, Child]
    desks: Mapping[str, DemoDesk] = field(default_factory=dict)

    @property
    def addresses(self) -> dict[str, str]:
        return {name: self.parts.address(name) for name in RPC}

    def profile(self, name: str) -> Profile:
        """Read a caller's profile."""
        return read_profile(self.identities.profile_file(name))

    def ihala(self, *arguments: str, typed: str = "") -> Said:
        """Run a command as a person would who stands in this folder."""
        result = CliRunner(env={"IHALA_HOME": str(self.folder), "COLUMNS": "140"}).invoke(app, arguments, input=typed)
        if result.exception is not None and not isinstance(result.exception, SystemExit):
            raise result.exception
        return Said(result.exit_code, result.stdout, result.stderr)

    def json(self, *arguments: str, typed: str = "") -> Any:
        """Run a command that must succeed, and return its document."""
        said = self.ihala(*arguments, "--format", "json", typed=typed)
        assert said.exit_code == 0, said.err
        return said.document

    def kill(self, name: str) -> None:
        """Kill a service as nothing else can: it has no time for anything."""
        child = self.children[name]
        child.send(9)  # type: ignore[arg-type]  # SIGKILL
        assert child.ended.wait(10)
        self.supervisor.children.remove(child)

    def start_again(self, name: str) -> None:
        """Start a service that was killed."""
        self.children[name] = restart(name, self.supervisor, self.parts, self.identities)


@contextmanager
def house_in(folder: Path, *, with_demo: bool = True) -> Iterator[House]:
    """Run everything while the context lasts."""
    with Supervisor(folder) as supervisor:
        identities = ensure_identities(supervisor.folder, utc_now)
        started = start(supervisor, identities, Story())
        parts = started.parts
        addresses = {name: parts.address(name) for name in RPC}
        for name in CALLER_ROLES:
            identities.write_profile(name, addresses)
        desks = asyncio.run(_demo(identities, parts, addresses)) if with_demo else {}
        yield House(supervisor.folder, supervisor, identities, parts, dict(started.children), desks)


async def _demo(identities: Identities, parts: Parts, addresses: Mapping[str, str]) -> dict[str, DemoDesk]:
    await import_demo(ROOT / "demo", identities)
    return await enrol_desks(ROOT / "demo", identities, addresses, parts.nats_url)
