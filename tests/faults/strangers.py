"""Connections of strangers who speak no protocol, or none to its end: to a port on this machine, a bounded number."""

import asyncio
import random
import socket
import ssl
import struct
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from typing import Final

from tests.faults.hostile import SECRET

PREFACE: Final = b"PRI * HTTP/2.0\r\n\r\nSM\r\n\r\n"
EMPTY_SETTINGS: Final = b"\x00\x00\x00\x04\x00\x00\x00\x00\x00"
AT_ONCE: Final = 32
ANSWER_S: Final = 0.02  #: that a word is waited for
RESET: Final = struct.pack("ii", 1, 0)  #: what makes a socket end with a reset


def client_hello() -> bytes:
    """Return the first words of TLS."""
    incoming, outgoing = ssl.MemoryBIO(), ssl.MemoryBIO()
    tls = ssl.create_default_context().wrap_bio(incoming, outgoing, server_hostname="directory.example.org")
    with suppress(ssl.SSLWantReadError):
        tls.do_handshake()
    return outgoing.read()


HELLO: Final = client_hello()


def first_words(dice: random.Random) -> bytes:
    """Say something that begins no call."""
    secret = SECRET.encode()
    return dice.choice(
        (
            b"",
            dice.randbytes(dice.randint(1, 4_000)) + secret,
            PREFACE[: dice.randint(1, len(PREFACE))],
            PREFACE + EMPTY_SETTINGS[: dice.randint(0, len(EMPTY_SETTINGS))],
            # a frame that says to be of 16 MiB, of a random kind
            PREFACE + EMPTY_SETTINGS + b"\xff\xff\xff" + dice.randbytes(6) + secret,
            # headers that no table knows
            PREFACE + EMPTY_SETTINGS + b"\x00\x00\x40\x01\x05\x00\x00\x00\x01" + dice.randbytes(64),
            HELLO[: dice.randint(1, len(HELLO))],
            b"GET /?" + secret.replace(b" ", b"+") + b" HTTP/1.1\r\nHost: a\r\n\r\n",
            b"POST / HTTP/1.1\r\nHost: a\r\nContent-Length: 99999999\r\n\r\n" + secret,
            b"POST / HTTP/1.1\r\nHost: a\r\nTransfer-Encoding: chunked\r\n\r\nzz\r\n" + secret,
            b"GET / HTTP/1.1\r\n" + b"X: " + b"a" * 70_000 + b"\r\n\r\n",
            b"GET " + dice.randbytes(20) + b" HTTP/9.9\r\n\r\n",
        )
    )


async def bad_connections(address: str, count: int, dice: random.Random) -> int:
    """Open so many, and return how many were accepted: a service that is alive accepts all."""
    host, _, port = address.rpartition(":")
    left = [first_words(dice) for _ in range(count)]
    accepted = 0

    async def visitor() -> None:
        nonlocal accepted
        while left:
            words, way = left.pop(), dice.randrange(3)
            is_accepted = await _visit(host, int(port), words, way)
            accepted += is_accepted

    async with asyncio.TaskGroup() as group:
        for _ in range(AT_ONCE):
            group.create_task(visitor())
    return accepted


async def _visit(host: str, port: int, words: bytes, way: int) -> bool:
    try:
        reader, writer = await asyncio.open_connection(host, port)
    except OSError:
        return False
    with suppress(OSError, TimeoutError):
        writer.write(words)
        if way:  # else it is closed at once
            await asyncio.wait_for(reader.read(1024), ANSWER_S)
    with suppress(OSError):  # the other side was faster
        if way > 1:
            writer.get_extra_info("socket").setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, RESET)
        writer.close()
        await writer.wait_closed()
    return True


@contextmanager
def loiterers(address: str, count: int) -> Iterator[list[socket.socket]]:
    """Keep connections open that say nothing, or half a word, while the context lasts."""
    host, _, port = address.rpartition(":")
    idle = []
    try:
        for number in range(count):
            one = socket.create_connection((host, int(port)), timeout=5)
            idle.append(one)
            if number % 2:
                with suppress(OSError):
                    one.send(PREFACE[:9])
        yield idle
    finally:
        for one in idle:
            one.close()
