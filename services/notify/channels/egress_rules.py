"""
Say where this house may connect to when somebody else chose the address (reliability.md 5.7). Pure.

Rule of this file: what is refused is written down here, range by range; no library's idea of
"global" is believed. A host is a name: whatever could be read as a number is refused.
"""

import re
from collections.abc import Sequence
from dataclasses import dataclass, field
from ipaddress import IPv4Address, IPv4Network, IPv6Address, IPv6Network, ip_network
from typing import Final
from urllib.parse import urlsplit

import idna

from services.errors import InvalidInput

IpAddress = IPv4Address | IPv6Address

HTTPS_PORT: Final = 443
MAX_URL: Final = 2048
MAX_HOST: Final = 253
#: a label that getaddrinfo could take for a part of an IPv4 address: 127, 0177, 0x7f000001
NUMERIC_LABEL: Final = re.compile(r"[0-9]+|0x[0-9a-f]*", re.ASCII)
LABEL: Final = re.compile(r"(?!-)[a-z0-9_-]{1,63}(?<!-)", re.ASCII)
BLANK: Final = re.compile(r"[\s\x00-\x20\x7f-\xa0\u200b-\u200f\u2028-\u202e\u2060\ufeff]")
PRINTABLE: Final = re.compile(r"[\x21-\x7e]*", re.ASCII)
#: names that mean this machine or network whatever the resolver says
PRIVATE_SUFFIXES: Final = frozenset(
    {"localhost", "local", "localdomain", "internal", "intranet", "lan", "home", "corp", "private", "onion", "arpa"}
)

DENIED: Final[tuple[IPv4Network | IPv6Network, ...]] = tuple(
    ip_network(each)
    for each in (
        "0.0.0.0/8",  # this network
        "10.0.0.0/8",  # private
        "100.64.0.0/10",  # of carriers
        "127.0.0.0/8",  # this machine
        "169.254.0.0/16",  # this link, and metadata of clouds
        "172.16.0.0/12",  # private
        "192.0.0.0/24",  # protocols
        "192.0.2.0/24",  # documentation
        "192.88.99.0/24",  # relays of 6to4
        "192.168.0.0/16",  # private
        "198.18.0.0/15",  # benchmarks
        "198.51.100.0/24",  # documentation
        "203.0.113.0/24",  # documentation
        "224.0.0.0/4",  # multicast
        "240.0.0.0/4",  # reserved, and broadcast
        "::/96",  # unspecified, this machine, IPv4 inside
        "::ffff:0:0/96",  # IPv4 inside
        "64:ff9b::/96",  # IPv4 inside: NAT64
        "64:ff9b:1::/48",  # the same, of one's own network
        "100::/64",  # discard
        "2001::/23",  # protocols, Teredo among them
        "2001:db8::/32",  # documentation
        "2002::/16",  # IPv4 inside: 6to4
        "3fff::/20",  # documentation
        "5f00::/16",  # segment routing
        "fc00::/7",  # private
        "fe80::/10",  # this link
        "fec0::/10",  # this site
        "ff00::/8",  # multicast
    )
)


@dataclass(frozen=True, slots=True, kw_only=True)
class WebTarget:
    """An address that was read and may be tried."""

    host: str  #: a name in ASCII, in small letters
    port: int
    url: str  #: put together again from its parts


@dataclass(frozen=True, slots=True, kw_only=True)
class EgressRules:
    """Which hosts, ports and addresses may be reached."""

    #: `HOST:PORT` that may be reached wherever it is: a partner inside one's own network
    allowed: frozenset[str] = frozenset()
    ports: frozenset[int] = field(default=frozenset({HTTPS_PORT}))

    def read(self, url: str) -> WebTarget:
        """
        Read an address that somebody registers.

        Raises:
            InvalidInput: it is not https to a name on a port that is allowed, or has a user, or a fragment.
        """
        # urlsplit takes line ends and tabs out by itself: what is checked would not be what was written
        if len(url) > MAX_URL or BLANK.search(url):
            raise InvalidInput(f"url must be at most {MAX_URL} characters without blanks")
        try:
            parts = urlsplit(url)
            port = parts.port if parts.port is not None else HTTPS_PORT
        except ValueError:
            raise InvalidInput("url must be an address") from None
        if parts.scheme != "https":
            raise InvalidInput("url must begin with https://")
        if "@" in parts.netloc:
            raise InvalidInput("url must have no user in it")
        if "#" in url or "\\" in url:
            raise InvalidInput("url must have no fragment and no backslash")
        if PRINTABLE.fullmatch(parts.path + parts.query) is None:
            raise InvalidInput("url must be written in ASCII after its host")
        host = host_of(parts.hostname or "")
        if not self.is_listed(host, port):
            if port not in self.ports:
                raise InvalidInput("url must be on port 443")
            require_public_name(host)
        shown_port = "" if port == HTTPS_PORT else f":{port}"
        query = f"?{parts.query}" if parts.query else ""
        return WebTarget(host=host, port=port, url=f"https://{host}{shown_port}{parts.path or '/'}{query}")

    def may_connect(self, host: str, port: int, addresses: Sequence[IpAddress]) -> bool:
        """Say whether every address of a name may be connected to; one bad one spoils them all."""
        return bool(addresses) and (self.is_listed(host, port) or all(map(is_public, addresses)))

    def is_listed(self, host: str, port: int) -> bool:
        """Say whether a host may be reached wherever it is."""
        return f"{host}:{port}" in self.allowed


def host_of(text: str) -> str:
    """
    Return a host as it is looked up: in ASCII, in small letters, without a dot at the end.

    Raises:
        InvalidInput: it is none, or has characters that no registry gives out.
    """
    try:
        host = idna.encode(text, uts46=True, std3_rules=True).decode("ascii").lower().removesuffix(".")
    except (idna.IDNAError, UnicodeError):
        host = ""
    if len(host) > MAX_HOST or not all(LABEL.fullmatch(each) for each in host.split(".")):
        raise InvalidInput("url must name a host")
    return host


def require_public_name(host: str) -> None:
    """
    Refuse a host that is, or may be taken for, a number, and one that only this machine or network knows.

    Raises:
        InvalidInput: it is one of them.
    """
    labels = host.split(".")
    if len(labels) == 1 or NUMERIC_LABEL.fullmatch(labels[-1]) or labels[-1] in PRIVATE_SUFFIXES:
        raise InvalidInput("url must name a public host, not a number and not a name of this network")


def is_public(address: IpAddress) -> bool:
    """Say whether an address belongs to nobody's inside."""
    return not any(address in network for network in DENIED if network.version == address.version)
