"""Where a URL leads that a person entered: decided before anything connects (SSRF).

Names are resolved here and whoever connects uses the addresses that were looked at: a name that
leads elsewhere a moment later (DNS rebinding) changes nothing. Redirects are never followed, for
their target was looked at by nobody.
"""

from __future__ import annotations

import socket
from collections.abc import Callable, Collection
from dataclasses import dataclass
from ipaddress import IPv4Address, IPv6Address, ip_address
from typing import Final
from urllib.parse import urlsplit

from mimic.core.errors import MimicError

Address = IPv4Address | IPv6Address
Resolve = Callable[[str], list[str]]
LONGEST: Final = 2_048
_NAT64: Final = 96  # bits before the IPv4 address in 64:ff9b::/96 (RFC 6052)


class RefusedUrl(MimicError):
    """Expected; the text says what is wrong, not what stands at the address."""

    code, status, title = "url.refused", 422, "This URL cannot be used"


@dataclass(frozen=True, slots=True)
class Destination:
    """Connect to one of ``addresses``, with ``host`` as name in TLS and in the Host header."""

    host: str
    port: int
    addresses: tuple[Address, ...]


def resolve_name(host: str) -> list[str]:
    """Every address of a name, as the system knows them. Raises OSError."""
    return sorted({str(found[4][0]) for found in socket.getaddrinfo(host, None)})


def public_destination(
    url: str,
    *,
    schemes: Collection[str] = ("https",),
    ports: Collection[int] = (443,),
    resolve: Resolve = resolve_name,
) -> Destination:
    """For what a stranger may enter: the public Internet alone. Raises :class:`RefusedUrl`."""
    try:
        parts = urlsplit(url)
        host, port = parts.hostname or "", parts.port
    except ValueError:
        raise RefusedUrl("It is no URL.") from None
    if len(url) > LONGEST or any(character <= " " for character in url):
        raise RefusedUrl("It is no URL.")
    if parts.scheme not in schemes or not host or parts.username is not None:
        raise RefusedUrl(f"It must start with {' or '.join(schemes)}:// and a host.")
    port = port or {"https": 443, "http": 80}[parts.scheme]
    if port not in ports:
        raise RefusedUrl("This port is not used.")
    try:
        addresses = tuple(ip_address(found.partition("%")[0]) for found in resolve(host))
    except (OSError, ValueError):
        raise RefusedUrl("Its host is not known.") from None
    if not addresses or not all(map(is_public, addresses)):
        raise RefusedUrl("Its host is not public.")
    return Destination(host, port, addresses)


def is_public(address: Address) -> bool:
    """Whether it is on the Internet, whatever it is wrapped in."""
    return all(each.is_global and not each.is_multicast for each in _unwrapped(address))


def written_address(host: str) -> Address | None:
    """The address that a host is, in any spelling that a system takes (2130706433, 0x7f.1)."""
    try:
        return ip_address(host.partition("%")[0])
    except ValueError:
        pass
    try:
        return IPv4Address(socket.inet_aton(host))
    except OSError:
        return None


def is_nobodys(address: Address) -> bool:
    """No server of anybody's, or a cloud's own one that gives secrets away (169.254.169.254)."""
    return any(
        each.is_link_local or each.is_multicast or each.is_unspecified or each.is_reserved
        for each in _unwrapped(address)
    )


def _unwrapped(address: Address) -> list[Address]:
    """The address and the IPv4 one inside it, if there is one."""
    inner: list[IPv4Address | None] = []
    if isinstance(address, IPv6Address):
        inner = [address.ipv4_mapped, address.sixtofour]
        inner += list(address.teredo or ())
        if int(address) >> (128 - _NAT64) == 0x64FF9B << 64:
            inner.append(IPv4Address(int(address) & 0xFFFFFFFF))
    found = [each for each in inner if each is not None]
    return [*found] if getattr(address, "ipv4_mapped", None) else [address, *found]
