"""compose.yaml says nothing that the code does not know, and all that it needs."""

import importlib.util
import re
from pathlib import Path

import pytest

from ihala.cli.deployment import FOLDERS, NATS_USERS, PORTS, Broker
from services.runtime.embedded.nats import OLDEST
from services.runtime.embedded.postgres import SETTINGS
from services.runtime.rpc import STOP_GRACE_S
from tests.deploy.composition import (
    KEYLESS,
    PROCESSES,
    ROOT,
    composition,
    environment_of,
    mounts_of,
    service,
    settings_of,
)

STATE = "/var/lib/ihala"
#: what the embedded server says for a machine of its own, and a container otherwise
OWN_TO_EMBEDDED = {"listen_addresses", "unix_socket_directories"}


def listening_port(name: str) -> str:
    return environment_of(name)[f"IHALA_{name.upper()}_LISTEN_ADDRESS"].rpartition(":")[2]


@pytest.mark.parametrize("name", PROCESSES)
def test_every_variable_is_a_setting_of_its_service(name: str) -> None:
    known = {f"IHALA_{name.upper()}_{field.upper()}" for field in settings_of(name).model_fields}

    assert set(environment_of(name)) - known == set()


@pytest.mark.parametrize("name", PROCESSES)
def test_every_required_setting_is_set(name: str) -> None:
    fields = settings_of(name).model_fields.items()
    required = {f"IHALA_{name.upper()}_{field.upper()}" for field, info in fields if info.is_required()}

    assert required - set(environment_of(name)) == set()


@pytest.mark.parametrize("name", PROCESSES)
def test_every_command_is_a_module_that_runs(name: str) -> None:
    program, option, module = service(name)["command"]

    assert (program, option, module) == ("python", "-m", f"services.{name}")
    assert importlib.util.find_spec(f"{module}.__main__") is not None


def test_every_service_of_the_house_is_composed() -> None:
    processes = {path.parent.name for path in ROOT.glob("services/*/__main__.py")}

    assert processes == set(PROCESSES)


@pytest.mark.parametrize("name", PROCESSES)
def test_every_address_of_a_peer_is_where_that_peer_listens(name: str) -> None:
    own = ("_LISTEN_ADDRESS", "_PAGE_ADDRESS", "_DUTY_ADDRESS")
    addresses = {
        variable: value
        for variable, value in environment_of(name).items()
        if variable.endswith("_ADDRESS") and not variable.endswith(own)
    }
    for variable, value in addresses.items():
        peer, _, port = value.rpartition(":")

        assert variable.endswith(f"_{peer.upper()}_ADDRESS")
        assert port == listening_port(peer), variable


@pytest.mark.parametrize("name", ["referrals", "notify"])
def test_nats_is_called_where_it_listens(name: str) -> None:
    assert environment_of(name)[f"IHALA_{name.upper()}_NATS_URL"] == f"nats://nats:{Broker().port}"


@pytest.mark.parametrize("name", PROCESSES)
def test_every_file_named_lies_in_a_volume_of_that_container(name: str) -> None:
    mounts = mounts_of(name)
    files = [value for value in environment_of(name).values() if value.startswith(STATE)]
    files += [value.split("passfile=")[1] for value in environment_of(name).values() if "passfile=" in value]

    assert bool(files) is (name not in KEYLESS)
    assert [file for file in files if str(Path(file).parent) not in mounts] == []


@pytest.mark.parametrize("name", PROCESSES)
def test_no_process_can_read_the_secrets_of_another(name: str) -> None:
    volumes = {volume for volume, _ in mounts_of(name).values()}

    assert volumes <= {name, "gate"} | ({"nats", "duty"} if name == "notify" else set())


@pytest.mark.parametrize("name", PROCESSES)
def test_no_process_can_change_its_secrets_or_the_gate(name: str) -> None:
    writable = {volume for volume, is_writable in mounts_of(name).values() if is_writable}

    # the maps and the duty page strike out codes that were used; notify writes the accounts of NATS
    assert writable == {"maps": {"maps"}, "notify": {"nats", "duty"}}.get(name, set())


def test_no_secret_stands_in_the_environment() -> None:
    for name in composition()["services"]:
        for variable, value in environment_of(name).items():
            assert "PASSWORD" not in variable or variable.endswith("_FILE"), variable
            assert re.search(r"://[^/@]*:[^/@]*@", value) is None, variable


def test_keys_are_made_into_every_volume_that_somebody_mounts() -> None:
    made = {path: volume for path, (volume, is_writable) in mounts_of("keys").items() if is_writable}

    assert made == {f"{STATE}/{part}": part for part in (*FOLDERS, "messages")}
    assert set(composition()["volumes"]) == {*FOLDERS, "messages", "database"}
    assert service("keys")["command"] == ["ihala", "keys", "init", STATE]


def test_every_service_waits_for_its_keys() -> None:
    assert [name for name in KEYLESS if mounts_of(name)] == []
    for name in {"postgres", "nats", *PROCESSES} - set(KEYLESS):
        assert service(name)["depends_on"]["keys"]["condition"] == "service_completed_successfully"


@pytest.mark.parametrize("name", NATS_USERS)
def test_seeds_are_those_that_keys_init_gives(name: str) -> None:
    seeds = {Path(value).stem for value in environment_of(name).values() if value.endswith(".nk")}

    assert seeds == set(NATS_USERS[name])


def test_notify_can_tell_nats_to_read_the_accounts_again() -> None:
    notify, nats = service("notify"), service("nats")

    assert notify["pid"] == "service:nats"
    assert nats["user"] == "10001:10001"
    assert environment_of("notify")["IHALA_NOTIFY_NATS_PID_FILE"] == Broker().pid_file
    assert mounts_of("nats")[f"{STATE}/nats"] == ("nats", True)
    assert mounts_of("notify")[f"{STATE}/nats"] == ("nats", True)
    assert str(Path(Broker().store_dir)) in mounts_of("nats")


def test_operator_reaches_the_services_where_the_profiles_say() -> None:
    assert {name: int(listening_port(name)) for name in PORTS} == PORTS
    for name, port in PORTS.items():
        assert f"127.0.0.1:{port}:{port}" in service(name)["ports"]
    assert service("cli")["network_mode"] == "host"
    assert environment_of("cli")["IHALA_HOME"] == f"{STATE}/operator"


def test_nothing_is_published_beyond_this_machine() -> None:
    ports = [port for each in composition()["services"].values() for port in each.get("ports", [])]

    assert ports
    assert [port for port in ports if not port.startswith("127.0.0.1:")] == []


def test_postgresql_is_set_as_the_embedded_one_is() -> None:
    command, *options = service("postgres")["command"]
    given = dict(option.removeprefix("--").split("=", 1) for option in options)

    assert command == "postgres"
    assert given == {name: value for name, value in SETTINGS.items() if name not in OWN_TO_EMBEDDED}


def test_nats_server_is_new_enough() -> None:
    version = service("nats")["image"].partition(":")[2].removesuffix("-alpine")

    assert tuple(map(int, version.split("."))) >= OLDEST


@pytest.mark.parametrize("name", PROCESSES)
def test_calls_in_hand_are_finished_before_a_container_is_killed(name: str) -> None:
    assert int(service(name)["stop_grace_period"].removesuffix("s")) > STOP_GRACE_S


@pytest.mark.parametrize("name", ["keys", "cli", "epochs", "nats", *PROCESSES])
def test_containers_have_no_more_rights_than_they_need(name: str) -> None:
    each = service(name)

    assert each["read_only"] is True
    assert each["cap_drop"] == ["ALL"]
    assert each["security_opt"] == ["no-new-privileges:true"]
