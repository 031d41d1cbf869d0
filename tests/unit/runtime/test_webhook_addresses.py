"""Where webhooks may go."""

import ipaddress

import pytest
from hypothesis import given
from hypothesis import strategies as st

from contact_runtime.webhooks.addresses import fault_of_url, may_connect, networks_of

INSIDE = [
    "0.0.0.0",
    "10.1.2.3",
    "100.64.0.1",
    "100.100.100.200",
    "127.0.0.1",
    "127.9.9.9",
    "168.63.129.16",
    "169.254.169.254",
    "172.16.0.1",
    "192.0.0.192",
    "192.168.1.1",
    "198.18.0.1",
    "224.0.0.1",
    "240.0.0.1",
    "255.255.255.255",
    "::",
    "::1",
    "::7f00:1",
    "::ffff:127.0.0.1",
    "::ffff:10.0.0.1",
    "::ffff:0:127.0.0.1",
    "64:ff9b::7f00:1",
    "64:ff9b:1::7f00:1",
    "2001:0:1::",
    "2001:db8::1",
    "2002:7f00:1::",
    "fc00::1",
    "fd00:ec2::254",
    "fe80::1",
    "fe80::1%eth0",
    "fec0::1",
    "ff02::1",
]


@pytest.mark.parametrize("address", INSIDE)
def test_no_webhook_goes_to_an_address_inside(address: str) -> None:
    assert not may_connect(address, (), secure=True)


@pytest.mark.parametrize("address", ["8.8.8.8", "93.184.216.34", "2606:4700::1111", "2a02:6b8::1"])
def test_webhooks_go_to_public_addresses_encrypted_only(address: str) -> None:
    assert may_connect(address, (), secure=True)
    assert not may_connect(address, (), secure=False)


@given(st.integers(0, 2**32 - 1).map(ipaddress.IPv4Address))
def test_an_address_within_ipv6_is_what_it_is_without(address: ipaddress.IPv4Address) -> None:
    mapped = f"::ffff:{address}"
    assert may_connect(mapped, (), secure=True) == may_connect(str(address), (), secure=True)


@given(st.ip_addresses(v=4), st.booleans())
def test_what_the_machine_calls_private_is_never_public(
    address: ipaddress.IPv4Address, secure: bool
) -> None:
    if address.is_private or address.is_multicast:
        assert not may_connect(str(address), (), secure=secure)


def test_a_network_that_the_operator_names_is_reached_also_unencrypted() -> None:
    networks = networks_of(" 10.20.0.0/16, fd12::/48 ")
    for address in ("10.20.3.4", "::ffff:10.20.3.4", "fd12::1"):
        assert may_connect(address, networks, secure=False)
    assert not may_connect("10.21.0.1", networks, secure=True)
    assert not may_connect("127.0.0.1", networks, secure=True)


def test_a_network_that_is_none_is_refused() -> None:
    with pytest.raises(ValueError, match=r"10\.0\.0\.1/8"):
        networks_of("10.0.0.1/8")


@pytest.mark.parametrize(
    ("url", "fault"),
    [
        ("https://crm.example/hooks?a=1", None),
        ("https://crm.example:8443/", None),
        ("https://[2001:db8::1]/", None),
        ("http://crm.example/", "does not begin with https://"),
        ("ftp://crm.example/", "does not begin with https://"),
        ("crm.example", "does not begin with https://"),
        ("https:///hooks", "names no host"),
        ("https://crm.example:0/", "names no host"),
        ("https://crm.example:99999/", "is no URL"),
        ("https://[::1/", "is no URL"),
        ("https://anna:secret@crm.example/", "holds a user or a password"),
        ("https://crm.example/#top", "holds a fragment"),
        ("https://црм.example/", "holds characters that are not visible ASCII"),
        ("https://crm.example\\@inside/", "holds characters that are not visible ASCII"),
        ("https://crm.example/a b", "holds characters that are not visible ASCII"),
        (f"https://crm.example/{'a' * 2000}", "is longer than 2000 characters"),
    ],
)
def test_a_url_that_no_webhook_could_go_to_is_refused(url: str, fault: str | None) -> None:
    found = fault_of_url(url, unencrypted=False)
    assert (found is None) if fault is None else (found or "").startswith(fault)


def test_an_unencrypted_url_is_taken_where_the_operator_has_named_networks() -> None:
    assert fault_of_url("http://crm.example/", unencrypted=True) is None
