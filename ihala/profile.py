"""
Read a profile: where the services are and who the caller is, in one TOML file.

A profile holds no secret, only the names of the files that do; a relative name
is looked for beside the profile.
"""

import tomllib
from collections.abc import Mapping
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from services.errors import InvalidInput, NotFound
from services.runtime.channel import Channel, open_channel, token_file

SERVICES = ("directory", "matching", "referrals", "notify")

#: every table and key that a profile may have; any other is refused, so that a typing error is not a silent default
KEYS: Mapping[str, frozenset[str]] = {
    "services": frozenset(SERVICES),
    "identity": frozenset({"token_file", "tls_dir"}),
    "receiver": frozenset({"receiver_id", "channel", "nats_url", "seed_file", "journal_file"}),
}
#: how a receiver's software hears, and what its table must have for it
CHANNELS: Mapping[str, tuple[str, ...]] = {
    "nats": ("journal_file", "nats_url", "receiver_id", "seed_file"),
    "stream": ("journal_file", "receiver_id"),
}


@dataclass(frozen=True, slots=True, kw_only=True)
class ReceiverProfile:
    """What a receiver's software needs besides."""

    receiver_id: str  #: the desk that it hears for
    journal_file: Path  #: where the ids of alerts already handed over are kept
    channel: str = "nats"  #: one of `CHANNELS`
    nats_url: str = ""  #: for example "nats://127.0.0.1:4222"; for the channel nats
    seed_file: Path = Path()  #: the nkey seed of its NATS account, readable by its owner alone; for the channel nats


@dataclass(frozen=True, slots=True, kw_only=True)
class Profile:
    """Where the services are and who calls them."""

    addresses: Mapping[str, str] = field(default_factory=dict)  #: "host:port" by service
    token_file: Path | None = None  #: holds the caller's token
    tls_dir: Path | None = None  #: ca.crt, for mutual TLS tls.crt and tls.key too; None: plain text, this machine
    receiver: ReceiverProfile | None = None

    def open_channel(self, service: str, *, actor: str | None = None) -> Channel:
        """
        Open a channel to a service as this caller.

        Args:
            service: One of `SERVICES`.

            actor: The worker on whose behalf calls are made, opaque.

        Raises:
            InvalidInput: the profile does not say where the service is.
        """
        token_source = token_file(self.token_file) if self.token_file else None
        return open_channel(self.address(service), token_source, self.tls_dir, actor=actor)

    def address(self, service: str) -> str:
        """
        Return where a service listens.

        Raises:
            InvalidInput: the profile does not say.
        """
        try:
            return self.addresses[service]
        except KeyError:
            raise InvalidInput(f"services.{service} must be set in the profile") from None


def read_profile(path: Path) -> Profile:
    """
    Read a profile from a TOML file.

    Raises:
        NotFound: there is no such file.

        InvalidInput: it is not TOML, or has a key that no profile has; the key is named.
    """
    try:
        document = tomllib.loads(path.read_text(encoding="utf-8"))
    except FileNotFoundError:
        raise NotFound("the profile file is not there") from None
    except (tomllib.TOMLDecodeError, UnicodeDecodeError) as error:
        raise InvalidInput("profile must be a TOML file in UTF-8") from error
    _refuse_unknown_keys(document)
    folder = path.parent
    identity = document.get("identity", {})
    return Profile(
        addresses=document.get("services", {}),
        token_file=_beside(folder, identity.get("token_file")),
        tls_dir=_beside(folder, identity.get("tls_dir")),
        receiver=_receiver_from(document.get("receiver"), folder),
    )


def _receiver_from(table: Mapping[str, str] | None, folder: Path) -> ReceiverProfile | None:
    if table is None:
        return None
    channel = table.get("channel", "nats")
    if channel not in CHANNELS:
        raise InvalidInput(f"receiver.channel must be one of {', '.join(CHANNELS)}")
    missing = set(CHANNELS[channel]) - table.keys()
    if missing:
        raise InvalidInput(f"receiver.{min(missing)} must be set in the profile")
    return ReceiverProfile(
        receiver_id=table["receiver_id"],
        journal_file=folder / table["journal_file"],
        channel=channel,
        nats_url=table.get("nats_url", ""),
        seed_file=folder / table.get("seed_file", ""),
    )


def _beside(folder: Path, name: str | None) -> Path | None:
    return folder / name if name else None


def _refuse_unknown_keys(document: Mapping[str, Any]) -> None:
    for table, content in document.items():
        if table not in KEYS:
            raise InvalidInput(f"profile must not have the table {table}")
        if not isinstance(content, dict) or not all(isinstance(value, str) for value in content.values()):
            raise InvalidInput(f"{table} must be a table of texts")
        for key in content.keys() - KEYS[table]:
            raise InvalidInput(f"{table} must not have the key {key}")
