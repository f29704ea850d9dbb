"""Tests of the way out against servers that are slow, endless or broken: nothing stalls it or fills it (S6)."""

import asyncio
import gzip
import resource
import struct
import time
from socket import SO_LINGER, SOL_SOCKET

import pytest

from services.notify.channels import SendFailed
from services.notify.channels.egress import MAX_ANSWER, Egress
from services.notify.channels.egress_rules import EgressRules
from tests.notify.posting import (
    LOOPBACK,
    NAME,
    Authority,
    Names,
    Posted,
    egress_to,
    https_server,
    says,
)

MIB = 1024 * 1024


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


async def test_how_long_to_stay_away_is_read_in_seconds_only(authority: Authority) -> None:
    for text, seconds in (("7", 7.0), ("Wed, 21 Oct 2026 07:28:00 GMT", None), ("-1", None), ("9" * 9, None)):
        async with https_server(authority.server(), says(429, Retry_After=text)) as server:
            answer = await egress_to(server, authority).post(server.url, b"body", {})

        assert (answer.retry_after.total_seconds() if answer.retry_after else None) == seconds
