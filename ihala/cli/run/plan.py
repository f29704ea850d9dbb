"""Which processes a run has and what each reads from its environment."""

import os
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Final

from ihala.cli.run.identities import SERVICE_ROLES, Identities

LOOPBACK: Final = "127.0.0.1"
SERVICES: Final = ("directory", "matching", "referrals", "notify", "maps", "gateway")
RPC: Final = ("directory", "matching", "referrals", "notify")  #: those that answer RPCs
LOG_LEVEL: Final = "info"


@dataclass(frozen=True, slots=True, kw_only=True)
class Parts:
    """Where the parts of a run are."""

    folder: Path  #: its state
    ports: Mapping[str, int]  #: by service, and `answer` and `duty` for the pages of notify
    database_url: str
    nats_url: str
    nats_seed_files: Mapping[str, Path]  #: by user

    def address(self, name: str) -> str:
        """Return where a service or page listens."""
        return f"{LOOPBACK}:{self.ports[name]}"


#: names of ports; each stays the same from run to run
PORT_NAMES: Final = (*SERVICES, "answer", "duty")


def environment_of(service: str, parts: Parts, identities: Identities) -> dict[str, str]:
    """
    Return all variables of a service's process.

    What the caller's own environment says of a service is left out, so that a
    run is the same wherever it is started.
    """
    own = {
        "LISTEN_ADDRESS": parts.address(service),
        # the gateway has none: it passes on what its callers show
        **({"TOKEN_FILE": str(identities.token_file(service))} if service in SERVICE_ROLES else {}),
        "LOG_LEVEL": os.environ.get("IHALA_LOG_LEVEL", LOG_LEVEL),
        **(_gate(identities) if service in RPC else {}),
        **_further(service, parts, identities),
    }
    prefixes = tuple(f"IHALA_{name.upper()}_" for name in SERVICES)
    inherited = {
        name: value
        for name, value in os.environ.items()
        if not name.startswith(prefixes) and name not in {"GRPC_TRACE", "PYTHONPATH", "IHALA_LOG_LEVEL"}
    }
    return inherited | {f"IHALA_{service.upper()}_{name}": value for name, value in own.items()}


def _gate(identities: Identities) -> dict[str, str]:
    return {"JWKS_FILE": str(identities.jwks_file), "DENY_FILE": str(identities.deny_file)}


def _further(service: str, parts: Parts, identities: Identities) -> dict[str, str]:
    directory, matching, referrals = (parts.address(name) for name in ("directory", "matching", "referrals"))
    match service:
        case "directory":
            return {"DATABASE_URL": parts.database_url}
        case "matching":
            return {
                "DIRECTORY_ADDRESS": directory,
                "REFERRALS_ADDRESS": referrals,
                "TOKEN_KEY_FILE": str(identities.key_file("matching_token")),
            }
        case "referrals":
            return {
                "DATABASE_URL": parts.database_url,
                "NATS_URL": parts.nats_url,
                "NATS_SEED_FILE": str(parts.nats_seed_files["relay"]),
                "NATS_PROVISIONER_SEED_FILE": str(parts.nats_seed_files["provisioner"]),
                "DIRECTORY_ADDRESS": directory,
                "MATCHING_ADDRESS": matching,
                "KEK_FILE": str(identities.key_file("referrals_kek")),
                "HMAC_KEY_FILE": str(identities.key_file("referrals_hmac")),
            }
        case "notify":
            return {
                "DATABASE_URL": parts.database_url,
                "NATS_URL": parts.nats_url,
                "NATS_SEED_FILE": str(parts.nats_seed_files["notify"]),
                "NATS_PROVISIONER_SEED_FILE": str(parts.nats_seed_files["provisioner"]),
                "NATS_ACCOUNTS_FILE": str(parts.folder / "nats" / "accounts.conf"),
                "NATS_PID_FILE": str(parts.folder / "nats" / "nats.pid"),
                "DIRECTORY_ADDRESS": directory,
                "REFERRALS_ADDRESS": referrals,
                "PAGE_ADDRESS": parts.address("answer"),
                "DUTY_ADDRESS": parts.address("duty"),
                "DUTY_TOKEN_FILE": str(identities.token_file("duty")),
                "DUTY_LOGIN_FILE": str(identities.duty_sign_in_file),
                "ENDPOINT_KEY_FILE": str(identities.key_file("notify_endpoint")),
                "VAPID_KEY_FILE": str(identities.key_file("notify_vapid")),
                "VAPID_CONTACT": "mailto:nobody@example.org",
            }
        case "gateway":
            return {"DIRECTORY_ADDRESS": directory, "MATCHING_ADDRESS": matching, "REFERRALS_ADDRESS": referrals}
        case _:
            return {
                "DIRECTORY_ADDRESS": directory,
                "REFERRALS_ADDRESS": referrals,
                "LOGIN_FILE": str(identities.sign_in_file),
            }
