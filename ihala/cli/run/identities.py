"""Who is who in a run: keys, tokens and profiles, made in its folder with no hand of a person."""

import json
import os
import secrets
from collections.abc import Callable, Collection, Mapping
from dataclasses import dataclass
from datetime import datetime
from pathlib import Path
from typing import Final

from services.errors import FailedPrecondition
from services.runtime.auth import Role
from services.runtime.embedded.files import write_private
from services.runtime.keys import SigningKey, create_signing_key, load_signing_key, write_jwks
from services.runtime.tokens import MAX_LIFE_S, mint

KEY_BYTES: Final = 32
SIGNING_KEY: Final = "signing_key.pem"
SIGNING_KEY_BEFORE: Final = "signing_key_before.pem"  #: signs no more; its tokens hold until it is withdrawn

#: processes, and what each may do with the others
SERVICE_ROLES: Final[Mapping[str, frozenset[Role]]] = {
    "directory": frozenset({Role.SERVICE}),
    "matching": frozenset({Role.SERVICE}),
    "referrals": frozenset({Role.SERVICE}),
    "notify": frozenset({Role.SERVICE}),
    "maps": frozenset({Role.COORDINATOR}),
    "duty": frozenset({Role.DUTY_COORDINATOR}),  # the page of notify for those on duty
}
#: people and systems that the command line and the demo act as
CALLER_ROLES: Final[Mapping[str, frozenset[Role]]] = {
    "ministry": frozenset({Role.CASE_SYSTEM}),
    "coordinator": frozenset({Role.COORDINATOR, Role.DUTY_COORDINATOR}),
    "editor": frozenset({Role.DIRECTORY_EDITOR}),
    "operator": frozenset({Role.OPERATOR}),
}
#: secrets of single services that replicas of one share, as files of random bytes
SERVICE_KEYS: Final = ("matching_token", "referrals_kek", "referrals_hmac", "notify_endpoint", "notify_vapid")


@dataclass(frozen=True, slots=True)
class Identities:
    """
    The keys, tokens and profiles of a run.

    Args:
        folder: The state of the run.

        key: Signs every token.

        now: The clock, timezone-aware.
    """

    folder: Path
    key: SigningKey
    now: Callable[[], datetime]

    @property
    def jwks_file(self) -> Path:
        """The public keys that services believe."""
        return self.folder / "keys" / "jwks.json"

    @property
    def deny_file(self) -> Path:
        """Revoked tokens and subjects."""
        return self.folder / "keys" / "deny.txt"

    @property
    def sign_in_file(self) -> Path:
        """One-time codes by which coordinators sign in to the maps."""
        return self.folder / "keys" / "sign_in_codes"

    @property
    def duty_sign_in_file(self) -> Path:
        """One-time codes by which duty coordinators sign in to their page."""
        return self.folder / "keys" / "duty_sign_in_codes"

    def key_file(self, name: str) -> Path:
        """Return the file of one of `SERVICE_KEYS`."""
        return self.folder / "keys" / f"{name}.key"

    def token_file(self, name: str) -> Path:
        """Return the file of a process's or caller's token."""
        return self.folder / "tokens" / f"{name}.token"

    def profile_file(self, name: str) -> Path:
        """Return the file of a caller's profile."""
        return self.folder / "profiles" / f"{name}.toml"

    def write_token(self, name: str, roles: Collection[Role], receiver_ids: Collection[str] = ()) -> Path:
        """Sign a token for a name and keep it where its owner alone reads it."""
        file = self.token_file(name)
        file.parent.mkdir(mode=0o700, parents=True, exist_ok=True)
        client_id = name.replace("/", ".")
        token = mint(
            self.key,
            client_id=client_id,
            roles=roles,
            receiver_ids=receiver_ids,
            now=self.now(),
            life_s=MAX_LIFE_S,
        )
        write_private(file, token)
        return file

    def write_profile(
        self, name: str, addresses: Mapping[str, str], receiver: Mapping[str, str | Path] | None = None
    ) -> Path:
        """Write a caller's profile: where the services are, its token, and for a receiver's software how it hears."""
        file = self.profile_file(name)
        file.parent.mkdir(mode=0o700, parents=True, exist_ok=True)

        def beside(path: Path) -> str:
            return os.path.relpath(path, file.parent)

        tables: dict[str, Mapping[str, str]] = {
            "services": addresses,
            "identity": {"token_file": beside(self.token_file(name))},
        }
        if receiver:
            tables["receiver"] = {
                key: beside(value) if isinstance(value, Path) else value for key, value in receiver.items()
            }
        write_private(file, _toml(tables))
        return file


def ensure_identities(
    folder: Path, now: Callable[[], datetime], callers: Mapping[str, frozenset[Role]] = CALLER_ROLES
) -> Identities:
    """Make the keys of a run at the first time, and sign new tokens for processes and callers each time."""
    keys = folder / "keys"
    keys.mkdir(mode=0o700, parents=True, exist_ok=True)
    signing, before = keys / SIGNING_KEY, keys / SIGNING_KEY_BEFORE
    key = load_signing_key(signing) if signing.exists() else create_signing_key(signing)
    identities = Identities(folder, key, now)
    write_jwks(identities.jwks_file, [key, *([load_signing_key(before)] if before.exists() else [])])
    for file in (identities.deny_file, identities.sign_in_file, identities.duty_sign_in_file):
        file.touch(mode=0o600)
    for name in SERVICE_KEYS:
        if not identities.key_file(name).exists():
            _write_key(identities.key_file(name))
    for name, roles in {**SERVICE_ROLES, **callers}.items():
        identities.write_token(name, roles)
    return identities


def retire_signing_key(folder: Path) -> None:
    """
    Let the signing key sign no more; `ensure_identities` makes another, and tokens of both hold.

    Raises:
        FailedPrecondition: the key before it is still believed, or there is none.
    """
    if (folder / "keys" / SIGNING_KEY_BEFORE).exists():
        raise FailedPrecondition("the signing key before this one must be withdrawn first (`ihala keys withdraw`)")
    try:
        (folder / "keys" / SIGNING_KEY).rename(folder / "keys" / SIGNING_KEY_BEFORE)
    except FileNotFoundError:
        raise FailedPrecondition("a signing key must be there first (`ihala keys init`)") from None


def withdraw_signing_key(folder: Path) -> None:
    """
    Let the tokens of the key that was retired hold no more, once `ensure_identities` has published it.

    Raises:
        FailedPrecondition: none was retired.
    """
    try:
        (folder / "keys" / SIGNING_KEY_BEFORE).unlink()
    except FileNotFoundError:
        raise FailedPrecondition("a signing key must be retired first (`ihala keys rotate`)") from None


def _write_key(file: Path) -> None:
    draft = file.with_suffix(".new")
    draft.unlink(missing_ok=True)
    descriptor = os.open(draft, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o600)
    with os.fdopen(descriptor, "wb") as stream:
        stream.write(secrets.token_bytes(KEY_BYTES))
        stream.flush()
        os.fsync(descriptor)
    draft.replace(file)


def _toml(tables: Mapping[str, Mapping[str, str]]) -> str:
    lines = []
    for table, content in tables.items():
        # a JSON string is a TOML string
        lines += [f"[{table}]", *(f"{key} = {json.dumps(value, ensure_ascii=False)}" for key, value in content.items())]
    return "\n".join([*lines, ""])
