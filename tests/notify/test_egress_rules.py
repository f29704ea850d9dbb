"""Tests of where the house may connect to when somebody else chose the address (T11, S6)."""

from ipaddress import ip_address

import pytest
from hypothesis import given
from hypothesis import strategies as st

from services.errors import InvalidInput
from services.notify.channels.egress_rules import DENIED, EgressRules, host_of, is_public

RULES = EgressRules()

INSIDE_ADDRESSES = [
    "0.0.0.0",  # noqa: S104 -- nothing is bound
    "0.1.2.3",
    "10.0.0.1",
    "100.64.0.1",
    "127.0.0.1",
    "127.255.255.254",
    "169.254.169.254",
    "172.16.0.1",
    "172.31.255.255",
    "192.0.0.8",
    "192.0.2.1",
    "192.88.99.1",
    "192.168.1.1",
    "198.18.0.1",
    "198.51.100.7",
    "203.0.113.9",
    "224.0.0.1",
    "240.0.0.1",
    "255.255.255.255",
    "::",
    "::1",
    "::127.0.0.1",
    "::ffff:127.0.0.1",
    "::ffff:10.0.0.1",
    "::ffff:8.8.8.8",
    "64:ff9b::7f00:1",
    "64:ff9b::a9fe:a9fe",
    "64:ff9b:1::1",
    "100::1",
    "2001::1",
    "2001:0:53aa:64c::1",
    "2001:db8::1",
    "2002:7f00:1::",
    "2002:a00:1::1",
    "3fff::1",
    "fc00::1",
    "fd12:3456::1",
    "fe80::1",
    "fec0::1",
    "ff02::1",
]
OUTSIDE_ADDRESSES = ["8.8.8.8", "1.1.1.1", "172.32.0.1", "100.128.0.1", "2606:4700::1111", "2a00:1450:4001::1"]

REFUSED_URLS = {
    "plain text": "http://desk.example.org/",
    "another scheme": "ftp://desk.example.org/",
    "a file": "file:///etc/passwd",
    "gopher": "gopher://desk.example.org:443/_x",
    "no scheme": "//desk.example.org/",
    "loopback": "https://127.0.0.1/",
    "hexadecimal": "https://0x7f000001/",
    "decimal": "https://2130706433/",
    "octal": "https://0177.0.0.1/",
    "short": "https://127.1/",
    "hexadecimal parts": "https://0x7f.0.0.0x1/",
    "zero": "https://0/",
    "circled digits": "https://①②⑦.⓪.⓪.①/",
    "full-width digits": "https://１２７.０.０.１/",
    "full-width dots": "https://127。0。0。1/",
    "a public number": "https://8.8.8.8/",
    "a dot at the end": "https://127.0.0.1./",
    "IPv6": "https://[::1]/",
    "IPv4 in IPv6": "https://[::ffff:127.0.0.1]/",
    "a zone": "https://[fe80::1%25eth0]/",
    "localhost": "https://localhost/",
    "a name under localhost": "https://desk.localhost/",
    "cloud metadata by name": "https://metadata.google.internal/",
    "a name of this network": "https://printer.local/",
    "a single label": "https://intranet/",
    "capital letters": "https://LOCALHOST/",
    "circled letters": "https://ⓛⓞⓒⓐⓛⓗⓞⓢⓣ/",
    "a user": "https://user@desk.example.org/",
    "a user and a password": "https://user:secret@desk.example.org/",
    "a host as a user": "https://desk.example.org@127.0.0.1/",
    "an empty user": "https://@127.0.0.1/",
    "another port": "https://desk.example.org:8443/",
    "the port of ssh": "https://desk.example.org:22/",
    "port zero": "https://desk.example.org:0/",
    "a port too high": "https://desk.example.org:65536/",
    "a port that is none": "https://desk.example.org:https/",
    "a fragment": "https://desk.example.org/#@127.0.0.1/",
    "a backslash": "https://desk.example.org\\@127.0.0.1/",
    "a line end": "https://desk.example.org/\r\nHost: 127.0.0.1",
    "a tab in the host": "https://local\thost/",
    "a blank": "https://desk.example.org /",
    "a zero byte": "https://desk.example.org\x00.internal/",
    "an escaped dot": "https://127%2e0%2e0%2e1/",
    "an escaped zero byte": "https://desk.example.org%00/",
    "a label too long": f"https://{'a' * 64}.example.org/",
    "an empty label": "https://desk..example.org/",
    "no host": "https:///path",
    "too long": f"https://desk.example.org/{'a' * 2048}",
    "letters beyond ASCII in the path": "https://desk.example.org/é",
}


@pytest.mark.parametrize("address", INSIDE_ADDRESSES)
def test_an_address_of_somebodys_inside_is_not_public(address: str) -> None:
    assert not is_public(ip_address(address))


@pytest.mark.parametrize("address", OUTSIDE_ADDRESSES)
def test_an_address_of_the_open_net_is_public(address: str) -> None:
    assert is_public(ip_address(address))


@pytest.mark.parametrize("url", REFUSED_URLS.values(), ids=REFUSED_URLS.keys())
def test_a_url_that_could_lead_inside_is_refused_without_being_repeated(url: str) -> None:
    with pytest.raises(InvalidInput) as caught:
        RULES.read(url)

    assert [violation.field for violation in caught.value.fields] == ["url"]
    assert "127" not in caught.value.message


@pytest.mark.parametrize(
    ("url", "expected"),
    [
        ("https://desk.example.org", "https://desk.example.org/"),
        ("https://DESK.Example.org:443/Alerts?a=1", "https://desk.example.org/Alerts?a=1"),
        ("https://desk.example.org./", "https://desk.example.org/"),
        ("https://bücher.example/", "https://xn--bcher-kva.example/"),
        ("https://مثال.إختبار/", "https://xn--mgbh0fb.xn--kgbechtv/"),
    ],
)
def test_a_public_url_is_put_together_again_from_what_was_read(url: str, expected: str) -> None:
    assert RULES.read(url).url == expected


def test_one_bad_address_of_a_name_spoils_them_all() -> None:
    good, bad = ip_address("8.8.8.8"), ip_address("10.0.0.1")

    assert RULES.may_connect("desk.example.org", 443, [good])
    assert not RULES.may_connect("desk.example.org", 443, [good, bad])
    assert not RULES.may_connect("desk.example.org", 443, [])


def test_only_a_listed_host_and_port_may_be_inside() -> None:
    rules = EgressRules(allowed=frozenset({"partner.internal:8443"}))

    assert rules.read("https://partner.internal:8443/a").url == "https://partner.internal:8443/a"
    assert rules.may_connect("partner.internal", 8443, [ip_address("10.0.0.1")])
    assert not rules.may_connect("other.example.org", 443, [ip_address("10.0.0.1")])
    with pytest.raises(InvalidInput):
        rules.read("https://partner.internal/")


@given(st.sampled_from(DENIED), st.data())
def test_no_address_of_a_denied_range_is_public(network: object, data: st.DataObject) -> None:
    denied = network
    first, last = int(denied.network_address), int(denied.broadcast_address)  # type: ignore[attr-defined]
    number = data.draw(st.integers(first, last))

    assert not is_public(type(denied.network_address)(number))  # type: ignore[attr-defined]


@given(st.text(max_size=60))
def test_whatever_is_read_is_a_name_of_safe_characters(text: str) -> None:
    try:
        target = RULES.read(f"https://{text}/")
    except InvalidInput:
        return
    assert host_of(target.host) == target.host
    assert target.port == 443
    assert target.url.isascii()
