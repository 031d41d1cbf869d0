"""Where a webhook may go: no address inside, unless the operator has named its network.

Inside is everything that is not an ordinary public host: private, loopback, link-local (cloud
metadata), shared, multicast and reserved networks, and IPv6 addresses that carry an IPv4 one.
"""

from collections.abc import Sequence
from ipaddress import (
    IPv4Address,
    IPv4Network,
    IPv6Address,
    IPv6Network,
    ip_address,
    ip_network,
)
from urllib.parse import SplitResult, urlsplit

Address = IPv4Address | IPv6Address
Network = IPv4Network | IPv6Network

LONGEST_URL = 2_000

_PUBLIC_V6 = IPv6Network("2000::/3")
_REFUSED: tuple[Network, ...] = tuple(
    ip_network(network)
    for network in (
        "100.64.0.0/10",  # shared (RFC 6598); Alibaba Cloud's metadata
        "168.63.129.16/32",  # Azure's wire server stands on a public address
        "192.0.0.0/24",  # protocol assignments; Oracle Cloud's metadata
        "192.88.99.0/24",  # 6to4 relays
        "2001::/23",  # protocol assignments; Teredo carries IPv4 addresses
        "2001:db8::/32",
        "2002::/16",  # 6to4 carries IPv4 addresses
        "3fff::/20",
    )
)


def networks_of(text: str) -> tuple[Network, ...]:
    """Return the networks that a setting names, as in `10.20.0.0/16, fd12::/48`.

    Raises:
        ValueError: one of them is no network.
    """
    return tuple(ip_network(part.strip()) for part in text.split(",") if part.strip())


def may_connect(written: str, networks: Sequence[Network], *, secure: bool) -> bool:
    """Return whether a webhook may go to this address; unencrypted only where it is named."""
    address = _plain(ip_address(written.partition("%")[0]))
    if any(address in network for network in networks):
        return True
    return secure and _is_public(address)


def _plain(address: Address) -> Address:
    mapped = address.ipv4_mapped if isinstance(address, IPv6Address) else None
    return mapped or address


def _is_public(address: Address) -> bool:
    if address.is_multicast or address.is_reserved or not address.is_global:
        return False
    if isinstance(address, IPv6Address) and address not in _PUBLIC_V6:
        return False
    return not any(address in network for network in _REFUSED)


def fault_of_url(url: str, *, unencrypted: bool) -> str | None:
    """Return why webhooks cannot go to `url`; None if they can, as far as the URL tells.

    Whether its host is inside is seen when it is connected to, each time anew.
    """
    if len(url) > LONGEST_URL:
        return f"is longer than {LONGEST_URL} characters"
    if not all("!" <= character <= "~" and character != "\\" for character in url):
        return "holds characters that are not visible ASCII; write the host in Punycode"
    try:
        parts = urlsplit(url)
        port = parts.port
    except ValueError:
        return "is no URL"
    return _fault_of_parts(parts, port, unencrypted)


def _fault_of_parts(parts: SplitResult, port: int | None, unencrypted: bool) -> str | None:
    allowed = ("https", "http") if unencrypted else ("https",)
    if parts.scheme not in allowed:
        return f"does not begin with {' or '.join(f'{scheme}://' for scheme in allowed)}"
    if not parts.hostname or port == 0:
        return "names no host"
    if "@" in parts.netloc:
        return "holds a user or a password"
    if parts.fragment:
        return "holds a fragment"
    return None
