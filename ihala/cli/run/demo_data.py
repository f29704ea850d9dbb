"""Bring the fictional directory of demo/ into a run, and enrol its desks."""

import json
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any, Final

from ihala.cli.importing import import_files
from ihala.cli.run.identities import Identities
from ihala.directory_client import Directory
from ihala.notify_client import Notify
from ihala.profile import read_profile
from services.directory.importing import Report
from services.errors import NotFound
from services.runtime.auth import Role
from services.runtime.embedded.files import write_private
from services.runtime.embedded.nats_accounts import generate_key, public_key

DATASET: Final = "demo"
NATS: Final = "nats"


@dataclass(frozen=True, slots=True, kw_only=True)
class DemoDesk:
    """A desk of the demo that is enrolled."""

    key: str  #: names it in demo/ and in its profile
    receiver_id: str
    names: Mapping[str, str]
    has_software: bool  #: hears over NATS
    provider_keys: Sequence[str]


def demo_folder() -> Path:
    """
    Return the folder demo/: of this folder, one above, or of the project that this package stands in.

    Raises:
        NotFound: there is none.
    """
    here = Path.cwd()
    for folder in (here, *here.parents, Path(__file__).resolve().parents[3]):
        if (folder / "demo" / "providers.json").is_file():
            return folder / "demo"
    raise NotFound("demo/providers.json is not there: run in the project's folder, or use --no-demo")


def read_demo(folder: Path, name: str) -> Any:
    """Read a JSON file of the demo."""
    return json.loads((folder / name).read_text(encoding="utf-8"))


async def import_demo(folder: Path, identities: Identities) -> Report:
    """Import the demo's providers; a second time nothing changes."""
    profile = read_profile(identities.profile_file("editor"))
    return await import_files(profile, [folder / "providers.json"], folder / "mapping.toml")


async def enrol_desks(
    folder: Path, identities: Identities, addresses: Mapping[str, str], nats_url: str
) -> dict[str, DemoDesk]:
    """
    Make the demo's desks, give them their providers, tokens and profiles, and those with software their account.

    A second time nothing changes but the tokens, which are signed anew.
    """
    desks = {}
    profile = read_profile(identities.profile_file("editor"))
    operator = read_profile(identities.profile_file("operator"))
    async with Directory(profile) as directory, Notify(operator) as notify:
        providers = {each.source_key: each async for each in directory.list_providers(dataset=DATASET)}
        for record in read_demo(folder, "receivers.json"):
            made = await directory.create_receiver(
                record["names"],
                languages=record["languages"],
                time_zone=record["time_zone"],
                request_id=f"demo-receiver-{record['key']}",
            )
            desk = DemoDesk(
                key=record["key"],
                receiver_id=made.receiver_id,
                names=record["names"],
                has_software=NATS in record["channels"],
                provider_keys=record["provider_keys"],
            )
            for key in desk.provider_keys:
                if providers[key].receiver_id != desk.receiver_id:
                    await directory.assign_receiver(providers[key], desk.receiver_id)
            public_nkey = write_desk_profile(
                identities,
                desk.key,
                desk.receiver_id,
                addresses,
                nats_url if desk.has_software else None,
            )
            if public_nkey:
                await notify.register_nats_receiver(
                    desk.receiver_id, public_nkey, request_id=f"demo-{desk.key}-{public_nkey[-16:]}"
                )
            desks[desk.key] = desk
    return desks


def write_desk_profile(
    identities: Identities, name: str, receiver_id: str, addresses: Mapping[str, str], nats_url: str | None
) -> str:
    """
    Write what a desk's software needs: a token, a profile and, for NATS, a key.

    Returns:
        The public half of the key; empty without NATS.
    """
    caller = f"receivers/{name}"
    identities.write_token(caller, {Role.RECEIVER}, [receiver_id])
    if nats_url is None:
        identities.write_profile(caller, addresses)
        return ""
    seed_file = identities.folder / "keys" / "receivers" / f"{name}.nk"
    seed_file.parent.mkdir(mode=0o700, exist_ok=True)
    if not seed_file.exists():
        write_private(seed_file, generate_key()[0])
    journals = identities.folder / "journals"
    journals.mkdir(mode=0o700, exist_ok=True)
    identities.write_profile(
        caller,
        addresses,
        {
            "receiver_id": receiver_id,
            "nats_url": nats_url,
            "seed_file": seed_file,
            "journal_file": journals / f"{name}.journal",
        },
    )
    return public_key(seed_file.read_text(encoding="ascii"))
