"""Three NATS servers of one cluster on this machine, configured as the one of a run."""

from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from os import environ
from pathlib import Path
from signal import Signals

from services.runtime.embedded.nats import find_program
from services.runtime.embedded.nats_accounts import USERS, generate_key, render_server
from services.runtime.embedded.ports import LOOPBACK
from services.runtime.embedded.processes import Child, Supervisor

NAMES = ("n1", "n2", "n3")


@dataclass(frozen=True)
class Cluster:
    """The servers, by name, and the key of the user that may do everything."""

    ports: dict[str, int]
    children: dict[str, Child]
    seed_file: Path

    def url(self, name: str) -> str:
        return f"nats://{LOOPBACK}:{self.ports[name]}"

    def send(self, name: str, number: Signals) -> None:
        self.children[name].send(number)


@contextmanager
def cluster_in(folder: Path) -> Iterator[Cluster]:
    """Run a cluster while the context lasts."""
    with Supervisor(folder) as supervisor:
        keys = {user: generate_key() for user in ("sys", *USERS)}
        public_keys = {user: public for user, (_seed, public) in keys.items()}
        seed_file = folder / "provisioner.nk"
        seed_file.write_text(keys["provisioner"][0])
        ports = {name: supervisor.ports.get(name) for name in NAMES}
        routes = {name: supervisor.ports.get(f"{name}-route") for name in NAMES}
        children = {}
        for name in NAMES:
            home = folder / name
            home.mkdir()
            (home / "accounts.conf").write_text("")
            alone = render_server(ports[name], public_keys).replace("server_name: ihala", f"server_name: {name}")
            others = ", ".join(f'"nats://{LOOPBACK}:{routes[other]}"' for other in NAMES if other != name)
            between = f"cluster {{ name: ihala, listen: {LOOPBACK}:{routes[name]}, routes: [ {others} ] }}\n"
            (home / "nats.conf").write_text(alone + between)
            program = find_program(environ)
            children[name] = supervisor.spawn(name, [program, "-c", "nats.conf"], directory=home)
        try:
            yield Cluster(ports, children, seed_file)
        finally:
            for child in children.values():
                child.send(Signals.SIGCONT)
