"""Tests of the way out against real servers: nothing inside is reached, and nobody who is not who they say (T11)."""

import socket
import ssl
from collections.abc import AsyncIterator
from ipaddress import ip_address
from pathlib import Path
from typing import Any

import pytest

from services.notify.channels import SendFailed
from services.notify.channels.egress import Egress, is_own
from services.notify.channels.egress_rules import EgressRules
from tests.notify.posting import (
    LOOPBACK,
    NAME,
    Authority,
    Inside,
    Names,
    egress_to,
    https_server,
    inside,
    says,
)
from tests.notify.test_egress_rules import INSIDE_ADDRESSES, REFUSED_URLS


@pytest.fixture
async def internal() -> AsyncIterator[Inside]:
    async with inside() as made:
        yield made


def to_port_of(internal: Inside, *answers: list[str]) -> Egress:
    """Make a way out that may use the listener's port: what keeps it away is the address alone."""
    return Egress(EgressRules(ports=frozenset({443, internal.port})), resolve=Names(*answers), total_s=5)


@pytest.mark.parametrize("address", INSIDE_ADDRESSES)
async def test_a_name_that_leads_inside_gets_not_one_byte(internal: Inside, address: str) -> None:
    egress = to_port_of(internal, [address])

    with pytest.raises(SendFailed, match="address_refused"):
        await egress.post(f"https://desk.example.org:{internal.port}/", b"body", {})

    assert (internal.connections, internal.byte_count) == (0, 0)


@pytest.mark.parametrize("url", REFUSED_URLS.values(), ids=REFUSED_URLS.keys())
async def test_a_url_that_was_let_in_under_other_rules_is_refused_when_it_is_used(internal: Inside, url: str) -> None:
    with pytest.raises(SendFailed, match="address_refused") as caught:
        await to_port_of(internal, ["127.0.0.1"]).post(url, b"body", {})

    assert caught.value.permanent
    assert internal.connections == 0


async def test_a_name_with_one_address_inside_is_not_tried_at_the_others(internal: Inside) -> None:
    with pytest.raises(SendFailed, match="address_refused"):
        await to_port_of(internal, ["8.8.8.8", "127.0.0.1"]).post(
            f"https://desk.example.org:{internal.port}/", b"body", {}
        )

    assert internal.connections == 0


async def test_a_name_that_turns_inside_after_the_check_is_connected_to_where_it_was_checked(
    authority: Authority, internal: Inside
) -> None:
    async with https_server(authority.server(), says(200)) as server:
        names = Names([LOOPBACK], ["::1"])  # the second answer is what a rebinding server would give
        answer = await egress_to(server, authority, names=names).post(server.url, b"body", {})

    assert (answer.status, names.asked, internal.connections) == (200, [NAME], 0)


async def test_a_name_that_was_public_and_leads_inside_now_is_refused_each_time_anew(internal: Inside) -> None:
    egress = to_port_of(internal, ["127.0.0.1"], ["::1"], ["10.0.0.1"])

    for _ in range(3):
        with pytest.raises(SendFailed, match="address_refused"):
            await egress.post(f"https://desk.example.org:{internal.port}/", b"body", {})

    assert internal.connections == 0


@pytest.mark.parametrize("status", [301, 302, 303, 307, 308])
async def test_a_redirect_inside_is_not_followed(authority: Authority, internal: Inside, status: int) -> None:
    for where in (f"http://127.0.0.1:{internal.port}/", f"https://[::1]:{internal.port}/", "http://169.254.169.254/"):
        async with https_server(authority.server(), says(status, Location=where)) as server:
            answer = await egress_to(server, authority).post(server.url, b"body", {})

        assert answer.status == status
    assert internal.connections == 0


def test_an_address_of_this_machine_is_known_as_its_own() -> None:
    assert is_own(LOOPBACK)
    assert not is_own(ip_address("192.0.2.1"))


async def test_a_proxy_of_the_environment_is_not_asked(
    authority: Authority, internal: Inside, monkeypatch: pytest.MonkeyPatch
) -> None:
    for name in ("HTTPS_PROXY", "https_proxy", "ALL_PROXY", "all_proxy"):
        monkeypatch.setenv(name, f"http://127.0.0.1:{internal.port}")
    async with https_server(authority.server(), says(200)) as server:
        assert (await egress_to(server, authority).post(server.url, b"body", {})).status == 200

    assert internal.connections == 0


async def test_the_name_stands_in_host_and_certificate_whatever_the_address(authority: Authority) -> None:
    async with https_server(authority.server(), says(200, b"ok")) as server:
        answer = await egress_to(server, authority).post(server.url, b"body", {"webhook-id": "1"})

    [posted] = server.requests
    assert (posted.headers["host"], posted.path, posted.body) == (f"{NAME}:{server.port}", "/alerts", b"body")
    assert (posted.headers["accept-encoding"], posted.headers["webhook-id"]) == ("identity", "1")
    assert (answer.status, answer.body) == (200, b"ok")


@pytest.mark.parametrize(("name", "days"), [(NAME, -1), ("other.example.org", 1)], ids=["expired", "of another name"])
async def test_a_certificate_that_proves_nothing_gets_no_request(authority: Authority, name: str, days: int) -> None:
    async with https_server(authority.server(name, days=days), says(200)) as server:
        with pytest.raises(SendFailed, match="tls_refused"):
            await egress_to(server, authority).post(server.url, b"body", {})

    assert server.requests == []


async def test_an_authority_that_nobody_named_is_not_believed(authority: Authority, tmp_path: Path) -> None:
    (tmp_path / "other").mkdir()
    async with https_server(Authority(tmp_path / "other").server(), says(200)) as server:
        with pytest.raises(SendFailed, match="tls_refused"):
            await egress_to(server, authority).post(server.url, b"body", {})

    assert server.requests == []


async def test_a_server_without_tls_gets_no_request(authority: Authority) -> None:
    async with https_server(None, says(200)) as server:
        with pytest.raises(SendFailed):
            await egress_to(server, authority, total_s=2).post(server.url, b"body", {})

    assert server.requests == []


async def test_a_name_is_looked_up_once_for_each_attempt(
    authority: Authority, internal: Inside, monkeypatch: pytest.MonkeyPatch
) -> None:
    asked: list[str] = []

    def alternating(host: str, port: int, *rest: object, **more: object) -> list[Any]:
        asked.append(host)
        address = "127.0.0.1" if len(asked) == 1 else "169.254.169.254"
        return [(socket.AF_INET, socket.SOCK_STREAM, 6, "", (address, port))]

    async with https_server(authority.server(), says(200)) as server:
        egress = Egress(EgressRules(allowed=frozenset({f"{NAME}:{server.port}"})), ca_file=authority.file)
        monkeypatch.setattr(socket, "getaddrinfo", alternating)
        assert (await egress.post(server.url, b"body", {})).status == 200

    assert asked.count(NAME) == 1
    assert internal.connections == 0


@pytest.mark.parametrize("found", ["fe80::1%eth0", "::ffff:127.0.0.1", "127.0.0.1"])
async def test_what_this_machines_resolver_finds_inside_is_refused(
    internal: Inside, monkeypatch: pytest.MonkeyPatch, found: str
) -> None:
    def inside_only(host: str, port: int, *rest: object, **more: object) -> list[Any]:
        return [(socket.AF_INET6, socket.SOCK_STREAM, 6, "", (found, port, 0, 0))]

    monkeypatch.setattr(socket, "getaddrinfo", inside_only)
    egress = Egress(EgressRules(ports=frozenset({internal.port})), total_s=5)
    with pytest.raises(SendFailed, match="address_refused"):
        await egress.post(f"https://desk.example.org:{internal.port}/", b"body", {})

    assert internal.connections == 0


async def test_the_next_address_of_a_name_is_tried_where_the_first_is_not_there(authority: Authority) -> None:
    async with https_server(authority.server(), says(200)) as server:
        names = Names(["::1", "127.0.0.1"])
        assert (await egress_to(server, authority, names=names).post(server.url, b"body", {})).status == 200


async def test_an_old_version_of_tls_is_refused(authority: Authority) -> None:
    context = authority.server()
    with pytest.warns(DeprecationWarning, match="TLSv1_1"):
        context.minimum_version = ssl.TLSVersion.TLSv1_1
    with pytest.warns(DeprecationWarning, match="TLSv1_1"):
        context.maximum_version = ssl.TLSVersion.TLSv1_1
    async with https_server(context, says(200)) as server:
        with pytest.raises(SendFailed, match="tls_refused"):
            await egress_to(server, authority).post(server.url, b"body", {})
