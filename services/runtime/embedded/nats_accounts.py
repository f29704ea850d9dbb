"""
Writes the NATS configuration: who may say what on which subject.

One account a receiver, so that no receiver can pull, acknowledge, count or forge what
is another's: subjects of the one account do not exist in the other. NOTIFY exports three
subjects, each with the position where the server itself puts the importing account's
name; the account is named by the receiver's id, so one constant export serves all.
"""

import os
import re
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass

import nkeys

from services.errors import InvalidInput

RECEIVER_ID = re.compile(r"[A-Za-z0-9_-]{1,64}")
RESERVED = {"SYS", "NOTIFY"}
SEED_BYTES = 32

NEXT = "$JS.API.CONSUMER.MSG.NEXT.ALERTS"
ACK = "$JS.ACK.ALERTS"
RECEIPT = "receipt.v1"


@dataclass(frozen=True, slots=True)
class Permissions:
    """What one user may do; nothing else."""

    publish: tuple[str, ...]
    subscribe: tuple[str, ...]
    may_answer: bool = False  #: may publish once to the reply subject of a message it was sent


#: Users of the account NOTIFY. None: everything inside the account.
USERS: Mapping[str, Permissions | None] = {
    # makes the streams before the services start; the only one that can change or delete them
    "provisioner": None,
    "relay": Permissions(
        publish=("referral.v1.>", "$JS.API.STREAM.INFO.REFERRALS"),
        subscribe=("_INBOX_relay.>",),
    ),
    "notify": Permissions(
        publish=(
            "alerts.v1.*",
            "$JS.API.STREAM.INFO.REFERRALS",
            "$JS.API.STREAM.INFO.ALERTS",
            # its own durable consumer of events
            "$JS.API.CONSUMER.DURABLE.CREATE.REFERRALS.notify",
            "$JS.API.CONSUMER.INFO.REFERRALS.notify",
            "$JS.API.CONSUMER.MSG.NEXT.REFERRALS.notify",
            "$JS.ACK.REFERRALS.notify.>",
            # a durable consumer a receiver; it may not pull or acknowledge for them
            "$JS.API.CONSUMER.DURABLE.CREATE.ALERTS.*",
            "$JS.API.CONSUMER.INFO.ALERTS.*",
            "$JS.API.CONSUMER.DELETE.ALERTS.*",
        ),
        subscribe=(f"{RECEIPT}.*", "_INBOX_notify.>"),
        may_answer=True,  # receipts
    ),
}


def generate_key() -> tuple[str, str]:
    """Make a user's key: the seed, which its owner keeps in a file nobody else reads, and the public key."""
    seed: bytes = nkeys.encode_seed(os.urandom(SEED_BYTES), nkeys.PREFIX_BYTE_USER)
    return seed.decode(), public_key(seed.decode())


def public_key(seed: str) -> str:
    """Return the public key of a seed."""
    key: bytes = nkeys.from_seed(seed.encode()).public_key
    return key.decode()


def render_server(
    port: int,
    public_keys: Mapping[str, str],
    *,
    host: str = "127.0.0.1",
    store_dir: str = "store",
    pid_file: str | None = None,
) -> str:
    """
    Write the server's configuration; it includes `accounts.conf` from beside it.

    Args:
        port: Where it listens.

        public_keys: Of every user of `USERS`, and of `sys`.

        host: Address of the interface where it listens.

        store_dir: Of the messages; a relative one is below the folder that the server starts in.

        pid_file: Where the server writes its process id; None for nowhere.
    """
    users = ",\n      ".join(_user(public_keys[name], permissions) for name, permissions in USERS.items())
    return f"""\
server_name: ihala
host: {host}
port: {port}
{f'pid_file: "{pid_file}"' if pid_file else "# its process id is its parent's business"}
max_payload: 65536
max_connections: 2000
max_subscriptions: 50
max_control_line: 4096
write_deadline: "5s"
ping_interval: "10s"
ping_max: 2
lame_duck_duration: "30s"
authorization {{ timeout: 6 }}
jetstream {{
  store_dir: "{store_dir}"
  sync_interval: always
  max_file_store: 2GB
  max_memory_store: 64MB
  strict: true
}}
accounts {{
  SYS {{ users: [ {{ nkey: {public_keys["sys"]} }} ] }}
  NOTIFY {{
    jetstream: enabled
    users: [
      {users}
    ]
    exports: [
      {{ service: "{NEXT}.*", response_type: stream, account_token_position: 7 }}
      {{ service: "{ACK}.*.>", account_token_position: 4 }}
      {{ service: "{RECEIPT}.*", account_token_position: 3 }}
    ]
  }}
  include "accounts.conf"
}}
system_account: SYS
"""


def render_receiver_accounts(receivers: Mapping[str, Sequence[str]]) -> str:
    """
    Write the accounts of the receivers that chose NATS.

    Args:
        receivers: Receiver id, which must be 1 to 64 of A-Z a-z 0-9 _ -, to the public keys of its users: one,
            or two while it changes over.

    Raises:
        InvalidInput: An id or a key is not of that form.
    """
    return "".join(_receiver_account(receiver_id, keys) for receiver_id, keys in sorted(receivers.items()))


def _receiver_account(receiver_id: str, keys: Sequence[str]) -> str:
    if not RECEIVER_ID.fullmatch(receiver_id) or receiver_id.upper() in RESERVED:
        raise InvalidInput("receiver_id must be 1 to 64 of A-Z a-z 0-9 _ - and no name of an account of the house")
    if not all(map(_is_public_key, keys)):
        raise InvalidInput("public_key must be the public nkey of a user")
    own = (f"{NEXT}.{receiver_id}", f"{ACK}.{receiver_id}.>", f"{RECEIPT}.{receiver_id}")
    imports = "\n".join(f'    {{ service: {{ account: NOTIFY, subject: "{subject}" }} }}' for subject in own)
    users = ", ".join(_user(key, Permissions(publish=own, subscribe=("_INBOX.>",))) for key in keys)
    return f'"{receiver_id}" {{\n  users: [ {users} ]\n  imports: [\n{imports}\n  ]\n}}\n'


def _is_public_key(key: str) -> bool:
    """Say whether this is the public key of a user: nothing else may reach the configuration's text."""
    return re.fullmatch(r"U[A-Z2-7]{55}", key) is not None


def _user(key: str, permissions: Permissions | None) -> str:
    if permissions is None:
        return f"{{ nkey: {key} }}"
    answers = ', allow_responses: { max: 1, expires: "1m" }' if permissions.may_answer else ""
    return (
        f"{{ nkey: {key}, permissions: {{ publish: {{ allow: [{_subjects(permissions.publish)}] }}, "
        f"subscribe: {{ allow: [{_subjects(permissions.subscribe)}] }}{answers} }} }}"
    )


def _subjects(subjects: Iterable[str]) -> str:
    return ", ".join(f'"{subject}"' for subject in subjects)
