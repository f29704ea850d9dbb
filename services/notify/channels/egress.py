"""
Post to addresses that others chose, without being led anywhere else.

A name is resolved once, every address is checked, and the connection goes to a checked
one under the name's certificate; nothing is followed, nothing is unpacked, and no more
than `MAX_ANSWER` bytes of an answer are taken in, all within `TOTAL_S`.
"""

import asyncio
import contextlib
import socket
import ssl
from collections.abc import Awaitable, Callable, Collection, Mapping, Sequence
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass
from datetime import timedelta
from functools import partial
from http import HTTPStatus
from ipaddress import ip_address
from pathlib import Path
from typing import Final

import httpx

from services.errors import InvalidInput
from services.notify.channels import SendFailed
from services.notify.channels.egress_rules import EgressRules, IpAddress, WebTarget

TOTAL_S: Final = 15.0  #: for everything: name, connection, TLS, request and answer
CONNECT_S: Final = 5.0  #: for the connection to one address of several, and again for its handshake
CONNECT_SHARE: Final = 2.5  #: of what is left: the connection and its handshake together take less than all
MAX_ANSWER: Final = 4096  #: bytes of an answer that are taken in
MAX_ADDRESSES: Final = 4  #: of a name that are tried, one after the other
RETRY_AFTER_DIGITS: Final = 6
OVERWHELMED: Final = timedelta(minutes=1)  #: how long whoever is, and does not say for how long, is left alone
IPV4: Final = 4
DISCARD_PORT: Final = 9  #: any would do
MAX_AT_ONCE: Final = 64  #: posts of this process
#: looking a name up cannot be cancelled: threads of its own, so that slow servers of names hold up nothing else
LOOK_UPS: Final = 32

Resolve = Callable[[str, int], Awaitable[Sequence[IpAddress]]]


@dataclass(frozen=True, slots=True)
class Answer:
    """What came back."""

    status: int
    body: bytes  #: its beginning, at most `MAX_ANSWER` bytes, as it was sent
    retry_after: timedelta | None = None  #: how long the other side asked us to stay away

    def require_taken(self, pausing: Collection[int]) -> None:
        """
        Raise what the other side says is wrong.

        Args:
            pausing: The statuses by which it says that it wants nothing more.

        Raises:
            SendFailed: It did not take what was posted; a redirect is no taking either, since what it points to
                was never registered.
        """
        code = f"status_{self.status}"
        if self.status in pausing:
            raise SendFailed(code, permanent=True, pauses=True)
        if self.status == HTTPStatus.TOO_MANY_REQUESTS:
            raise SendFailed(code, permanent=False, asked=self.retry_after or OVERWHELMED)
        if not HTTPStatus.OK <= self.status < HTTPStatus.MULTIPLE_CHOICES:
            raise SendFailed(code, permanent=False, asked=self.retry_after)


class Egress:
    """
    The one way out to addresses that others chose.

    Args:
        rules: Where it may lead.

        resolve: Looks a name up; by default as this machine does.

        ca_file: Certificates of further authorities to believe; None: those of this machine alone.

        total_s: Time in seconds that everything together may take.
    """

    def __init__(
        self,
        rules: EgressRules,
        *,
        resolve: Resolve | None = None,
        ca_file: Path | None = None,
        total_s: float = TOTAL_S,
    ) -> None:
        self.rules = rules
        self._look_ups = ThreadPoolExecutor(LOOK_UPS, thread_name_prefix="look-up")
        self._resolve = resolve or self._resolve_here
        self._tls = ssl.create_default_context()
        self._tls.minimum_version = ssl.TLSVersion.TLSv1_2
        if ca_file is not None:
            self._tls.load_verify_locations(ca_file)
        self._total_s = total_s
        self._turns = asyncio.Semaphore(MAX_AT_ONCE)

    async def post(self, url: str, body: bytes, headers: Mapping[str, str]) -> Answer:
        """
        Post to an address, and take in how it answers.

        Raises:
            SendFailed: there was no answer: the address may not be reached, is away, proves to be
                somebody else, or was too slow. All but the first may be better later.
        """
        try:
            target = self.rules.read(url)
        except InvalidInput:  # registered under other rules
            raise SendFailed("address_refused", permanent=True) from None
        async with self._turns:
            try:
                async with asyncio.timeout(self._total_s):
                    return await self._post(target, body, headers)
            except TimeoutError:
                raise SendFailed("too_slow", permanent=False) from None

    async def _post(self, target: WebTarget, body: bytes, headers: Mapping[str, str]) -> Answer:
        # a handshake that is cut off from outside leaves its socket open: it ends by a limit of its own before that
        end_s = asyncio.get_running_loop().time() + self._total_s
        try:
            addresses = await self._resolve(target.host, target.port)
        except OSError:
            raise SendFailed("name_unknown", permanent=False) from None
        except ValueError:  # the name cannot be asked for, or what was found is no address
            raise SendFailed("address_refused", permanent=False) from None
        is_allowed = self.rules.may_connect(target.host, target.port, addresses)
        if not is_allowed or (not self.rules.is_listed(target.host, target.port) and any(map(is_own, addresses))):
            raise SendFailed("address_refused", permanent=False)  # names change; what they point to is checked again
        fault = SendFailed("unreachable", permanent=False)
        for address in addresses[:MAX_ADDRESSES]:
            try:
                left_s = end_s - asyncio.get_running_loop().time()
                return await self._post_to(target, address, body, headers, min(CONNECT_S, left_s / CONNECT_SHARE))
            except httpx.ConnectError as error:
                fault = SendFailed("tls_refused" if _is_tls(error) else "unreachable", permanent=False)
            except httpx.ConnectTimeout:
                fault = SendFailed("unreachable", permanent=False)
            # the request may have arrived: not sent to another address too; a record of TLS that does not open
            # comes through httpx as it is
            except (httpx.HTTPError, OSError):
                raise SendFailed("broken_off", permanent=False) from None
        raise fault from None

    async def _post_to(
        self, target: WebTarget, address: IpAddress, body: bytes, headers: Mapping[str, str], connect_s: float
    ) -> Answer:
        # without idle connections, since one to this address may have been made for another name
        transport = httpx.AsyncHTTPTransport(
            verify=self._tls, trust_env=False, limits=httpx.Limits(max_keepalive_connections=0), retries=0
        )
        url = httpx.URL(target.url)
        request = httpx.Request(
            "POST",
            url.copy_with(host=str(address)),
            headers={
                **headers,
                "Host": url.netloc.decode("ascii"),
                "Accept-Encoding": "identity",
                "Connection": "close",
            },
            content=body,
            extensions={
                "sni_hostname": target.host,
                "timeout": {"connect": connect_s, "read": self._total_s, "write": self._total_s, "pool": self._total_s},
            },
        )
        async with transport:
            response = await transport.handle_async_request(request)
            try:
                return Answer(response.status_code, await _beginning(response), _retry_after(response))
            finally:
                with contextlib.suppress(httpx.HTTPError, OSError):
                    await response.aclose()

    async def _resolve_here(self, host: str, port: int) -> Sequence[IpAddress]:
        found = await asyncio.get_running_loop().run_in_executor(
            self._look_ups, partial(socket.getaddrinfo, host, port, type=socket.SOCK_STREAM)
        )
        return list(dict.fromkeys(ip_address(each[4][0]) for each in found))


def is_own(address: IpAddress) -> bool:
    """Say whether an address is this machine's: what would be sent there would come from there. Sends nothing."""
    family = socket.AF_INET if address.version == IPV4 else socket.AF_INET6
    with socket.socket(family, socket.SOCK_DGRAM) as probe:
        try:
            probe.connect((str(address), DISCARD_PORT))
        except OSError:  # there is no way to it at all
            return False
        return ip_address(probe.getsockname()[0]) == address


async def _beginning(response: httpx.Response) -> bytes:
    """Take in the beginning of an answer as it was sent: nothing is unpacked."""
    taken = b""
    async for part in response.aiter_raw(MAX_ANSWER):
        taken += part
        if len(taken) >= MAX_ANSWER:
            break
    return taken[:MAX_ANSWER]


def _retry_after(response: httpx.Response) -> timedelta | None:
    text = response.headers.get("retry-after", "")
    if text.isascii() and text.isdigit() and len(text) <= RETRY_AFTER_DIGITS:
        return timedelta(seconds=int(text))
    return None  # a date is possible too; a clock that is wrong over there would be believed


def _is_tls(error: BaseException) -> bool:
    found: BaseException | None = error
    while found is not None:
        if isinstance(found, ssl.SSLError):
            return True
        found = found.__cause__ or found.__context__
    return False
