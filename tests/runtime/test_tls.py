"""Who is believed over TLS, each side of the other."""

import asyncio
import shutil
import socket
import ssl
from datetime import UTC, datetime, timedelta
from pathlib import Path

import pytest
from cryptography import x509
from cryptography.hazmat.primitives import hashes
from cryptography.hazmat.primitives.asymmetric import ec
from cryptography.hazmat.primitives.serialization import Encoding, NoEncryption, PrivateFormat
from cryptography.x509.oid import NameOID

from services.errors import InvalidInput, Unavailable
from services.runtime.auth import Role
from services.runtime.channel import open_channel
from services.runtime.tls import channel_credentials, server_credentials
from tests.runtime.echo import RULES, echo_service, first_answer
from tests.serving import Identity, Serving, an_identity, serving

NOW = datetime.now(UTC)


class Authority:
    """A certificate authority of a test's own."""

    def __init__(self, name: str) -> None:
        self.name = x509.Name([x509.NameAttribute(NameOID.COMMON_NAME, name)])
        self.key = ec.generate_private_key(ec.SECP256R1())
        self.certificate = (
            self._builder(self.name, self.key)
            .add_extension(x509.BasicConstraints(ca=True, path_length=None), critical=True)
            .sign(self.key, hashes.SHA256())
        )

    def issue(self, folder: Path, *, until: datetime = NOW + timedelta(days=1)) -> Path:
        """Write a folder with the authority, and a certificate of it for localhost, over what was there."""
        folder.mkdir(exist_ok=True)
        key = ec.generate_private_key(ec.SECP256R1())
        subject = x509.Name([x509.NameAttribute(NameOID.COMMON_NAME, "localhost")])
        certificate = (
            self._builder(subject, key, until)
            .add_extension(x509.SubjectAlternativeName([x509.DNSName("localhost")]), critical=False)
            .sign(self.key, hashes.SHA256())
        )
        (folder / "ca.crt").write_bytes(self.certificate.public_bytes(Encoding.PEM))
        (folder / "tls.crt").write_bytes(certificate.public_bytes(Encoding.PEM))
        (folder / "tls.key").write_bytes(key.private_bytes(Encoding.PEM, PrivateFormat.PKCS8, NoEncryption()))
        return folder

    def _builder(
        self, subject: x509.Name, key: ec.EllipticCurvePrivateKey, until: datetime = NOW + timedelta(days=1)
    ) -> x509.CertificateBuilder:
        return (
            x509.CertificateBuilder()
            .subject_name(subject)
            .issuer_name(self.name)
            .public_key(key.public_key())
            .serial_number(x509.random_serial_number())
            .not_valid_before(NOW - timedelta(days=2))
            .not_valid_after(until)
        )


@pytest.fixture
def identity(tmp_path: Path) -> Identity:
    return an_identity(tmp_path)


@pytest.fixture
def ours() -> Authority:
    return Authority("ours")


async def ask(running: Serving, tls_dir: Path | None) -> str:
    token = running.identity.token(Role.CASE_SYSTEM)
    async with open_channel(running.address, lambda: token, tls_dir, timeout_s=2.0, jitter=lambda: 0.0) as channel:
        return await first_answer(channel, "unary_unary", "x")


async def test_both_sides_of_one_authority_believe_each_other(
    identity: Identity, ours: Authority, tmp_path: Path
) -> None:
    server, client = ours.issue(tmp_path / "server"), ours.issue(tmp_path / "client")
    async with serving(identity, echo_service(), rules=RULES, tls_dir=server) as running:
        assert await ask(running, client) == "x"


async def test_a_client_of_another_authority_without_certificate_or_tls_is_refused(
    identity: Identity, ours: Authority, tmp_path: Path
) -> None:
    server, other = ours.issue(tmp_path / "server"), Authority("other").issue(tmp_path / "other")
    stolen_trust, without = ours.issue(tmp_path / "mixed"), ours.issue(tmp_path / "without")
    expired = ours.issue(tmp_path / "expired", until=NOW - timedelta(days=1))
    for name in ("tls.crt", "tls.key"):
        (stolen_trust / name).write_bytes((other / name).read_bytes())
        (without / name).unlink()
    async with serving(identity, echo_service(), rules=RULES, tls_dir=server) as running:
        for tls_dir in (other, stolen_trust, without, expired, None):
            with pytest.raises(Unavailable):
                await ask(running, tls_dir)


async def test_a_server_of_another_authority_is_not_believed(
    identity: Identity, ours: Authority, tmp_path: Path
) -> None:
    client, server = ours.issue(tmp_path / "client"), Authority("other").issue(tmp_path / "server")
    (server / "ca.crt").unlink()
    async with serving(identity, echo_service(), rules=RULES, tls_dir=server) as running:
        with pytest.raises(Unavailable):
            await ask(running, client)


async def test_a_server_without_an_authority_asks_for_tokens_alone(
    identity: Identity, ours: Authority, tmp_path: Path
) -> None:
    server, client = ours.issue(tmp_path / "server"), ours.issue(tmp_path / "client")
    (server / "ca.crt").unlink()
    for name in ("tls.crt", "tls.key"):
        (client / name).unlink()
    async with serving(identity, echo_service(), rules=RULES, tls_dir=server) as running:
        assert await ask(running, client) == "x"


def served_certificate(running: Serving, client: Path) -> bytes:
    """Connect, and return the certificate that the server shows."""
    host, _, port = running.address.rpartition(":")
    context = ssl.create_default_context(cafile=client / "ca.crt")
    context.load_cert_chain(client / "tls.crt", client / "tls.key")
    context.set_alpn_protocols(["h2"])
    with (
        socket.create_connection((host, int(port)), timeout=5) as bare,
        context.wrap_socket(bare, server_hostname=host) as tls,
    ):
        return tls.getpeercert(binary_form=True) or b""


def written_certificate(folder: Path) -> bytes:
    return x509.load_pem_x509_certificate((folder / "tls.crt").read_bytes()).public_bytes(Encoding.DER)


async def test_a_certificate_is_renewed_while_calls_go_on_and_nobody_is_cut_off(
    identity: Identity, ours: Authority, tmp_path: Path
) -> None:
    """F27: who is connected stays so, who comes meets the new one; key and certificate are written one by one."""
    server, client = ours.issue(tmp_path / "server"), ours.issue(tmp_path / "client")
    token = identity.token(Role.CASE_SYSTEM)
    async with (
        serving(identity, echo_service(), rules=RULES, tls_dir=server) as running,
        open_channel(running.address, lambda: token, client, timeout_s=2.0) as connected,
    ):
        assert await first_answer(connected, "unary_unary", "x") == "x"
        old = await asyncio.to_thread(served_certificate, running, client)
        fresh = ours.issue(tmp_path / "fresh")

        shutil.copy(fresh / "tls.crt", server / "tls.crt")  # its key is on its way
        assert await asyncio.to_thread(served_certificate, running, client) == old
        shutil.copy(fresh / "tls.key", server / "tls.key")
        assert await asyncio.to_thread(served_certificate, running, client) == written_certificate(fresh)

        assert await first_answer(connected, "unary_unary", "x") == "x"
        assert await ask(running, client) == "x"


async def test_an_authority_is_replaced_with_both_believed_meanwhile(
    identity: Identity, ours: Authority, tmp_path: Path
) -> None:
    """F27: first both are believed, then clients change, then the old one is withdrawn."""
    server, client = ours.issue(tmp_path / "server"), ours.issue(tmp_path / "client")
    theirs = Authority("theirs").issue(tmp_path / "theirs")
    old, new = (server / "ca.crt").read_bytes(), (theirs / "ca.crt").read_bytes()
    (theirs / "ca.crt").write_bytes(old + new)
    async with serving(identity, echo_service(), rules=RULES, tls_dir=server) as running:
        with pytest.raises(Unavailable):
            await ask(running, theirs)

        (server / "ca.crt").write_bytes(old + new)
        assert [await ask(running, client), await ask(running, theirs)] == ["x", "x"]

        (server / "ca.crt").write_bytes(new)
        assert await ask(running, theirs) == "x"
        with pytest.raises(Unavailable):
            await ask(running, client)


def test_a_key_of_another_certificate_stops_the_start(ours: Authority, tmp_path: Path) -> None:
    server, other = ours.issue(tmp_path / "server"), ours.issue(tmp_path / "other")
    shutil.copy(other / "tls.key", server / "tls.key")

    with pytest.raises(InvalidInput, match=r"tls_dir must hold the tls\.key of its tls\.crt"):
        server_credentials(server)


def test_what_a_folder_lacks_is_named(tmp_path: Path) -> None:
    with pytest.raises(InvalidInput, match=r"tls_dir must hold a readable tls\.key"):
        server_credentials(tmp_path)
    with pytest.raises(InvalidInput, match=r"tls_dir must hold a readable ca\.crt"):
        channel_credentials(tmp_path)
