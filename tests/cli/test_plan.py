"""What `ihala run` gives each process is what its settings ask for."""

import importlib
import os
from pathlib import Path
from types import MappingProxyType

import pytest

from ihala.cli.run.identities import Identities, ensure_identities
from ihala.cli.run.plan import PORT_NAMES, SERVICES, Parts, environment_of
from ihala.profile import read_profile
from services.runtime.embedded.nats_accounts import USERS
from services.runtime.settings import load
from services.runtime.tokens import Verifier
from tests.house import utc_now


@pytest.fixture
def identities(tmp_path: Path) -> Identities:
    return ensure_identities(tmp_path, utc_now)


@pytest.fixture
def parts(tmp_path: Path) -> Parts:
    seeds = {user: tmp_path / f"{user}.nk" for user in USERS}
    for file in seeds.values():
        file.write_text("seed")
    return Parts(
        folder=tmp_path,
        ports={name: 50_000 + number for number, name in enumerate(PORT_NAMES)},
        database_url="postgresql://ihala@127.0.0.1/ihala",
        nats_url="nats://127.0.0.1:4222",
        nats_seed_files=MappingProxyType(seeds),
    )


@pytest.mark.parametrize("service", SERVICES)
def test_every_variable_is_a_setting_and_none_is_missing(
    service: str, parts: Parts, identities: Identities, monkeypatch: pytest.MonkeyPatch
) -> None:
    environment = environment_of(service, parts, identities)
    for name in list(os.environ):
        monkeypatch.delenv(name)
    for name, value in environment.items():
        monkeypatch.setenv(name, value)

    settings = importlib.import_module(f"services.{service}.settings")
    load(settings.Settings)  # names every fault and exits if there is one


def test_what_the_caller_has_set_for_services_stays_outside(
    parts: Parts, identities: Identities, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("IHALA_MATCHING_LISTEN_ADDRESS", "0.0.0.0:1")
    monkeypatch.setenv("IHALA_MATCHING_COLOUR", "red")
    monkeypatch.setenv("GRPC_TRACE", "all")

    environment = environment_of("matching", parts, identities)

    assert environment["IHALA_MATCHING_LISTEN_ADDRESS"] == parts.address("matching")
    assert not {"IHALA_MATCHING_COLOUR", "GRPC_TRACE"} & environment.keys()


def test_secrets_are_made_once_and_read_by_their_owner_alone(identities: Identities) -> None:
    folder = identities.folder
    before = {file: file.read_bytes() for file in (folder / "keys").iterdir()}

    ensure_identities(folder, utc_now)

    assert {file: file.read_bytes() for file in before} == before
    open_to_others = [
        file
        for file in folder.rglob("*")
        if file.is_file() and file.stat().st_mode & 0o077 and file.name != "jwks.json"
    ]
    assert open_to_others == []


def test_every_token_holds_and_says_what_its_bearer_may(identities: Identities) -> None:
    verifier = Verifier(identities.jwks_file, identities.deny_file, now=utc_now)

    roles = {
        name: set(verifier.verify(identities.token_file(name).read_text()).roles)
        for name in ("matching", "maps", "ministry", "operator")
    }

    assert roles == {
        "matching": {"service"},
        "maps": {"coordinator"},
        "ministry": {"case_system"},
        "operator": {"operator"},
    }


def test_a_profile_finds_its_token_from_any_folder(identities: Identities) -> None:
    identities.write_profile("ministry", {"directory": "127.0.0.1:1"})

    profile = read_profile(identities.profile_file("ministry"))

    assert profile.token_file is not None
    assert profile.token_file.resolve() == identities.token_file("ministry").resolve()
