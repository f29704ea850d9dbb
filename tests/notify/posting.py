"""Servers that webhooks are posted to: honest, slow, hostile; their certificates; and a listener nobody may reach."""

import asyncio
import ssl
from collections.abc import AsyncIterator, Awaitable, Callable, Sequence
from contextlib import asynccontextmanager
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta
from ipaddress import IPv4Address, IPv6Address, ip_address
from pathlib import Path

from cryptography import x509
from cryptography.hazmat.primitives import hashes, serialization
from cryptography.hazmat.primitives.asymmetric import ec
from cryptography.x509.oid import NameOID

from services.notify.channels.egress import Egress
from services.notify.channels.egress_rules import EgressRules, IpAddress

NAME = "desk.example.org"  #: under which every server here has its certificate
LOOPBACK = ip_address("127.0.0.1")


class Authority:
    """A certificate authority of one test."""

    def __init__(self, folder: Path) -> None:
        self._folder = folder
        self._key = ec.generate_private_key(ec.SECP256R1())
        self._name = x509.Name([x509.NameAttribute(NameOID.COMMON_NAME, "Test authority")])
        certificate = self._certificate(self._name, self._key, days=1, is_authority=True)
        self.file = folder / "ca.crt"
        self.file.write_bytes(certificate.public_bytes(serialization.Encoding.PEM))

    def server(self, name: str = NAME, *, days: int = 1) -> ssl.SSLContext:
        """Make a server's side of TLS, under a name; `days` below 0 make it expired."""
        key = ec.generate_private_key(ec.SECP256R1())
        subject = x509.Name([x509.NameAttribute(NameOID.COMMON_NAME, name)])
        certificate = self._certificate(subject, key, days=days, name=name)
        file = self._folder / f"{name}.{days}.pem"
        file.write_bytes(
            key.private_bytes(
                serialization.Encoding.PEM, serialization.PrivateFormat.PKCS8, serialization.NoEncryption()
            )
            + certificate.public_bytes(serialization.Encoding.PEM)
        )
        context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
        context.load_cert_chain(file)
        return context

    def _certificate(
        self,
        subject: x509.Name,
        key: ec.EllipticCurvePrivateKey,
        *,
        days: int,
        name: str = "",
        is_authority: bool = False,
    ) -> x509.Certificate:
        now = datetime.now(UTC)
        made = (
            x509.CertificateBuilder()
            .subject_name(subject)
            .issuer_name(self._name)
            .public_key(key.public_key())
            .serial_number(x509.random_serial_number())
            .not_valid_before(now - timedelta(days=3))
            .not_valid_after(now + timedelta(days=days))
            .add_extension(x509.BasicConstraints(ca=is_authority, path_length=None), critical=True)
        )
        if name:
            made = made.add_extension(x509.SubjectAlternativeName([x509.DNSName(name)]), critical=False)
        return made.sign(self._key, hashes.SHA256())


@dataclass
class Posted:
    """What a server was sent: the head of a request by name, in small letters, and its body."""

    path: str
    headers: dict[str, str]
    body: bytes


@dataclass
class Server:
    """A server on this machine, and what reached it."""

    port: int
    connections: int = 0
    requests: list[Posted] = field(default_factory=list)

    @property
    def url(self) -> str:
        return f"https://{NAME}:{self.port}/alerts"


Reply = Callable[[Posted, asyncio.StreamWriter], Awaitable[None]]


def says(status: int, body: bytes = b"", **headers: str) -> Reply:
    """Answer by a status, and close."""

    async def reply(posted: Posted, writer: asyncio.StreamWriter) -> None:
        lines = [f"HTTP/1.1 {status} Said", f"Content-Length: {len(body)}"]
        lines += [f"{name.replace('_', '-')}: {value}" for name, value in headers.items()]
        writer.write("\r\n".join([*lines, "", ""]).encode() + body)
        await writer.drain()

    return reply


@asynccontextmanager
async def https_server(tls: ssl.SSLContext | None, reply: Reply) -> AsyncIterator[Server]:
    """Serve by a function of the test's own, on a port of 127.0.0.1; without TLS in plain text."""
    made = Server(port=0)

    async def connected(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        made.connections += 1
        try:
            head = (await reader.readuntil(b"\r\n\r\n")).decode("latin-1").split("\r\n")
            headers = {name.lower(): value for name, _, value in (line.partition(": ") for line in head[1:] if line)}
            body = await reader.readexactly(int(headers.get("content-length", "0")))
            made.requests.append(Posted(head[0].split(" ")[1], headers, body))
            await reply(made.requests[-1], writer)
        except (OSError, asyncio.IncompleteReadError, ssl.SSLError):
            pass
        finally:
            writer.transport.abort()

    server = await asyncio.start_server(connected, "127.0.0.1", 0, ssl=tls)
    made.port = server.sockets[0].getsockname()[1]
    try:
        yield made
    finally:
        server.close()


@dataclass
class Inside:
    """A listener that stands for everything internal: whatever arrives is a fault."""

    port: int
    connections: int = 0
    byte_count: int = 0


@asynccontextmanager
async def inside() -> AsyncIterator[Inside]:
    """Listen on every address of this machine."""
    made = Inside(port=0)

    async def connected(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        made.connections += 1
        made.byte_count += len(await reader.read(4096))
        writer.transport.abort()

    server = await asyncio.start_server(connected, "0.0.0.0", 0)  # noqa: S104 -- everything of this machine is meant
    made.port = server.sockets[0].getsockname()[1]
    second = None
    try:
        try:
            second = await asyncio.start_server(connected, "::", made.port)
        except OSError:  # a machine without IPv6
            second = None
        yield made
    finally:
        for each in (server, second):
            if each is not None:
                each.close()


class Names:
    """
    A resolver of the test's own.

    Args:
        answers: What a name is, in turns: the last one goes on.
    """

    def __init__(self, *answers: Sequence[IpAddress | str]) -> None:
        self._answers = [
            [each if isinstance(each, IPv4Address | IPv6Address) else ip_address(each) for each in answer]
            for answer in answers
        ]
        self.asked: list[str] = []

    async def __call__(self, host: str, port: int) -> Sequence[IpAddress]:
        self.asked.append(host)
        return self._answers[min(len(self.asked), len(self._answers)) - 1]


def egress_to(server: Server, authority: Authority, *, names: Names | None = None, total_s: float = 15.0) -> Egress:
    """Make a way out to one server on this machine, which would be refused otherwise."""
    return Egress(
        EgressRules(allowed=frozenset({f"{NAME}:{server.port}"})),
        resolve=names or Names([LOOPBACK]),
        ca_file=authority.file,
        total_s=total_s,
    )
