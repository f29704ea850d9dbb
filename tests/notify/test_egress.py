"""Tests of the way out against real servers: nothing inside is reached, nothing stalls it or fills it (T11, S6)."""

import asyncio
import gzip
import resource
import socket
import ssl
import struct
import time
from collections.abc import AsyncIterator
from ipaddress import ip_address
from pathlib import Path
from socket import SO_LINGER, SOL_SOCKET
from typing import Any

import pytest

from services.notify.channels import SendFailed
from services.notify.channels.egress import MAX_ANSWER, Egress, is_own
from services.notify.channels.egress_rules import EgressRules
from tests.notify.posting import (
    LOOPBACK,
    NAME,
    Authority,
    Inside,
    Names,
    Posted,
    egress_to,
    https_server,
    inside,
    says,
)
from tests.notify.test_egress_rules import INSIDE_ADDRESSES, REFUSED_URLS

MIB = 1024 * 1024


@pytest.fixture
def authority(tmp_path: Path) -> Authority:
    return Authority(tmp_path)


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


async def _drip(posted: Posted, writer: asyncio.StreamWriter) -> None:
    writer.write(b"HTTP/1.1 200 OK\r\nContent-Length: 4000\r\n\r\n")
    while True:  # each byte is in time for a limit on single reads
        writer.write(b"a")
        await writer.drain()
        await asyncio.sleep(0.1)


async def _drip_head(posted: Posted, writer: asyncio.StreamWriter) -> None:
    writer.write(b"HTTP/1.1 200 OK\r\n")
    while True:
        writer.write(b"a")
        await writer.drain()
        await asyncio.sleep(0.1)


async def _silent(posted: Posted, writer: asyncio.StreamWriter) -> None:
    await asyncio.sleep(60)


@pytest.mark.parametrize("reply", [_drip, _drip_head, _silent])
async def test_a_slow_answer_ends_with_the_time_for_everything(authority: Authority, reply: object) -> None:
    async with https_server(authority.server(), reply) as server:  # type: ignore[arg-type]
        began = time.monotonic()
        with pytest.raises(SendFailed, match="too_slow") as caught:
            await egress_to(server, authority, total_s=0.5).post(server.url, b"body", {})

    assert not caught.value.permanent
    assert time.monotonic() - began < 3


@pytest.mark.long
async def test_a_body_of_a_byte_a_second_ends_within_15_s(authority: Authority) -> None:
    async with https_server(authority.server(), _drip) as server:
        began = time.monotonic()
        with pytest.raises(SendFailed, match="too_slow"):
            await egress_to(server, authority).post(server.url, b"body", {})

    assert time.monotonic() - began < 16


async def test_a_server_of_names_that_does_not_answer_ends_with_the_time_for_everything(authority: Authority) -> None:
    async def never(host: str, port: int) -> list[object]:
        await asyncio.sleep(60)
        return []

    egress = Egress(EgressRules(), resolve=never, total_s=0.2)  # type: ignore[arg-type]
    with pytest.raises(SendFailed, match="too_slow"):
        await egress.post("https://desk.example.org/", b"body", {})


async def test_many_slow_endpoints_hold_up_nobody_else(authority: Authority) -> None:
    async with (
        https_server(authority.server(), _silent) as slow,
        https_server(authority.server(), says(200)) as quick,
    ):
        egress = Egress(
            EgressRules(allowed=frozenset({f"{NAME}:{slow.port}", f"{NAME}:{quick.port}"})),
            resolve=Names([LOOPBACK]),
            ca_file=authority.file,
            total_s=1.5,
        )
        stuck = [asyncio.create_task(egress.post(slow.url, b"body", {})) for _ in range(20)]
        began = time.monotonic()
        assert (await egress.post(quick.url, b"body", {})).status == 200
        assert time.monotonic() - began < 1.4
        assert all(isinstance(each, SendFailed) for each in await asyncio.gather(*stuck, return_exceptions=True))


async def test_a_packed_body_is_not_unpacked_and_an_endless_one_is_left(authority: Authority) -> None:
    bomb = gzip.compress(b"\0" * 190 * MIB, 9)

    async def endless(posted: Posted, writer: asyncio.StreamWriter) -> None:
        writer.write(f"HTTP/1.1 200 OK\r\nContent-Length: {1024 * MIB}\r\n\r\n".encode())
        part = b"a" * 65536
        for _ in range(1024 * MIB // len(part)):
            writer.write(part)
            await writer.drain()

    for reply in (says(200, bomb, Content_Encoding="gzip"), endless):
        async with https_server(authority.server(), reply) as server:
            egress = egress_to(server, authority)
            await egress.post(server.url, b"body", {})
            before = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss
            answer = await egress.post(server.url, b"body", {})
            grown_kib = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss - before

        assert len(answer.body) == MAX_ANSWER
        assert grown_kib < 5 * 1024


async def test_a_connection_that_is_reset_in_the_middle_is_a_failure_to_repeat(authority: Authority) -> None:
    async def reset(posted: Posted, writer: asyncio.StreamWriter) -> None:
        writer.write(b"HTTP/1.1 200 OK\r\nContent-Length: 4000\r\n\r\nabc")
        await writer.drain()
        writer.get_extra_info("socket").setsockopt(SOL_SOCKET, SO_LINGER, struct.pack("ii", 1, 0))
        writer.transport.abort()

    async with https_server(authority.server(), reset) as server:
        with pytest.raises(SendFailed, match="broken_off") as caught:
            await egress_to(server, authority).post(server.url, b"body", {})

    assert not caught.value.permanent
    assert len(server.requests) == 1


async def test_a_record_of_tls_that_does_not_open_is_a_failure_to_repeat(authority: Authority) -> None:
    async def garbled(posted: Posted, writer: asyncio.StreamWriter) -> None:
        writer.write(b"HTTP/1.1 200 OK\r\nContent-Length: 4000\r\n\r\nabc")
        await writer.drain()
        plain = writer.transport._ssl_protocol._transport  # type: ignore[attr-defined]  # below TLS
        plain.write(b"\x17\x03\x03\x00\x20" + b"x" * 32)
        await asyncio.sleep(1)

    async with https_server(authority.server(), garbled) as server:
        with pytest.raises(SendFailed, match="broken_off"):
            await egress_to(server, authority, total_s=5).post(server.url, b"body", {})


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


async def test_a_head_without_end_and_one_of_rubbish_are_failures(authority: Authority) -> None:
    async def long_head(posted: Posted, writer: asyncio.StreamWriter) -> None:
        writer.write(b"HTTP/1.1 200 OK\r\n")
        while True:
            writer.write(b"x-long: " + b"a" * 8000 + b"\r\n")
            await writer.drain()

    async def rubbish(posted: Posted, writer: asyncio.StreamWriter) -> None:
        writer.write(b"\x00\x01SSH-2.0\r\n\r\n")
        await writer.drain()

    for reply in (long_head, rubbish):
        async with https_server(authority.server(), reply) as server:
            with pytest.raises(SendFailed, match="broken_off"):
                await egress_to(server, authority, total_s=5).post(server.url, b"body", {})


async def test_nobody_there_is_a_failure_to_repeat(authority: Authority) -> None:
    async with https_server(authority.server(), says(200)) as server:
        egress = egress_to(server, authority)
    with pytest.raises(SendFailed, match="unreachable") as caught:
        await egress.post(server.url, b"body", {})

    assert not caught.value.permanent


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


async def test_how_long_to_stay_away_is_read_in_seconds_only(authority: Authority) -> None:
    for text, seconds in (("7", 7.0), ("Wed, 21 Oct 2026 07:28:00 GMT", None), ("-1", None), ("9" * 9, None)):
        async with https_server(authority.server(), says(429, Retry_After=text)) as server:
            answer = await egress_to(server, authority).post(server.url, b"body", {})

        assert (answer.retry_after.total_seconds() if answer.retry_after else None) == seconds
