"""
Make what a deployment needs before its first process starts: keys, tokens, passwords, the configuration of NATS.

One folder a process, so that each is given its own and nothing else. The operator's folder has the originals and is
laid out as the state of a run, so that the commands find their way in it; the others are copied from it each time.
"""

import base64
import hashlib
import hmac
import os
import secrets
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from datetime import datetime
from pathlib import Path
from typing import Final

from ihala.cli.run.identities import CALLER_ROLES, Identities, ensure_identities
from services.runtime.embedded.files import write_private
from services.runtime.embedded.nats_accounts import USERS, generate_key, public_key, render_server
from services.runtime.keys import write_secret

#: where the services are reached on the machine that they run on
PORTS: Final[Mapping[str, int]] = {"directory": 50051, "matching": 50052, "referrals": 50053, "notify": 50054}
#: services with tables; each is a role of the database that owns its schema and sees no other's
DATABASE_ROLES: Final = ("directory", "referrals", "notify")
DATABASE: Final = "ihala"
SUPERUSER: Final = "postgres"
#: the users of NATS that each service may be
NATS_USERS: Final[Mapping[str, tuple[str, ...]]] = {
    "referrals": ("relay", "provisioner"),
    "notify": ("notify", "provisioner"),
}
#: secrets of a service, by the name that the run keeps them under
SERVICE_KEYS: Final[Mapping[str, Mapping[str, str]]] = {
    "matching": {"matching_token": "token_key"},
    "referrals": {"referrals_kek": "kek", "referrals_hmac": "hmac_key"},
    "notify": {"notify_endpoint": "endpoint_key", "notify_vapid": "vapid_key"},
}
SERVICES: Final = ("directory", "matching", "referrals", "notify", "maps")
FOLDERS: Final = ("operator", "gate", *SERVICES, "duty", "nats", "postgres")
#: case systems get their tokens one by one, by `ihala token mint`
CALLERS: Final = {name: roles for name, roles in CALLER_ROLES.items() if name != "ministry"}
PASSWORD_BYTES: Final = 32
SCRAM_ROUNDS: Final = 4096
READABLE: Final = 0o644


@dataclass(frozen=True, slots=True, kw_only=True)
class Broker:
    """Where the NATS server listens and keeps what it is told."""

    host: str = "0.0.0.0"  # noqa: S104 -- inside its container; compose.yaml says who reaches it
    port: int = 4222
    store_dir: str = "/var/lib/ihala/messages"
    pid_file: str = "/var/lib/ihala/nats/nats.pid"


def make_deployment(folder: Path, now: Callable[[], datetime], broker: Broker) -> None:
    """
    Make what is missing and sign new tokens; what is there stays, so that it may be repeated.

    Args:
        folder: Holds a folder for each of `FOLDERS`.

        now: The clock, timezone-aware.

        broker: The NATS server.
    """
    for name in FOLDERS:
        (folder / name).mkdir(mode=0o700, parents=True, exist_ok=True)
    operator = operator_folder(folder)
    _lend(folder, operator / "keys")
    identities = ensure_identities(operator, now, CALLERS)
    addresses = {name: f"127.0.0.1:{port}" for name, port in PORTS.items()}
    for name in CALLERS:
        identities.write_profile(name, addresses)
    _copy(identities.jwks_file, folder / "gate" / "jwks.json")
    for service in SERVICES:
        _give(service, folder / service, identities)
    _copy(identities.token_file("duty"), folder / "notify" / "duty_token")
    _write_nats(folder, operator / "nats", broker)
    _write_database(folder, operator)


def operator_folder(folder: Path) -> Path:
    """Return the folder of the operator, with the originals."""
    return folder / "operator"


def _lend(folder: Path, keys: Path) -> None:
    """Let the operator's commands write where the services read: revoked tokens, and codes of pages."""
    keys.mkdir(mode=0o700, exist_ok=True)
    for file in (
        folder / "gate" / "deny.txt",
        folder / "maps" / "sign_in_codes",
        folder / "duty" / "duty_sign_in_codes",
    ):
        file.touch(mode=0o600)
        link = keys / file.name
        if not link.is_symlink():
            link.symlink_to(os.path.relpath(file, keys))


def _give(service: str, folder: Path, identities: Identities) -> None:
    _copy(identities.token_file(service), folder / "token")
    for name, file in SERVICE_KEYS.get(service, {}).items():
        draft = folder / f"{file}.new"
        draft.unlink(missing_ok=True)
        write_secret(draft, identities.key_file(name).read_bytes())
        draft.replace(folder / file)
    for user in NATS_USERS.get(service, ()):
        write_private(folder / f"{user}.nk", _seed(identities.folder / "nats", user))


def _write_nats(folder: Path, seeds: Path, broker: Broker) -> None:
    public_keys = {user: public_key(_seed(seeds, user)) for user in ("sys", *USERS)}
    text = render_server(
        broker.port, public_keys, host=broker.host, store_dir=broker.store_dir, pid_file=broker.pid_file
    )
    write_private(folder / "nats" / "nats.conf", text)
    accounts = folder / "nats" / "accounts.conf"
    if not accounts.exists():  # from then on it is notify's
        write_private(accounts, "")


def _write_database(folder: Path, operator: Path) -> None:
    keys, postgres = operator / "keys", folder / "postgres"
    write_private(postgres / "superuser_password", _password(keys, SUPERUSER))
    write_private(operator / "pgpass", _pgpass(SUPERUSER, _password(keys, SUPERUSER)))
    statements = [
        f"REVOKE ALL ON DATABASE {DATABASE} FROM PUBLIC;",
        "REVOKE ALL ON SCHEMA public FROM PUBLIC;",
    ]
    for role in DATABASE_ROLES:
        password = _password(keys, role)
        write_private(folder / role / "pgpass", _pgpass(role, password))
        statements += [
            f"CREATE ROLE {role} LOGIN PASSWORD '{scram_verifier(password, secrets.token_bytes(16))}';",
            f"GRANT CONNECT, CREATE ON DATABASE {DATABASE} TO {role};",
        ]
    if not (postgres / "roles.sql").exists():
        roles = postgres / "roles.sql"
        write_private(roles, "\n".join([*statements, ""]))
        # read by PostgreSQL's own user; no password stands in it
        roles.chmod(READABLE)
        postgres.chmod(0o755)


def _pgpass(role: str, password: str) -> str:
    # the host may be called otherwise tomorrow; the database and the role may not
    return f"*:*:{DATABASE}:{role}:{password}\n"


def scram_verifier(password: str, salt: bytes) -> str:
    """Return what PostgreSQL keeps of a password (RFC 5803), so that the password itself need not travel."""
    salted = hashlib.pbkdf2_hmac("sha256", password.encode(), salt, SCRAM_ROUNDS)
    client_key = hmac.digest(salted, b"Client Key", "sha256")
    stored_key = hashlib.sha256(client_key).digest()
    server_key = hmac.digest(salted, b"Server Key", "sha256")
    salt_text, stored, server = (base64.b64encode(part).decode() for part in (salt, stored_key, server_key))
    return f"SCRAM-SHA-256${SCRAM_ROUNDS}:{salt_text}${stored}:{server}"


def _password(keys: Path, role: str) -> str:
    file = keys / f"{role}.password"
    if not file.exists():
        write_private(file, secrets.token_urlsafe(PASSWORD_BYTES))
    return file.read_text(encoding="ascii")


def _seed(seeds: Path, user: str) -> str:
    seeds.mkdir(mode=0o700, exist_ok=True)
    file = seeds / f"{user}.nk"
    if not file.exists():
        seed, _public = generate_key()
        write_private(file, seed)
    return file.read_text(encoding="ascii")


def _copy(source: Path, target: Path) -> None:
    write_private(target, source.read_text(encoding="utf-8"))
