"""Tests of the remembered ports."""

import socket
import stat
from pathlib import Path

import pytest

from services.runtime.embedded.ports import Ports


def test_a_port_is_remembered_by_the_next_run(tmp_path: Path) -> None:
    first = Ports(tmp_path / "ports.json").get("nats")

    assert Ports(tmp_path / "ports.json").get("nats") == first


def test_names_have_ports_of_their_own(tmp_path: Path) -> None:
    ports = Ports(tmp_path / "ports.json")

    assert len({ports.get(str(number)) for number in range(20)}) == 20


def test_a_port_taken_by_another_program_is_replaced_for_good(tmp_path: Path) -> None:
    first = Ports(tmp_path / "ports.json").get("nats")
    with socket.create_server(("127.0.0.1", first)):
        second = Ports(tmp_path / "ports.json").get("nats")

    assert second != first
    assert Ports(tmp_path / "ports.json").get("nats") == second


@pytest.mark.parametrize("text", ["", "{", "[]", '{"nats": "x"}', '{"nats": 0}', '{"nats": 65536}'])
def test_a_file_that_is_broken_is_begun_anew(tmp_path: Path, text: str) -> None:
    (tmp_path / "ports.json").write_text(text)

    assert 0 < Ports(tmp_path / "ports.json").get("nats") < 65536


def test_the_file_is_private(tmp_path: Path) -> None:
    Ports(tmp_path / "ports.json").get("nats")

    assert stat.S_IMODE((tmp_path / "ports.json").stat().st_mode) == 0o600
