"""Three NATS servers of one cluster on this machine, configured as the one of a run."""

import resource
import signal
from collections.abc import Iterator, Mapping
from contextlib import contextmanager, nullcontext
from dataclasses import dataclass, field
from os import environ
from pathlib import Path
from signal import Signals

from services.runtime.embedded.nats import find_program
from services.runtime.embedded.nats_accounts import USERS, generate_key, render_server
from services.runtime.embedded.nats_store import forget_summaries
from services.runtime.embedded.ports import LOOPBACK
from services.runtime.embedded.processes import Child, Supervisor
from tests.faults.networks import Networks

NAMES = ("n1", "n2", "n3")
#: a server may take memory without end over a damaged file: then it ends, and not the machine
MEMORY_BYTES = 4 * 2**30
ENDED_WITHIN_S = 30.0


@dataclass(frozen=True)
class Cluster:
    """The servers, by name, and the keys of the user that may do everything and of the one that may look at them."""

    supervisor: Supervisor
    ports: Mapping[str, int]
    hosts: Mapping[str, str]
    seed_file: Path
    sys_seed_file: Path
    networks: Networks | None
    children: dict[str, Child] = field(default_factory=dict)

    def url(self, name: str) -> str:
        return f"nats://{self.hosts[name]}:{self.ports[name]}"

    def store(self, name: str) -> Path:
        return self.home(name) / "store"

    def home(self, name: str) -> Path:
        return self.supervisor.folder / name

    def send(self, name: str, number: Signals) -> None:
        self.children[name].send(number)

    def start(self, name: str, *, is_checked: bool = True) -> None:
        """Start a server that does not run, as a house does or as it is by itself; it serves soon after."""
        if is_checked:
            forget_summaries(self.store(name))
        with self.networks.inside(name) if self.networks else nullcontext():
            program = find_program(environ)
            child = self.supervisor.spawn(name, [program, "-c", "nats.conf"], directory=self.home(name))
        resource.prlimit(child.pid, resource.RLIMIT_AS, (MEMORY_BYTES, MEMORY_BYTES))
        self.children[name] = child

    def end(self, name: str, number: Signals = signal.SIGTERM) -> None:
        """End a server, and wait until it has ended."""
        child = self.children.pop(name)
        child.send(number)
        assert child.ended.wait(ENDED_WITHIN_S), name
        self.supervisor.children.remove(child)


@contextmanager
def cluster_in(folder: Path, networks: Networks | None = None) -> Iterator[Cluster]:
    """Run a cluster while the context lasts, each server in the network of its name if there are such."""
    with Supervisor(folder) as supervisor:
        keys = {user: generate_key() for user in ("sys", *USERS)}
        public_keys = {user: public for user, (_seed, public) in keys.items()}
        seed_files = {user: folder / f"{user}.nk" for user in ("provisioner", "sys")}
        for user, file in seed_files.items():
            file.write_text(keys[user][0])
        ports = {name: supervisor.ports.get(name) for name in NAMES}
        routes = {name: supervisor.ports.get(f"{name}-route") for name in NAMES}
        hosts = networks.addresses if networks else dict.fromkeys(NAMES, LOOPBACK)
        cluster = Cluster(supervisor, ports, hosts, seed_files["provisioner"], seed_files["sys"], networks)
        for name in NAMES:
            home = cluster.home(name)
            home.mkdir()
            (home / "accounts.conf").write_text("")
            alone = render_server(ports[name], public_keys, host=hosts[name])
            others = ", ".join(f'"nats://{hosts[other]}:{routes[other]}"' for other in NAMES if other != name)
            between = f"cluster {{ name: ihala, listen: {hosts[name]}:{routes[name]}, routes: [ {others} ] }}\n"
            named = alone.replace("server_name: ihala", f"server_name: {name}")
            (home / "nats.conf").write_text(named + between)
            cluster.start(name)
        try:
            yield cluster
        finally:
            for child in cluster.children.values():
                child.send(Signals.SIGCONT)
